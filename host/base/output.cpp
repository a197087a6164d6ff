#include "host/base/output.hpp"

#include <algorithm>
#include <utility>

namespace opshost {

void TailBuffer::feed(std::string_view bytes) {
  bytes_.append(bytes);
  // Cutting at twice the limit moves each byte once on average.
  if (bytes_.size() > limit_ && bytes_.size() - limit_ > std::max(limit_, std::size_t{1U << 16U})) cut_to(limit_);
}

std::string TailBuffer::take() {
  cut_to(limit_);
  return std::exchange(bytes_, {});
}

std::string_view TailBuffer::view() const {
  const std::string_view all(bytes_);
  return all.substr(all.size() - std::min(all.size(), limit_));
}

std::uint64_t TailBuffer::dropped() const { return cut_ + (bytes_.size() > limit_ ? bytes_.size() - limit_ : 0); }

void TailBuffer::cut_to(std::size_t size) {
  if (bytes_.size() <= size) return;
  cut_ += bytes_.size() - size;
  bytes_.erase(0, bytes_.size() - size);
}

void LineSplitter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t room = kMaxLine - partial_.size();
    const std::size_t end = bytes.substr(0, room).find('\n');
    if (end == std::string_view::npos && bytes.size() < room) {
      partial_.append(bytes);
      return;
    }
    const std::size_t size = std::min(end, room);
    partial_.append(bytes.substr(0, size));
    lines_.push_back(std::exchange(partial_, {}));
    bytes.remove_prefix(end == std::string_view::npos ? size : size + 1);
  }
}

void LineSplitter::finish() {
  if (!partial_.empty()) lines_.push_back(std::exchange(partial_, {}));
}

std::optional<std::string> LineSplitter::next() {
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

}  // namespace opshost
