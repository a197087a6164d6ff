#pragma once
// What `opshost check FILE` finds in a script without running it: misspelt modules, functions, options and globals.
//
// It says only what is certain. A name it cannot follow (a parameter, a variable assigned twice, a computed key) is
// left alone, and so is every global of a file that changes its environment by hand (_G, setfenv, module). Syntax
// errors are the loader's to report; a script that has one gets no findings.
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/lua/description.hpp"
#include "host/lua/globals.hpp"

namespace opshost {

struct SourceFinding {
  std::size_t line = 1;
  std::size_t column = 1;    ///< from 1, in characters
  std::string text;          ///< unknown field "timout" of ReadOptions
  std::string suggestion{};  ///< did you mean "timeout"?; may be empty

  /// file:3:12: unknown field "timout" of ReadOptions; did you mean "timeout"?
  [[nodiscard]] std::string located(std::string_view file) const;
};

/// What a script may name.
struct KnownNames {
  std::span<const ModuleInfo> modules{};
  /// Names a module has beside its functions and types: {"ops", {"args", "null"}}.
  std::map<std::string, std::vector<std::string>> module_values{};
  /// True for a module `require` would find though nobody declared it: a file beside the script. Empty: no module is
  /// called unknown.
  std::function<bool(std::string_view)> is_module{};
  std::span<const GlobalInfo> globals = global_names();
  std::span<const RemovedName> removed = removed_names();
};

/// Findings in the order of the source.
std::vector<SourceFinding> check_source(std::string_view source, const KnownNames& known);

}  // namespace opshost
