#pragma once
// Durations and points in time as every layer of opshost speaks of them.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace opshost {

/// A length of time. Lua writes it as "30s", "1m30s", "250ms" or as seconds (a number).
using Duration = std::chrono::nanoseconds;

/// The one clock deadlines are measured by: monotonic, so a stepped wall clock moves no deadline.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

inline constexpr TimePoint kNoDeadline = TimePoint::max();

/// Reads "30s", "1h30m", "250ms", "0.5s", "2d", "90" is refused (a bare number is a Lua number).
/// nullopt: not a duration, negative, or longer than 292 years.
std::optional<Duration> parse_duration(std::string_view text);

/// Seconds to a Duration; nullopt for NaN, negative or beyond the range.
std::optional<Duration> seconds_to_duration(double seconds);

/// The shortest exact spelling parse_duration reads back: "1m30s", "250ms", "0s".
std::string format_duration(Duration duration);

/// For people: at most two units and three digits, "1.25s", "3m20s".
std::string humanize_duration(Duration duration);

}  // namespace opshost
