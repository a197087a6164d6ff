#include "bindings/docker/multiplex.hpp"

#include <algorithm>

#include "bindings/docker/errors.hpp"
#include "host/base/output_text.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::docker {

namespace {
constexpr std::size_t kHeader = 8;
/// The engine's own complaint, which it puts beside the two outputs.
constexpr unsigned char kEngineError = 3;
/// Of such a complaint; the rest is left out.
constexpr std::size_t kMostWords = 1000;
}  // namespace

void Demultiplexer::feed(std::string_view bytes, const Sink& sink) {
  if (plain_) return sink(Output::standard, bytes);
  while (!bytes.empty()) {
    if (left_ == 0) {
      const std::size_t count = std::min(bytes.size(), kHeader - header_.size());
      header_.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      if (header_.size() == kHeader) begin_piece();
      continue;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_));
    if (complains_) {
      words_.append(bytes.substr(0, std::min(count, kMostWords - words_.size())));
    } else {
      sink(output_, bytes.substr(0, count));
    }
    left_ -= count;
    bytes.remove_prefix(count);
    if (complains_ && left_ == 0) throw complaint();
  }
}

Error Demultiplexer::complaint() const {
  std::string words = words_;
  while (words.ends_with('\n')) words.pop_back();
  const EngineRefusal detail{.status = 0, .message = words, .request = "the output of a container"};
  return Error("docker.server", "in the middle of the output the engine says: " +
                                    (words.empty() ? "nothing" : one_line(words, kMostWords)))
      .with(value_of(detail));
}

void Demultiplexer::begin_piece() {
  const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(header_[i]); };
  const bool padded = byte(1) == 0 && byte(2) == 0 && byte(3) == 0;
  if (byte(0) > kEngineError || !padded) {
    throw Error("docker.protocol", "the output of the container came in a form that is none of the engine's");
  }
  output_ = byte(0) == 2 ? Output::errors : Output::standard;
  complains_ = byte(0) == kEngineError;
  left_ = 0;
  for (std::size_t i = 4; i < kHeader; ++i) left_ = (left_ << 8U) | byte(i);
  header_.clear();
  if (complains_ && left_ == 0) throw complaint();
}

}  // namespace opshost::docker
