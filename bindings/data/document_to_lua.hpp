#pragma once
// Documents to Lua values and back.
#include "bindings/data/document.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/markers.hpp"
#include "host/lua/plain_data.hpp"

namespace opshost::lua {

template <>
struct Convert<data::Document> {
  /// Throws Error data.unwritable where it is no data, PlanUnknown.
  static bool read(lua_State* state, int index, data::Document& out, Mismatch&) {
    std::string problem;
    if (read_plain_data(state, index, out.value, problem)) return true;
    throw Error("data.unwritable", "the value" + problem);
  }
  static void push(lua_State* state, const data::Document& document) {
    document.value.is_null() ? push_null(state) : push_value(state, document.value);
  }
};

}  // namespace opshost::lua
