#include "host/term/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/secret.hpp"
#include "host/base/write_all.hpp"
#include "host/log/log.hpp"

namespace opshost {

namespace {

/// EIO: the terminal hung up. EBADF: the caller gave us none (`>&-`).
bool means_closed(int error) { return error == EPIPE || error == EIO || error == EBADF || error == ECONNRESET; }

std::string observed(const std::string& name, int error) {
  return means_closed(error) ? name + " was closed" : name + " cannot be written (" + errno_text(error) + ")";
}

}  // namespace

Output::Output(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

void Output::write(std::string_view text) {
  const std::string safe = redact(text);
  const std::lock_guard lock(mutex_);
  if (dropped_) return;
  const int error = write_all(descriptor_, safe);
  if (error == 0) return;
  dropped_ = true;
  log(Level::warn, observed(name_, error) + "; further output is dropped, the run goes on");
}

bool Output::is_dropped() {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

/// Never destroyed: threads may print while the process exits.
Output& standard_output() {
  static Output& instance = *new Output(STDOUT_FILENO, "stdout");
  return instance;
}

}  // namespace opshost
