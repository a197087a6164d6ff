#pragma once
// stdout, which may go away at any time (`opshost run ... | head`) while the run must go on, and whose reader may be
// slow, or stand still for hours (Ctrl-S), while the loop must go on.
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/time.hpp"
#include "host/base/unblocked_descriptor.hpp"

namespace opshost {

class Output {
 public:
  /// `name` is what the warning calls it.
  Output(int descriptor, std::string name);

  /// Writes the text, its secrets blanked, after all that was kept; waits for a slow reader. After the first failure
  /// everything is dropped; that failure is logged as one warning.
  void write(std::string_view text);
  /// The same for opshost's own texts, in which nothing is secret whatever it looks like.
  void write_verbatim(std::string_view text);
  /// The same as write() without waiting: what the reader does not take now is kept, for keep_on() or the next write().
  /// An unfinished line is held back, for release() or the next text, since its end may be the first half of a secret.
  void offer(std::string_view text);
  /// True: a line is held back.
  [[nodiscard]] bool holds_back();
  /// Lets the unfinished line go, but for an end with which a secret begins, and keeps on.
  void release();
  /// Writes of what is kept as much as the reader takes now.
  void keep_on();
  /// Writes all that is kept.
  void flush() { write({}); }
  /// The same, but a reader that takes nothing for so long is not waited for: everything is dropped from then on.
  void flush_within(Duration patience);

  /// How many bytes wait for the reader.
  [[nodiscard]] std::size_t kept();
  /// Writable when keep_on() has something to do; -1 where nothing is ever kept (a file, or no way not to block).
  [[nodiscard]] int descriptor();
  [[nodiscard]] bool is_dropped();

 private:
  /// Of the unfinished text the first bytes, blanked.
  [[nodiscard]] std::string take_unfinished(std::size_t size);
  void handle(int error);
  void write_kept();
  [[nodiscard]] const UnblockedDescriptor& unblocked();

  const int descriptor_;
  const std::string name_;
  std::mutex mutex_;
  bool dropped_ = false;
  std::string unfinished_;  ///< not blanked yet
  std::string kept_;
  std::optional<UnblockedDescriptor> unblocked_;
};

Output& standard_output();

}  // namespace opshost
