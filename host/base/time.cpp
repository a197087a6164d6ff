#include "host/base/time.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "host/base/decimal.hpp"

namespace opshost {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;
/// Largest first: "1h30m" names them in this order.
constexpr std::array<Unit, 7> kUnits{
    {{"d", kDay}, {"h", kHour}, {"m", kMinute}, {"s", kSecond}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};
constexpr std::size_t kFirstSubsecond = 4;

constexpr auto kMaxNanoseconds = static_cast<std::uint64_t>(Duration::max().count());

std::string_view leading_letters(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= 'a' && text[length] <= 'z') ++length;
  return text.substr(0, length);
}

/// The position in kUnits; kUnits.size() for a word that is none.
std::size_t unit_index(std::string_view name) {
  std::size_t index = 0;
  while (index < kUnits.size() && kUnits[index].name != name) ++index;
  return index;
}

/// Also right for Duration::min(), whose negation does not fit.
std::uint64_t magnitude(Duration duration) {
  const auto bits = static_cast<std::uint64_t>(duration.count());
  return duration.count() < 0 ? std::uint64_t{0} - bits : bits;
}

/// "1.5" for 1'500 of 1'000: exact, without trailing zeros. `unit` is a power of ten.
std::string exact_decimal(std::uint64_t value, std::uint64_t unit) {
  std::string text = std::to_string(value / unit);
  const std::uint64_t rest = value % unit;
  if (rest == 0) return text;
  std::string digits = std::to_string(unit + rest);  // the leading 1 keeps the zeros behind it
  while (digits.back() == '0') digits.pop_back();
  digits.front() = '.';
  return text + digits;
}

std::string format_magnitude(std::uint64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  if (nanoseconds < kSecond) {
    std::size_t index = kFirstSubsecond;
    while (nanoseconds < kUnits[index].nanoseconds) ++index;
    return exact_decimal(nanoseconds, kUnits[index].nanoseconds).append(kUnits[index].name);
  }
  std::string text;
  for (const Unit& unit : {kUnits[0], kUnits[1], kUnits[2]}) {
    const std::uint64_t count = nanoseconds / unit.nanoseconds;
    nanoseconds %= unit.nanoseconds;
    if (count != 0) text.append(std::to_string(count)).append(unit.name);
  }
  if (nanoseconds != 0) text.append(exact_decimal(nanoseconds, kSecond)).append("s");
  return text;
}

std::uint64_t round_to(std::uint64_t value, std::uint64_t step) { return (value + step / 2) / step * step; }

/// Below a minute: three significant digits of one unit.
std::string humanize_short(std::uint64_t nanoseconds, std::size_t index) {
  const std::uint64_t unit = kUnits[index].nanoseconds;
  std::uint64_t step = unit;
  if (nanoseconds < 100 * unit) step = unit / 10;
  if (nanoseconds < 10 * unit) step = unit / 100;
  if (step == 0) step = 1;
  return format_magnitude(round_to(nanoseconds, step));
}

/// From a minute on: the largest unit and the one below it. What rounds up to an hour or a day is one already.
std::string humanize_magnitude(std::uint64_t nanoseconds) {
  if (nanoseconds >= kDay - kMinute / 2) return format_magnitude(round_to(nanoseconds, kHour));
  if (nanoseconds >= kHour - kSecond / 2) return format_magnitude(round_to(nanoseconds, kMinute));
  if (nanoseconds >= kMinute) return format_magnitude(round_to(nanoseconds, kSecond));
  for (std::size_t index = kFirstSubsecond - 1; index < kUnits.size(); ++index) {
    if (nanoseconds >= kUnits[index].nanoseconds) return humanize_short(nanoseconds, index);
  }
  return "0s";
}

std::string with_sign(Duration duration, std::string text) {
  return duration.count() < 0 ? "-" + std::move(text) : text;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto number = read_decimal(text);
    if (!number) return std::nullopt;
    text.remove_prefix(number->length());
    const std::string_view name = leading_letters(text);
    text.remove_prefix(name.size());
    const std::size_t unit = unit_index(name);
    if (unit < next_unit || unit == kUnits.size()) return std::nullopt;
    // A fraction ends the text ("1.5h30m" is a slip of the pen), and there is nothing below a nanosecond.
    if (!number->fraction.empty() && (!text.empty() || kUnits[unit].nanoseconds == 1)) return std::nullopt;
    next_unit = unit + 1;
    const auto nanoseconds = scale_decimal(*number, kUnits[unit].nanoseconds);
    if (!nanoseconds || *nanoseconds > kMaxNanoseconds - total) return std::nullopt;
    total += *nanoseconds;
  }
  return Duration(static_cast<std::int64_t>(total));
}

std::optional<Duration> seconds_to_duration(double seconds) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  constexpr std::int64_t kMaxSeconds = std::numeric_limits<std::int64_t>::max() / kPerSecond;
  if (!(seconds >= 0) || seconds >= static_cast<double>(kMaxSeconds + 1)) return std::nullopt;  // NaN fails the first
  // Apart, so that the fraction keeps its nanoseconds where the product would not.
  const double whole = std::floor(seconds);
  const std::int64_t fraction = std::llround((seconds - whole) * static_cast<double>(kPerSecond));
  const std::int64_t whole_nanoseconds = static_cast<std::int64_t>(whole) * kPerSecond;
  if (fraction > std::numeric_limits<std::int64_t>::max() - whole_nanoseconds) return std::nullopt;
  return Duration(whole_nanoseconds + fraction);
}

std::string format_duration(Duration duration) { return with_sign(duration, format_magnitude(magnitude(duration))); }

std::string humanize_duration(Duration duration) {
  return with_sign(duration, humanize_magnitude(magnitude(duration)));
}

}  // namespace opshost
