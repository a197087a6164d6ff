#pragma once
// A small module as a binding would declare it, for the generators' tests.
#include <span>

#include "host/docs/catalog.hpp"
#include "host/lua/description.hpp"

namespace opshost::docs::sample {

/// "machine": read, run, wait_idle, open; a handle Job; records, a choice and errors. Lives as long as the process.
std::span<const ModuleInfo> modules();

/// Errors any call may raise.
std::span<const ErrorInfo> common_errors();

/// Both of them.
const Catalog& catalog();

}  // namespace opshost::docs::sample
