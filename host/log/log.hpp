#pragma once
// The log: lines for a person on stderr, JSON lines in a file. Secrets are blanked in every one of them.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opshost {

enum class Level : std::uint8_t { debug, info, warn, error };

/// Named details of a message: {{"host", "web-1"}, {"took", "1.25s"}}.
using LogFields = std::vector<std::pair<std::string_view, std::string>>;

/// Shows messages from `least` on, on stderr; coloured when that is a terminal that wants it (term/color.hpp). Before
/// the first call warnings and errors are shown.
void log_to_stderr(Level least);

/// Appends every message as a line of JSON to `path`, created with mode 0600. Throws Error("log.not_writable").
void log_to_file(const std::string& path, Level least = Level::debug);

/// From any thread. Never throws and never waits for more than the write itself; where a sink cannot write (a full
/// disk, a closed stderr) its lines are lost and the run goes on.
void log(Level level, std::string_view text, const LogFields& fields = {}) noexcept;

/// To the file alone: what a person has been told in another way.
void log_in_file(Level level, std::string_view text, const LogFields& fields = {}) noexcept;

/// False where log() would drop a message of this level: spares building a costly text.
bool is_logged(Level level) noexcept;

}  // namespace opshost
