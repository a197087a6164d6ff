#include "host/base/unblocked_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "host/base/write_all.hpp"

namespace opshost {

UnblockedDescriptor::UnblockedDescriptor(int descriptor) : given_(descriptor) {
  struct stat info = {};
  if (fstat(descriptor, &info) != 0) return;
  if (S_ISSOCK(info.st_mode)) {
    socket_ = descriptor;
    return;
  }
  // A file opened anew would be written from its beginning; it keeps nobody waiting anyway.
  if (!S_ISFIFO(info.st_mode) && isatty(descriptor) != 1) return;
  const std::string same = "/proc/self/fd/" + std::to_string(descriptor);
  opened_ = Descriptor(open(same.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

int UnblockedDescriptor::write(std::string_view& text) const noexcept {
  if (socket_ >= 0) return send_available(socket_, text);
  if (opened_) return write_available(opened_.get(), text);
  const int error = write_all(given_, text);
  text = {};
  return error;
}

}  // namespace opshost
