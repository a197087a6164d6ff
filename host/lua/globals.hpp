#pragma once
// The names a script finds without `require`: what `opshost check`, editors and luacheck know of Lua itself. It
// describes the machine as it is without --unsafe-lua.
#include <span>
#include <string_view>
#include <vector>

namespace opshost {

struct GlobalInfo {
  std::string_view name;
  std::vector<std::string_view> fields{};  ///< of a library; empty for functions and values
};

/// A name other Luas have and this one has not.
struct RemovedName {
  std::string_view name;     ///< "os.execute", "ffi"
  std::string_view instead;  ///< what a script uses: "local.run, which has a timeout and appears in plans"
};

/// Sorted by name.
std::span<const GlobalInfo> global_names();
std::span<const RemovedName> removed_names();

/// nullptr: no such name was removed.
const RemovedName* find_removed_name(std::string_view name);

}  // namespace opshost
