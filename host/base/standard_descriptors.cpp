#include "host/base/standard_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace opshost {

namespace {

/// Open for reading only, so that a write fails with EBADF. The root folder is there even where /dev is not.
int open_harmless() {
  const int file = ::open("/dev/null", O_RDONLY);
  return file >= 0 ? file : ::open("/", O_RDONLY);
}

}  // namespace

void fill_standard_descriptors() {
  // open() takes the lowest free number: once it is beyond stderr, none of the three is free.
  int file = open_harmless();
  while (file >= 0 && file <= STDERR_FILENO) file = open_harmless();
  if (file > STDERR_FILENO) ::close(file);
}

}  // namespace opshost
