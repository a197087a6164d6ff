#pragma once
// The encodings of RFC 4251: what keys, signatures, the agent and SFTP are written in.
#include <cstdint>
#include <string>
#include <string_view>

namespace opshost::ssh {

class WireWriter {
 public:
  WireWriter& byte(std::uint8_t value);
  WireWriter& uint32(std::uint32_t value);
  WireWriter& uint64(std::uint64_t value);
  /// Length and bytes.
  WireWriter& string(std::string_view bytes);
  /// A string that is a non-negative number: without leading zeros, and with one where the first bit is set.
  WireWriter& mpint(std::string_view big_endian);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reading past the end gives zeros and empty strings, and `good()` says so afterwards.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte();
  std::uint32_t uint32();
  std::uint64_t uint64();
  std::string_view string();
  std::string_view raw(std::size_t size);
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

/// "SHA256:...", as ssh-keygen -l shows a public key.
std::string fingerprint(std::string_view public_key);
/// The type a public key names: "ssh-ed25519"; empty where it is none.
std::string key_type(std::string_view public_key);

std::string base64(std::string_view bytes);
/// Empty where the text is no base64.
std::string from_base64(std::string_view text);

}  // namespace opshost::ssh
