#include "host/base/follow_links.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace opshost {

std::optional<std::string> follow_links(const std::string& path) {
  constexpr int kMostLinks = 40;  // as the kernel
  std::string target = path;
  for (int links = 0; links < kMostLinks; ++links) {
    struct stat info = {};
    if (lstat(target.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return target;
    std::string next(PATH_MAX, '\0');
    const auto size = readlink(target.c_str(), next.data(), next.size());
    if (size < 0) return std::nullopt;
    next.resize(static_cast<std::size_t>(size));
    const std::size_t slash = target.rfind('/');
    target = next.starts_with('/') || slash == std::string::npos ? next : target.substr(0, slash + 1) + next;
  }
  errno = ELOOP;
  return std::nullopt;
}

}  // namespace opshost
