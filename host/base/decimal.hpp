#pragma once
// Reading "1.5" exactly: what durations and sizes share.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace opshost {

/// The longest run of "12" or "12.5" at the front of `text`; digits stand on both sides of a point.
struct Decimal {
  std::string_view whole;
  std::string_view fraction;  ///< digits after the point, may be empty
  [[nodiscard]] std::size_t length() const { return whole.size() + (fraction.empty() ? 0 : 1 + fraction.size()); }
};

/// nullopt: `text` does not begin with a digit, or a point stands without digits after it.
std::optional<Decimal> read_decimal(std::string_view text);

/// `number` times `unit`, halves rounded up, without ever passing through a double. nullopt: beyond 64 bits.
/// `unit` is at most 2^60 (an exbibyte), so that no step of the fraction overflows.
std::optional<std::uint64_t> scale_decimal(const Decimal& number, std::uint64_t unit);

}  // namespace opshost
