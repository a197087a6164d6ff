#pragma once
// One page of help each; help.cpp picks which.
#include "host/docs/catalog.hpp"
#include "host/docs/text.hpp"

namespace opshost::docs {

void start_page(const Catalog& catalog, Page& page);
void module_page(const Catalog& catalog, const ModuleInfo& module, Page& page);
void function_page(const Catalog& catalog, const FunctionInfo& function, Page& page);
void type_page(const Catalog& catalog, const Type& type, Page& page);
void error_page(const Catalog& catalog, const ErrorInfo& error, Page& page);
/// Codes that begin with `prefix` and a point; all of them for an empty prefix.
void error_list(const Catalog& catalog, std::string_view prefix, Page& page);
void topic_page(const Topic& topic, Page& page);

}  // namespace opshost::docs
