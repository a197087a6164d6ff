#include "bindings/mysql/times.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

using Microseconds = std::chrono::microseconds;

/// Reads a text from its front; what does not fit makes it bad for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool ended() const { return good_ && rest_.empty(); }
  [[nodiscard]] bool at(char mark) const { return good_ && !rest_.empty() && rest_.front() == mark; }

  bool take(char mark) {
    if (!at(mark)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char mark) { good_ = take(mark) && good_; }

  int number(std::size_t least, std::size_t most, int limit) {
    std::size_t digits = 0;
    while (digits < rest_.size() && digits < most && rest_[digits] >= '0' && rest_[digits] <= '9') ++digits;
    int value = 0;
    std::from_chars(rest_.data(), rest_.data() + digits, value);
    rest_.remove_prefix(digits);
    good_ = good_ && digits >= least && value <= limit;
    return value;
  }

  /// ".5" is 500,000.
  Microseconds fraction() {
    if (!take('.')) return Microseconds(0);
    const auto before = rest_.size();
    int value = number(1, 6, 999'999);
    for (auto digits = before - rest_.size(); digits < 6; ++digits) value *= 10;
    return Microseconds(value);
  }

  Microseconds time_of_day(std::size_t hour_digits, int most_hours) {
    Microseconds time = std::chrono::hours(number(2, hour_digits, most_hours));
    expect(':');
    time += std::chrono::minutes(number(2, 2, 59));
    expect(':');
    time += std::chrono::seconds(number(2, 2, 59));
    return time + fraction();
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

[[noreturn]] void refuse(const std::string& text, const char* what) {
  throw Error("usage.argument", describe(Value(text)) + " is no " + what);
}

Microseconds offset_from(const std::string& text) {
  Reader reader(text);
  const bool west = reader.take('-');
  if (!west) reader.expect('+');
  Microseconds offset = std::chrono::hours(reader.number(2, 2, 14));
  reader.expect(':');
  offset += std::chrono::minutes(reader.number(2, 2, 59));
  if (!reader.ended()) refuse(text, "offset of a time zone as the server writes one: \"+08:00\"");
  return west ? -offset : offset;
}

double seconds_of(Microseconds time) { return static_cast<double>(time.count()) / 1e6; }

}  // namespace

std::optional<double> to_epoch(const std::string& text, const EpochOptions& options) {
  constexpr const char* kWhat = "DATE, DATETIME or TIMESTAMP as the server writes one";
  const Microseconds offset = offset_from(options.utc_offset);
  Reader reader(text);
  const int year = reader.number(4, 4, 9999);
  reader.expect('-');
  const int month = reader.number(2, 2, 12);
  reader.expect('-');
  const int day = reader.number(2, 2, 31);
  Microseconds time(0);
  if (reader.take(' ')) time = reader.time_of_day(2, 23);
  if (!reader.ended()) refuse(text, kWhat);
  if (month == 0 || day == 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) refuse(text, kWhat);
  return seconds_of(std::chrono::sys_days(date).time_since_epoch() + time - offset);
}

std::string from_epoch(double seconds, const EpochOptions& options) {
  constexpr double kFirst = -30'610'224'000;  // the year 1000, from which on a DATETIME is one
  constexpr double kEnd = 253'402'300'800;    // of 9999
  const Microseconds offset = offset_from(options.utc_offset);
  const double shown = seconds + seconds_of(offset);
  // NaN is in no range.
  if (!(shown >= kFirst && shown < kEnd)) {
    throw Error("usage.argument",
                "no DATETIME holds the moment " + describe(Value(seconds)) + ": its years are 1000 to 9999");
  }
  const std::chrono::sys_time<Microseconds> moment(Microseconds(std::llround(seconds * 1e6)) + offset);
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Microseconds> time(moment - day);
  std::string text(32, '\0');
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d",
                                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                                 static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  text.resize(static_cast<std::size_t>(size));
  if (const auto fraction = time.subseconds().count(); fraction != 0) {
    const std::string digits = std::to_string(fraction);
    text += "." + std::string(6 - digits.size(), '0') + digits;
  }
  return text;
}

double to_seconds(const std::string& text) {
  constexpr int kMostHours = 838;
  Reader reader(text);
  const bool negative = reader.take('-');
  const Microseconds time = reader.time_of_day(3, kMostHours);
  if (!reader.ended()) refuse(text, "TIME as the server writes one");
  return seconds_of(negative ? -time : time);
}

}  // namespace opshost::mysql
