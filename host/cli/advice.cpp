#include "host/cli/advice.hpp"

#include "host/lua/globals.hpp"

namespace opshost::cli {

namespace {

/// `attempt to call field 'popen' (a nil value)` -> popen. Empty: it is another kind of error.
std::string_view nil_that_was_used(std::string_view message) {
  constexpr std::string_view kEnd = "' (a nil value)";
  if (message.find("attempt to ") == std::string_view::npos || !message.ends_with(kEnd)) return {};
  message.remove_suffix(kEnd.size());
  const auto quote = message.rfind('\'');
  return quote == std::string_view::npos ? std::string_view() : message.substr(quote + 1);
}

/// Lua's libraries answer nil for what they lack, since portable code probes for it; its message names the field alone.
std::string advice_about_removed(std::string_view field) {
  if (field.empty()) return {};
  for (const auto& removed : removed_names()) {
    const auto dot = removed.name.find('.');
    if (dot == std::string_view::npos || removed.name.substr(dot + 1) != field) continue;
    return "scripts have no " + std::string(removed.name) + "; use " + std::string(removed.instead);
  }
  return {};
}

}  // namespace

std::string advice_for(const Error& error, Runtime& runtime) {
  // What all items of a fan-out failed with helps more than where to look for it.
  if (error.code() == "group.failed" && error.cause() != nullptr) return advice_for(*error.cause(), runtime);
  if (auto advice = advice_about_removed(nil_that_was_used(error.message())); !advice.empty()) return advice;
  runtime.vm().find_module("ops");  // it declares the errors every script can meet
  for (const auto* module : runtime.vm().declared()) {
    for (const auto& declared : module->errors) {
      if (declared.code == error.code()) return declared.advice;
    }
  }
  return {};
}

}  // namespace opshost::cli
