#include "host/base/decimal.hpp"

#include <algorithm>
#include <limits>
#include <ranges>

namespace opshost {

namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view leading_digits(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::optional<std::uint64_t> scale_whole(std::string_view digits, std::uint64_t unit) {
  std::uint64_t number = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (kMax - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  if (number != 0 && unit > kMax / number) return std::nullopt;
  return number * unit;
}

/// 0.d1d2d3... x unit. From the last digit to the first, floor(floor(a) / 10) being floor(a / 10), only the very last
/// division decides the rounding.
std::uint64_t scale_fraction(std::string_view digits, std::uint64_t unit) {
  std::uint64_t scaled = 0;
  std::uint64_t remainder = 0;
  for (const char digit : std::views::reverse(digits)) {
    const std::uint64_t tenfold = static_cast<std::uint64_t>(digit - '0') * unit + scaled;
    scaled = tenfold / 10;
    remainder = tenfold % 10;
  }
  return remainder >= 5 ? scaled + 1 : scaled;
}

}  // namespace

std::optional<Decimal> read_decimal(std::string_view text) {
  Decimal number;
  number.whole = leading_digits(text);
  if (number.whole.empty()) return std::nullopt;
  const std::string_view rest = text.substr(number.whole.size());
  if (rest.starts_with('.')) {
    number.fraction = leading_digits(rest.substr(1));
    if (number.fraction.empty()) return std::nullopt;
  }
  return number;
}

std::optional<std::uint64_t> scale_decimal(const Decimal& number, std::uint64_t unit) {
  const auto whole = scale_whole(number.whole, unit);
  if (!whole) return std::nullopt;
  const std::uint64_t fraction = scale_fraction(number.fraction, unit);
  if (fraction > kMax - *whole) return std::nullopt;
  return *whole + fraction;
}

}  // namespace opshost
