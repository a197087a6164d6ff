#include "host/base/sync_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "host/base/descriptor.hpp"

namespace opshost {

int sync_folder(const std::string& path) noexcept {
  const Descriptor folder(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return errno == EACCES ? 0 : errno;
  return ::fsync(folder.get()) == 0 || errno == EINVAL ? 0 : errno;
}

}  // namespace opshost
