#pragma once
// What speaks of some words: for who does not know yet what it is called.
#include <span>
#include <string>
#include <vector>

#include "host/docs/catalog.hpp"
#include "host/docs/text.hpp"

namespace opshost::docs {

/// Topics, functions, types and errors in whose name or description each of the words stands, or begins one;
/// capitals do not count. Topics first, then module by module, then errors.
std::vector<Page::Row> search(const Catalog& catalog, std::span<const std::string> words);

}  // namespace opshost::docs
