#pragma once
// What becomes of a stream of output: its end is kept, its lines are handed out.
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace opshost {

/// Keeps the last `limit` bytes of what it is fed.
class TailBuffer {
 public:
  explicit TailBuffer(std::size_t limit) : limit_(limit) {}

  void feed(std::string_view bytes);
  /// What is kept; leaves nothing behind.
  [[nodiscard]] std::string take();
  [[nodiscard]] std::string_view view() const;
  /// Bytes from the front that are gone.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  void cut_to(std::size_t size);

  std::size_t limit_;
  std::string bytes_;
  std::uint64_t cut_ = 0;
};

/// Cuts output into lines, without their "\n". A line longer than kMaxLine comes in pieces.
class LineSplitter {
 public:
  static constexpr std::size_t kMaxLine = 1U << 20U;

  void feed(std::string_view bytes);
  /// No more is coming: what stands after the last "\n" is a line too.
  void finish();
  [[nodiscard]] bool has_line() const { return !lines_.empty(); }
  std::optional<std::string> next();

 private:
  std::string partial_;
  std::deque<std::string> lines_;
};

}  // namespace opshost
