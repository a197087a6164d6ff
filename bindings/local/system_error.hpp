#pragma once
// What the operating system refused, as an Error a person can act on.
#include <cstdint>
#include <string>

#include "host/base/error.hpp"
#include "host/base/output_text.hpp"
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

}  // namespace opshost::local
