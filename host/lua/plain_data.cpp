#include "host/lua/plain_data.hpp"

#include <vector>

#include "host/lua/callable.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/markers.hpp"
#include "host/lua/unknown.hpp"

namespace opshost::lua {

namespace {

class Check {
 public:
  explicit Check(lua_State* state) : state_(state) {}

  /// Empty: it is data.
  std::string problem_of(int index) {
    if (is_null(state_, index)) return {};
    switch (lua_type(state_, index)) {
      case LUA_TNIL:
      case LUA_TNONE:
      case LUA_TBOOLEAN:
      case LUA_TNUMBER:
      case LUA_TSTRING:
        return {};
      case LUA_TTABLE:
        return problem_of_table(index);
      case kLuaCdata: {
        bool is_unsigned = false;
        std::uint64_t bits = 0;
        if (to_int64(state_, index, is_unsigned, bits)) return {};
        std::string label;
        if (is_unknown(state_, index, &label)) throw PlanUnknown(label);
        break;
      }
      default:
        break;
    }
    return " is " + describe_value(state_, index);
  }

 private:
  std::string problem_of_table(int index) {
    const void* table = lua_topointer(state_, index);
    for (const auto* outer : inside_) {
      if (outer == table) return " contains itself";
    }
    if (inside_.size() >= 60 || lua_checkstack(state_, 8) == 0) return " is nested too deeply";
    inside_.push_back(table);
    const auto length = lua_objlen(state_, index);
    std::size_t names = 0;
    std::size_t positions = 0;
    std::string problem;
    for (lua_pushnil(state_); problem.empty() && lua_next(state_, index) != 0; lua_pop(state_, 1)) {
      const int top = lua_gettop(state_);
      const bool named = lua_type(state_, top - 1) == LUA_TSTRING;
      const double position = lua_type(state_, top - 1) == LUA_TNUMBER ? lua_tonumber(state_, top - 1) : 0;
      named ? ++names : ++positions;
      if (!named && (position < 1 || position > static_cast<double>(length) || position != std::floor(position))) {
        problem =
            " has the key " + describe_value(state_, top - 1) + ", which is neither a name nor in a list without holes";
      } else if (names > 0 && positions > 0) {
        problem = " is list and map at once";
      } else {
        problem = problem_of(top);
        if (!problem.empty()) problem = key_text(top - 1) + problem;
      }
    }
    inside_.pop_back();
    return problem;
  }

  std::string key_text(int index) {
    if (lua_type(state_, index) == LUA_TNUMBER) return "[" + describe(value_from_lua(state_, index)) + "]";
    return "." + std::string(lua_tostring(state_, index));
  }

  lua_State* state_;
  std::vector<const void*> inside_;
};

}  // namespace

bool read_plain_data(lua_State* state, int index, Value& out, std::string& problem) {
  if (index < 0) index = lua_gettop(state) + index + 1;
  const int top = lua_gettop(state);
  problem = Check(state).problem_of(index);
  lua_settop(state, top);
  if (!problem.empty()) return false;
  out = value_from_lua(state, index);
  return true;
}

}  // namespace opshost::lua
