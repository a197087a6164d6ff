#pragma once
// A JSON text on its way to Lua: what a binding's client returns where scripts shall get a server's own document. It
// becomes tables when the call's result is handed to the script, straight from the text.
//
//   Awaitable<json::Document> Container::inspect() { ...; co_return json::Document{.text = body, .target = engine}; }
#include <string>

#include "host/lua/record.hpp"

namespace opshost::json {

enum class Nulls : std::uint8_t {
  keep,  ///< ops.null, as `data` documents have it
  drop,  ///< no field at all, as servers' answers have it; in a list, where positions count, ops.null all the same
};

struct Document {
  std::string text{};
  Nulls nulls = Nulls::drop;
  std::string error_code = "data.syntax";  ///< raised where the text is no JSON
  std::string target{};                    ///< who sent it, for that error
};

}  // namespace opshost::json

namespace opshost {
template <>
struct TypeOf<json::Document> {
  static const Type& get() { return detail::plain_type(Kind::any); }
};
}  // namespace opshost
