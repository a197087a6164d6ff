#include "bindings/ssh/bcrypt_pbkdf.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "bindings/ssh/blowfish.hpp"
#include "bindings/ssh/wire.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kBlock = 32;
constexpr int kExpansions = 64;

std::string sha512(std::string_view bytes) {
  std::string digest(64, '\0');
  unsigned size = 0;
  void* out = digest.data();
  EVP_Digest(bytes.data(), bytes.size(), static_cast<unsigned char*>(out), &size, EVP_sha512(), nullptr);
  return digest;
}

std::string bcrypt_hash(std::string_view pass_digest, std::string_view salt_digest) {
  Blowfish cipher;
  cipher.expand(pass_digest, salt_digest);
  for (int i = 0; i < kExpansions; ++i) {
    cipher.expand(salt_digest);
    cipher.expand(pass_digest);
  }
  WireReader text("OxychromaticBlowfishSwatDynamite");
  std::array<std::uint32_t, kBlock / 4> words{};
  for (auto& word : words) word = text.uint32();
  for (std::size_t i = 0; i < words.size(); i += 2) {
    for (int times = 0; times < kExpansions; ++times) cipher.encrypt(words[i], words[i + 1]);
  }
  std::string hash;
  for (const std::uint32_t word : words) {  // little-endian, unlike all else here
    for (unsigned shift = 0; shift < 32; shift += 8) hash.push_back(static_cast<char>(word >> shift));
  }
  return hash;
}

}  // namespace

std::string bcrypt_pbkdf(std::string_view passphrase, std::string_view salt, std::uint32_t rounds, std::size_t size) {
  if (passphrase.empty() || salt.empty() || rounds == 0 || size == 0) throw std::invalid_argument("bcrypt_pbkdf");
  const std::string pass_digest = sha512(passphrase);
  const std::size_t blocks = (size + kBlock - 1) / kBlock;
  std::string key(size, '\0');
  for (std::size_t block = 1; block <= blocks; ++block) {
    const std::string counter = WireWriter().uint32(static_cast<std::uint32_t>(block)).take();
    std::string round_hash = bcrypt_hash(pass_digest, sha512(std::string(salt) + counter));
    std::string sum = round_hash;
    for (std::uint32_t round = 1; round < rounds; ++round) {
      round_hash = bcrypt_hash(pass_digest, sha512(round_hash));
      for (std::size_t i = 0; i < kBlock; ++i) sum[i] = static_cast<char>(sum[i] ^ round_hash[i]);
    }
    // The key's bytes are dealt out to the blocks in turn.
    for (std::size_t i = 0; i < kBlock; ++i) {
      const std::size_t to = i * blocks + (block - 1);
      if (to < size) key[to] = sum[i];
    }
  }
  return key;
}

}  // namespace opshost::ssh
