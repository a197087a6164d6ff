#pragma once
// Amounts of bytes.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace opshost {

/// An amount of bytes. Lua writes it as "70GiB", "1.5MB", "512B" or as bytes (a number).
struct Size {
  std::uint64_t bytes = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

inline constexpr Size operator""_KiB(unsigned long long n) { return {n << 10U}; }
inline constexpr Size operator""_MiB(unsigned long long n) { return {n << 20U}; }
inline constexpr Size operator""_GiB(unsigned long long n) { return {n << 30U}; }

/// Reads "70GiB", "1.5MB", "512B". Binary (KiB, MiB, ...) and decimal (kB, KB, MB, ...) units. nullopt: not a size.
std::optional<Size> parse_size(std::string_view text);

/// The shortest exact spelling parse_size reads back: "1GiB", "1536B".
std::string format_size(Size size);

}  // namespace opshost
