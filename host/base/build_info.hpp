#pragma once
// Which opshost this is. The values come from the build (cmake/BuildInfo.cmake).
#include <string_view>

namespace opshost {

struct BuildInfo {
  std::string_view version;   ///< "0.1.0"
  std::string_view commit;    ///< "3c887c4", "3c887c4-dirty" with changes on top; empty outside of a git checkout
  std::string_view compiler;  ///< "GNU 12.2.0"
  std::string_view linkage;   ///< "static" or "shared"
  /// The Debian packages whose libraries are in it, or that it was built against: "libssh2-1-dev 1.10.0-3+b1, ...";
  /// empty where another system built it.
  std::string_view libraries;
};

const BuildInfo& build_info();

}  // namespace opshost
