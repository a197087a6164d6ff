#include "bindings/ssh/wire.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace opshost::ssh {

WireWriter& WireWriter::byte(std::uint8_t value) {
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

WireWriter& WireWriter::uint32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) byte(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
  return *this;
}

WireWriter& WireWriter::uint64(std::uint64_t value) {
  return uint32(static_cast<std::uint32_t>(value >> 32U)).uint32(static_cast<std::uint32_t>(value));
}

WireWriter& WireWriter::string(std::string_view bytes) {
  uint32(static_cast<std::uint32_t>(bytes.size()));
  bytes_.append(bytes);
  return *this;
}

WireWriter& WireWriter::mpint(std::string_view big_endian) {
  while (!big_endian.empty() && big_endian.front() == '\0') big_endian.remove_prefix(1);
  const bool needs_zero = !big_endian.empty() && (static_cast<unsigned char>(big_endian.front()) & 0x80U) != 0;
  uint32(static_cast<std::uint32_t>(big_endian.size() + (needs_zero ? 1 : 0)));
  if (needs_zero) bytes_.push_back('\0');
  bytes_.append(big_endian);
  return *this;
}

std::string_view WireReader::raw(std::size_t size) {
  if (size > rest_.size()) {
    good_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint8_t WireReader::byte() {
  const std::string_view taken = raw(1);
  return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken.front());
}

std::uint32_t WireReader::uint32() {
  std::uint32_t value = 0;
  for (const char part : raw(4)) value = (value << 8U) | static_cast<std::uint8_t>(part);
  return value;
}

std::uint64_t WireReader::uint64() {
  const std::uint64_t high = uint32();
  return (high << 32U) | uint32();
}

std::string_view WireReader::string() { return raw(uint32()); }

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3), '\0');
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's bytes are unsigned.
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string from_base64(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string bytes(3 * ((text.size() + 3) / 4), '\0');
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL's bytes are unsigned.
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
  if (size < static_cast<int>(padding)) return {};
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string fingerprint(std::string_view public_key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(public_key.data(), public_key.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text = base64(std::string(digest.begin(), digest.begin() + size));
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return "SHA256:" + text;
}

std::string key_type(std::string_view public_key) {
  WireReader reader(public_key);
  const std::string_view type = reader.string();
  const bool plausible = reader.good() && type.size() <= 64 && std::all_of(type.begin(), type.end(), [](char letter) {
                           return letter > ' ' && letter < 0x7f;
                         });
  return plausible ? std::string(type) : std::string();
}

}  // namespace opshost::ssh
