#pragma once
// What the operating system refused, as an Error a person can act on.
#include <cstdint>
#include <string>

#include "host/base/error.hpp"
#include "host/lua/record.hpp"

namespace opshost::local {

struct SystemFailure {
  std::string operation;
  std::string path;
  std::int64_t number = 0;
  std::string name;
};
OPSHOST_RECORD(SystemFailure, "What the operating system refused",
               (operation, "what was asked of it: \"open\", \"rename\", \"start\""),
               (path, "the file or program it was about"), (number, "its error number", named("errno")),
               (name, "the error number's name: \"ENOENT\""))

/// `message`: who and what; the system's own words and what to do about it are added. Code "local.system".
Error system_error(const std::string& operation, const std::string& path, int number, const std::string& message);

/// The same detail under another code and a message that is already whole.
Error refusal(const std::string& code, const std::string& operation, const std::string& path, int number,
              std::string message);

/// Text from outside in one line that is safe for a terminal, at most `limit` bytes and "..." of it.
std::string one_line(std::string_view text, std::size_t limit);

}  // namespace opshost::local
