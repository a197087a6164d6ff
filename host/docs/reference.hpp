#pragma once
// The Markdown reference: docs/reference/, generated and committed.
#include <string>
#include <vector>

#include "host/docs/catalog.hpp"
#include "host/docs/stubs.hpp"

namespace opshost::docs {

/// index.md, one page a module (local.md), errors.md and exit-codes.md.
std::vector<GeneratedFile> reference_files(const Catalog& catalog);

std::string index_reference(const Catalog& catalog);
std::string module_reference(const Catalog& catalog, const ModuleInfo& module);
std::string error_reference(const Catalog& catalog);
std::string exit_code_reference();

}  // namespace opshost::docs
