#pragma once
// What a server or the library answers, as an Error a person can act on.
#include <string>
#include <utility>

#include "host/base/error.hpp"

namespace opshost::zk {

/// A request for messages: "set \"/app/config\"".
struct Asked {
  // No aggregate: g++ 12 destroys one made among the arguments of a coroutine twice.
  Asked(const char* verb, std::string path) : verb(verb), path(std::move(path)) {}
  const char* verb;  ///< "get", "create"
  std::string path;  ///< as the script wrote it
};
std::string text_of(const Asked& asked);

/// The answer of a server that is no success. Codes are listed in module.cpp.
Error answer_error(int code, const Asked& asked);

/// True where the answer says nothing about the request: the connection or the session ended under it.
bool is_lost(int code);

}  // namespace opshost::zk
