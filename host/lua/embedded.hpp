#pragma once
// The Lua files built into the binary: stdlib/ and scripts/, as they were when it was built.
#include <span>
#include <string_view>

namespace opshost {

struct EmbeddedFile {
  std::string_view path;  ///< from the project's root: "stdlib/ops.lua"
  std::string_view text;
};

/// Sorted by path, for the whole life of the process.
std::span<const EmbeddedFile> embedded_files();

}  // namespace opshost
