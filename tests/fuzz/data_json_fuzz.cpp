// data.from_json and data.to_json: what is read is written, and reads back as the same text.
#include <lua.hpp>
#include <optional>

#include "host/base/error.hpp"
#include "host/json/from_lua.hpp"
#include "host/json/to_lua.hpp"
#include "host/lua/ops_module.hpp"
#include "host/runtime.hpp"
#include "tests/fuzz/property.hpp"

namespace {

lua_State* lua() {
  static opshost::Runtime runtime({}, {{"ops", "The root module", opshost::lua::declare_ops}});
  return runtime.vm().state();
}

/// nullopt: it is refused, at a place.
std::optional<std::string> through_lua(const std::string& text) {
  lua_State* const state = lua();
  const int top = lua_gettop(state);
  try {
    opshost::json::push_json(state, text, "input", opshost::json::Nulls::keep);
  } catch (const opshost::Error& error) {
    holds(lua_gettop(state) == top, "nothing is pushed where it is refused");
    holds(error.message().starts_with("input:"), "an error names the place");
    return std::nullopt;
  }
  holds(lua_gettop(state) == top + 1, "one value is pushed");
  auto written = opshost::json::write_json(state, top + 1, {.bytes = opshost::json::Bytes::raw});
  lua_settop(state, top);
  return written;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto written = through_lua(text_of(bytes, size));
  if (written) holds(through_lua(*written) == written, "a document reads back");
  return 0;
}
