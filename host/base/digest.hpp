#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace opshost {

/// SHA-256 as lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// CRC-32C (Castagnoli).
std::uint32_t crc32c(std::string_view bytes);

/// Lower-case hexadecimal digits, two a byte.
std::string to_hex(std::string_view bytes);
/// The reverse; empty where the digits are none.
std::string from_hex(std::string_view digits);

}  // namespace opshost
