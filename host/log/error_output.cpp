#include "host/log/error_output.hpp"

#include <unistd.h>

#include <system_error>
#include <thread>
#include <utility>

#include "host/base/signals_held.hpp"
#include "host/base/unblocked_descriptor.hpp"
#include "host/base/write_all.hpp"

namespace opshost {

void ErrorOutput::write(std::string_view text) {
  const std::lock_guard lock(mutex_);
  // What cannot be written at all has nobody left to be told.
  if (kept_.empty() && !bringing_ && UnblockedDescriptor(descriptor_).write(text) != 0) return;
  if (!text.empty()) keep(text);
}

void ErrorOutput::keep(std::string_view text) {
  if (kept_.size() + text.size() > kMostKept) {
    ++lost_;
    return;
  }
  kept_ += text;
  if (bringing_) return;
  try {
    const SignalsHeld held;
    std::thread([this] { bring(); }).detach();
    bringing_ = true;
  } catch (const std::system_error&) {
    // No thread to be had: the next message brings this one along.
  }
}

void ErrorOutput::bring() {
  std::unique_lock lock(mutex_);
  while (!kept_.empty()) {
    const std::string text = std::exchange(kept_, {});
    lock.unlock();
    write_all(descriptor_, text);
    lock.lock();
    // Behind what there was room for: those came before.
    if (lost_ > 0) {
      kept_ += "opshost: " + std::to_string(std::exchange(lost_, 0)) + " messages are lost: nobody read them\n";
    }
  }
  bringing_ = false;
  brought_.notify_all();
}

ErrorOutput::~ErrorOutput() { flush(); }

void ErrorOutput::flush() {
  std::unique_lock lock(mutex_);
  brought_.wait(lock, [this] { return !bringing_; });
}

void ErrorOutput::flush_within(Duration patience) {
  std::unique_lock lock(mutex_);
  brought_.wait_for(lock, patience, [this] { return !bringing_; });
}

/// Never destroyed: threads may write while the process exits.
ErrorOutput& standard_error() {
  static ErrorOutput& instance = *new ErrorOutput(STDERR_FILENO);
  return instance;
}

}  // namespace opshost
