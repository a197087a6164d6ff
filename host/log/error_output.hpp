#pragma once
// stderr, whose reader may be slow or stand still (`2>&1 | less`) while the run must go on: no message keeps its writer
// waiting.
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "host/base/time.hpp"

namespace opshost {

class ErrorOutput {
 public:
  explicit ErrorOutput(int descriptor) : descriptor_(descriptor) {}
  /// Waits until the reader has taken all, or is gone.
  ~ErrorOutput();
  ErrorOutput(const ErrorOutput&) = delete;
  ErrorOutput& operator=(const ErrorOutput&) = delete;

  /// Writes what the reader takes now; a thread, which ends when it has, brings it the rest. Where more than kMostKept
  /// waits already the text is lost, and the reader is told how many were. From any thread.
  void write(std::string_view text);
  /// Waits until the reader has taken all.
  void flush();
  /// The same, but not longer than this.
  void flush_within(Duration patience);

  static constexpr std::size_t kMostKept = std::size_t{1} << 20U;

 private:
  void keep(std::string_view text);
  void bring();

  const int descriptor_;
  std::mutex mutex_;
  std::condition_variable brought_;
  std::string kept_;
  std::size_t lost_ = 0;
  bool bringing_ = false;
};

ErrorOutput& standard_error();

}  // namespace opshost
