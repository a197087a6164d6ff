#pragma once
#include <string>
#include <string_view>

namespace opshost::http {

/// "Basic bmFtZTpwYXNz" for "name:pass": the value of an Authorization header.
std::string basic_auth(std::string_view user_info);

}  // namespace opshost::http
