#pragma once
// DATE, DATETIME, TIMESTAMP and TIME as the server writes them, and as numbers.
#include <cstdint>
#include <optional>
#include <string>

#include "host/lua/record.hpp"

namespace opshost::mysql {

struct EpochOptions {
  std::string utc_offset = "+00:00";
};
OPSHOST_RECORD(EpochOptions, "Whose clock a text is of",
               (utc_offset, "of its time zone; a TIMESTAMP is in that of the session, @@time_zone"))

/// "2024-02-29", "2024-02-29 12:00:00.5" as seconds since 1970; nullopt for the zero date and one with a month or day
/// 0. Throws usage.argument for what is neither.
std::optional<double> to_epoch(const std::string& text, const EpochOptions& options);

/// The DATETIME of that moment, microseconds where there are any. Throws usage.argument beyond the years 1000 to 9999.
std::string from_epoch(double seconds, const EpochOptions& options);

/// A TIME, "-838:59:59.5", as seconds. Throws usage.argument for what is none.
double to_seconds(const std::string& text);

}  // namespace opshost::mysql
