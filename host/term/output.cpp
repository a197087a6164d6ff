#include "host/term/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "host/base/error.hpp"
#include "host/base/secret.hpp"
#include "host/base/secret_registry.hpp"
#include "host/base/write_all.hpp"
#include "host/log/log.hpp"

namespace opshost {

namespace {

/// EIO: the terminal hung up. EBADF: the caller gave us none (`>&-`).
bool means_closed(int error) { return error == EPIPE || error == EIO || error == EBADF || error == ECONNRESET; }

std::string observed(const std::string& name, int error) {
  return means_closed(error) ? name + " was closed" : name + " cannot be written (" + errno_text(error) + ")";
}

bool is_taken_within(int descriptor, Duration patience) {
  pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return poll(&wanted, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(patience).count())) > 0;
}

}  // namespace

Output::Output(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

void Output::write(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (dropped_) return;
  unfinished_ += text;
  const std::string safe = take_unfinished(unfinished_.size());
  handle(write_all(descriptor_, std::exchange(kept_, {})));
  if (!dropped_) handle(write_all(descriptor_, safe));
}

void Output::write_verbatim(std::string_view text) {
  write({});
  const std::lock_guard lock(mutex_);
  if (!dropped_) handle(write_all(descriptor_, text));
}

void Output::offer(std::string_view text) {
  constexpr std::size_t kLongestHeld = std::size_t{1} << 16U;
  const std::lock_guard lock(mutex_);
  if (dropped_) return;
  unfinished_ += text;
  // Where there are no secrets yet, there is none to be halved.
  std::size_t whole = has_secrets() ? unfinished_.rfind('\n') + 1 : unfinished_.size();
  if (unfinished_.size() - whole > kLongestHeld) whole = unfinished_.size();
  kept_ += take_unfinished(whole);
  write_kept();
}

bool Output::holds_back() {
  const std::lock_guard lock(mutex_);
  return !unfinished_.empty();
}

void Output::release() {
  const std::lock_guard lock(mutex_);
  if (dropped_) return;
  kept_ += take_unfinished(unfinished_.size() - begun_secret_at_end(unfinished_));
  write_kept();
}

std::string Output::take_unfinished(std::size_t size) {
  std::string safe = redact(std::string_view(unfinished_).substr(0, size));
  unfinished_.erase(0, size);
  return safe;
}

void Output::keep_on() {
  const std::lock_guard lock(mutex_);
  if (!dropped_) write_kept();
}

void Output::flush_within(Duration patience) {
  const std::lock_guard lock(mutex_);
  kept_ += take_unfinished(unfinished_.size());
  while (!kept_.empty() && is_taken_within(unblocked().to_wait_for(), patience)) write_kept();
  if (kept_.empty()) return;
  log(Level::warn, "the reader of " + name_ + " takes nothing; " + std::to_string(kept_.size()) + " bytes are dropped");
  dropped_ = true;
  kept_.clear();
}

std::size_t Output::kept() {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

int Output::descriptor() {
  const std::lock_guard lock(mutex_);
  return unblocked().to_wait_for();
}

void Output::write_kept() {
  std::string_view rest = kept_;
  const int error = unblocked().write(rest);
  kept_.erase(0, kept_.size() - rest.size());
  handle(error);
}

void Output::handle(int error) {
  if (error == 0) return;
  dropped_ = true;
  unfinished_.clear();
  kept_.clear();
  log(Level::warn, observed(name_, error) + "; further output is dropped, the run goes on");
}

const UnblockedDescriptor& Output::unblocked() {
  if (!unblocked_) unblocked_.emplace(descriptor_);
  return *unblocked_;
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
