#pragma once
// A way to a pipe, terminal or socket that never keeps its writer waiting. The descriptor we were given shares its
// blocking mode with other processes, so that is left as it is.
#include <string_view>

#include "host/base/descriptor.hpp"

namespace opshost {

class UnblockedDescriptor {
 public:
  /// Does not own `descriptor`, and must not outlive it.
  explicit UnblockedDescriptor(int descriptor);

  /// Writable when there is something to do; -1 where writing waits for no reader (a file), or may have to: a terminal
  /// that we may not open.
  [[nodiscard]] int to_wait_for() const { return socket_ >= 0 ? socket_ : opened_.get(); }
  /// Takes from `text` what the other side took at once; of a file, all. Returns 0, or the errno of the write that
  /// failed. Never raises SIGPIPE.
  int write(std::string_view& text) const noexcept;

 private:
  int given_;
  int socket_ = -1;
  Descriptor opened_;
};

}  // namespace opshost
