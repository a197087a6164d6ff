#include "bindings/ssh/blowfish.hpp"

#include <utility>

namespace opshost::ssh {

namespace {

/// The bytes as big-endian words, over and over.
class Words {
 public:
  explicit Words(std::string_view bytes) : bytes_(bytes) {}
  std::uint32_t next() {
    std::uint32_t word = 0;
    for (int i = 0; i < 4; ++i) {
      word = (word << 8U) | static_cast<std::uint8_t>(bytes_[at_]);
      at_ = (at_ + 1) % bytes_.size();
    }
    return word;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace

std::uint32_t Blowfish::round(std::uint32_t half) const {
  const std::uint32_t* boxes = words_.data() + kBlowfishRounds + 2;
  const std::uint32_t first = boxes[half >> 24U] + boxes[256 + ((half >> 16U) & 0xffU)];
  return (first ^ boxes[512 + ((half >> 8U) & 0xffU)]) + boxes[768 + (half & 0xffU)];
}

void Blowfish::encrypt(std::uint32_t& left, std::uint32_t& right) const {
  for (std::size_t i = 0; i < kBlowfishRounds; ++i) {
    left ^= words_[i];
    right ^= round(left);
    std::swap(left, right);
  }
  std::swap(left, right);
  right ^= words_[kBlowfishRounds];
  left ^= words_[kBlowfishRounds + 1];
}

void Blowfish::expand(std::string_view key, std::string_view salt) {
  Words key_words(key);
  for (std::size_t i = 0; i < kBlowfishRounds + 2; ++i) words_[i] ^= key_words.next();
  Words salt_words(salt);
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  for (std::size_t i = 0; i < kBlowfishWords; i += 2) {
    if (!salt.empty()) {
      left ^= salt_words.next();
      right ^= salt_words.next();
    }
    encrypt(left, right);
    words_[i] = left;
    words_[i + 1] = right;
  }
}

}  // namespace opshost::ssh
