#pragma once
// Which opshost this is. The values come from the build (cmake/BuildInfo.cmake).
#include <string_view>

namespace opshost {

struct BuildInfo {
  std::string_view version;   ///< "0.1.0"
  std::string_view commit;    ///< "3c887c4", "3c887c4-dirty" with changes on top; empty outside of a git checkout
  std::string_view compiler;  ///< "GNU 12.2.0"
  std::string_view linkage;   ///< "static" or "shared"
};

const BuildInfo& build_info();

}  // namespace opshost
