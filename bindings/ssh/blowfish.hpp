#pragma once
// Blowfish with the expensive key schedule of bcrypt. OpenSSL has the cipher, but not that schedule.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace opshost::ssh {

inline constexpr std::size_t kBlowfishRounds = 16;
inline constexpr std::size_t kBlowfishBoxes = 4 * 256;
inline constexpr std::size_t kBlowfishWords = kBlowfishRounds + 2 + kBlowfishBoxes;

/// The first 1042 words of the fraction of pi: where the cipher's keys begin.
extern const std::array<std::uint32_t, kBlowfishWords> kFractionOfPi;

class Blowfish {
 public:
  Blowfish() : words_(kFractionOfPi) {}

  /// Mixes the key in, and the salt where there is one.
  void expand(std::string_view key, std::string_view salt = {});
  void encrypt(std::uint32_t& left, std::uint32_t& right) const;

 private:
  [[nodiscard]] std::uint32_t round(std::uint32_t half) const;

  std::array<std::uint32_t, kBlowfishWords> words_;
};

}  // namespace opshost::ssh
