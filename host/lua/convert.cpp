#include "host/lua/convert.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "host/base/names.hpp"
#include "host/base/utf8.hpp"
#include "host/lua/handle.hpp"
#include "host/lua/markers.hpp"
#include "host/lua/shell_line.hpp"
#include "host/lua/unknown.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

/// Up to here every integer is a Lua number that no other integer rounds to; 2^53 itself may have been 2^53 + 1.
constexpr std::int64_t kExactNumber = (std::int64_t{1} << 53) - 1;

bool is_exact(double number) { return std::abs(number) <= static_cast<double>(kExactNumber); }

/// "9007199254740992", "1.5", "nan": every digit a person may have written.
std::string number_text(double number) {
  const bool integral = std::floor(number) == number && std::abs(number) < 0x1p63;
  return integral ? std::to_string(static_cast<std::int64_t>(number)) : describe(Value(number));
}

/// A whole number that may have been another one before Lua rounded it.
bool lost_digits(lua_State* state, int index, Mismatch& mismatch) {
  mismatch.expected = "integer, beyond 2^53 as ops.int64 \"DIGITS\" since a Lua number loses the last ones";
  mismatch.got = describe_value(state, index);
  return false;
}

bool out_of_range(lua_State* state, int index, std::string low, std::string high, Mismatch& mismatch) {
  mismatch.expected = "integer from " + std::move(low) + " to " + std::move(high);
  mismatch.got = describe_value(state, index);
  return false;
}

/// The registry slot of a callback, given back with the last copy of it.
class RegistrySlot {
 public:
  RegistrySlot(lua_State* main, std::weak_ptr<const bool> alive, int reference)
      : main_(main), alive_(std::move(alive)), reference_(reference) {}
  RegistrySlot(const RegistrySlot&) = delete;
  RegistrySlot& operator=(const RegistrySlot&) = delete;
  ~RegistrySlot() {
    if (!alive_.expired()) luaL_unref(main_, LUA_REGISTRYINDEX, reference_);
  }

 private:
  lua_State* main_;
  std::weak_ptr<const bool> alive_;
  int reference_;
};

constexpr int kDeepest = 64;
constexpr std::size_t kMostValues = 1'000'000;

/// One conversion to data in progress.
struct Reading {
  std::vector<const void*> inside;  ///< the tables around the value, outermost first
  std::size_t left = kMostValues;
  bool cut = false;
};

Value table_to_value(lua_State* state, int index, Reading& reading);

Value cut(Reading& reading, const char* why) {
  reading.cut = true;
  return Opaque{why};
}

Value to_value(lua_State* state, int index, Reading& reading) {
  switch (lua_type(state, index)) {
    case LUA_TNIL:
    case LUA_TNONE:
      return {};
    case LUA_TBOOLEAN:
      return lua_toboolean(state, index) != 0;
    case LUA_TNUMBER: {
      const double number = lua_tonumber(state, index);
      const bool integral = std::floor(number) == number && is_exact(number);
      return integral ? Value(static_cast<std::int64_t>(number)) : Value(number);
    }
    case LUA_TSTRING: {
      std::size_t length = 0;
      const char* text = lua_tolstring(state, index, &length);
      return std::string(text, length);
    }
    case LUA_TTABLE:
      return table_to_value(state, index, reading);
    case LUA_TUSERDATA:
      if (is_null(state, index)) return {};
      if (const auto* box = to_any_handle(state, index)) return Opaque{handle_text(*box)};
      break;
    case kLuaCdata: {
      std::string label;
      if (is_unknown(state, index, &label)) return Opaque{"<" + label + ">"};
      bool is_unsigned = false;
      std::uint64_t bits = 0;
      if (to_int64(state, index, is_unsigned, bits)) {
        return is_unsigned ? Value(bits) : Value(static_cast<std::int64_t>(bits));
      }
      break;
    }
    default:
      break;
  }
  return Opaque{std::string("<") + lua_typename(state, lua_type(state, index)) + ">"};
}

Value list_to_value(lua_State* state, int index, std::size_t count, Reading& reading) {
  ValueList list;
  list.reserve(count);
  for (std::size_t i = 1; i <= count; ++i) {
    lua_rawgeti(state, index, static_cast<int>(i));
    list.push_back(to_value(state, lua_gettop(state), reading));
    lua_pop(state, 1);
  }
  return list;
}

std::string key_text(lua_State* state, int index) {
  if (lua_type(state, index) == LUA_TSTRING) {
    std::size_t length = 0;
    const char* text = lua_tolstring(state, index, &length);
    return {text, length};
  }
  const bool is_table = lua_type(state, index) == LUA_TTABLE;
  return is_table ? "<table>" : describe(value_from_lua(state, index));
}

std::size_t key_count(lua_State* state, int index) {
  std::size_t count = 0;
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) ++count;
  return count;
}

Value map_to_value(lua_State* state, int index, Reading& reading) {
  ValueMap map;
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
    const int top = lua_gettop(state);
    map.emplace_back(key_text(state, top - 1), to_value(state, top, reading));
  }
  // Lua's order is by hash: sorted, the same table always reads the same.
  std::sort(map.begin(), map.end(), [](const auto& one, const auto& other) { return one.first < other.first; });
  return map;
}

Value table_to_value(lua_State* state, int index, Reading& reading) {
  auto& inside = reading.inside;
  const void* table = lua_topointer(state, index);
  if (std::find(inside.begin(), inside.end(), table) != inside.end()) return cut(reading, "<contains itself>");
  if (inside.size() >= kDeepest || lua_checkstack(state, 8) == 0) return cut(reading, "<nested too deeply>");
  const auto count = lua_objlen(state, index);
  const auto keys = key_count(state, index);
  // Tables shared by others are counted each time they are met, or 64 of them would make 2^64 values.
  if (keys > reading.left) return cut(reading, "<too many values>");
  reading.left -= keys;
  inside.push_back(table);
  const bool is_list = keys == count && (count > 0 || is_marked_list(state, index));
  auto value = is_list ? list_to_value(state, index, count, reading) : map_to_value(state, index, reading);
  inside.pop_back();
  return value;
}

}  // namespace

void Mismatch::enter_key(std::string_view key) {
  // Data's own rule for what reads as a name: {PATH = ...} or {["a b"] = ...}.
  const auto shown = describe(Value(ValueMap{{std::string(key), true}}));
  const auto segment = std::string_view(shown).substr(1, shown.rfind(" = ") - 1);
  enter(segment);
}

void Mismatch::enter(std::string_view segment) {
  std::string whole(segment);
  if (!path.empty()) whole += (path.front() == '[' ? "" : ".") + path;
  path = std::move(whole);
}

std::string describe_value(lua_State* state, int index) {
  switch (lua_type(state, index)) {
    case LUA_TNONE:
      return "no value";
    case LUA_TBOOLEAN:
      return lua_toboolean(state, index) != 0 ? "boolean true" : "boolean false";
    case LUA_TNUMBER:
      return "number " + number_text(lua_tonumber(state, index));
    case LUA_TSTRING:
      return "string " + describe(value_from_lua(state, index), 40);
    case LUA_TUSERDATA:
      if (const auto* box = to_any_handle(state, index)) return box->handle_class->type.name;
      return "userdata";
    case kLuaCdata: {
      std::string label;
      if (is_unknown(state, index, &label)) return "<" + label + ">";
      return describe(value_from_lua(state, index));
    }
    default:
      return lua_typename(state, lua_type(state, index));
  }
}

Value value_from_lua(lua_State* state, int index) {
  if (index < 0 && index > LUA_REGISTRYINDEX) index = lua_gettop(state) + index + 1;
  Reading reading;
  return to_value(state, index, reading);
}

bool read_any(lua_State* state, int index, Any& out, Mismatch& mismatch) {
  Reading reading;
  out = to_value(state, index, reading);
  if (reading.cut)
    mismatch.problem = "the table contains itself, is nested too deeply or has more than a million values";
  return !reading.cut;
}

void push_value(lua_State* state, const Value& value) {
  luaL_checkstack(state, 6, "value nested too deeply");
  struct Push {
    lua_State* state;
    void operator()(std::monostate) const { lua_pushnil(state); }
    void operator()(bool boolean) const { lua_pushboolean(state, boolean ? 1 : 0); }
    void operator()(std::int64_t integer) const { push_integer(state, integer); }
    void operator()(std::uint64_t integer) const { push_unsigned(state, integer); }
    void operator()(double number) const { lua_pushnumber(state, number); }
    void operator()(const std::string& text) const { lua_pushlstring(state, text.data(), text.size()); }
    void operator()(const ValueList& list) const {
      lua_createtable(state, static_cast<int>(list.size()), 0);
      push_list_metatable(state);
      lua_setmetatable(state, -2);
      int i = 0;
      for (const auto& element : list) {
        push_inside(element);
        lua_rawseti(state, -2, ++i);
      }
    }
    void operator()(const ValueMap& map) const {
      lua_createtable(state, 0, static_cast<int>(map.size()));
      for (const auto& [name, element] : map) {
        lua_pushlstring(state, name.data(), name.size());
        push_inside(element);
        lua_rawset(state, -3);
      }
    }
    void operator()(const Opaque& opaque) const { lua_pushlstring(state, opaque.shown.data(), opaque.shown.size()); }
    // A nil would be no field, or a hole.
    void push_inside(const Value& element) const { element.is_null() ? push_null(state) : push_value(state, element); }
  };
  std::visit(Push{state}, value.data());
}

bool wrong_type(lua_State* state, int index, std::string expected, Mismatch& mismatch) {
  mismatch.expected = std::move(expected);
  mismatch.plan_unknown = lua_type(state, index) == kLuaCdata && is_unknown(state, index, &mismatch.got);
  if (!mismatch.plan_unknown) mismatch.got = describe_value(state, index);
  return false;
}

bool read_boolean(lua_State* state, int index, bool& out, Mismatch& mismatch) {
  if (lua_type(state, index) != LUA_TBOOLEAN) return wrong_type(state, index, "boolean", mismatch);
  out = lua_toboolean(state, index) != 0;
  return true;
}

bool read_number(lua_State* state, int index, double& out, Mismatch& mismatch) {
  if (lua_type(state, index) != LUA_TNUMBER) return wrong_type(state, index, "number", mismatch);
  out = lua_tonumber(state, index);
  return true;
}

bool read_integer(lua_State* state, int index, std::int64_t low, std::int64_t high, std::int64_t& out,
                  Mismatch& mismatch) {
  const int type = lua_type(state, index);
  if (type == LUA_TNUMBER) {
    const double number = lua_tonumber(state, index);
    // The bounds as doubles round outwards, so they are compared before the cast that would overflow.
    if (std::floor(number) != number || std::isinf(number)) return wrong_type(state, index, "integer", mismatch);
    if (number < -0x1p63 || number >= 0x1p63) {
      return out_of_range(state, index, std::to_string(low), std::to_string(high), mismatch);
    }
    if (!is_exact(number)) return lost_digits(state, index, mismatch);
    out = static_cast<std::int64_t>(number);
  } else {
    bool is_unsigned = false;
    std::uint64_t bits = 0;
    if (type != kLuaCdata || !to_int64(state, index, is_unsigned, bits)) {
      return wrong_type(state, index, "integer", mismatch);
    }
    if (is_unsigned && bits > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return out_of_range(state, index, std::to_string(low), std::to_string(high), mismatch);
    }
    out = static_cast<std::int64_t>(bits);
  }
  if (out >= low && out <= high) return true;
  return out_of_range(state, index, std::to_string(low), std::to_string(high), mismatch);
}

bool read_unsigned(lua_State* state, int index, std::uint64_t high, std::uint64_t& out, Mismatch& mismatch) {
  const int type = lua_type(state, index);
  if (type == LUA_TNUMBER) {
    const double number = lua_tonumber(state, index);
    if (std::floor(number) != number || std::isinf(number)) return wrong_type(state, index, "integer", mismatch);
    if (number < 0 || number >= 0x1p64) return out_of_range(state, index, "0", std::to_string(high), mismatch);
    if (!is_exact(number)) return lost_digits(state, index, mismatch);
    out = static_cast<std::uint64_t>(number);
  } else {
    bool is_unsigned = false;
    if (type != kLuaCdata || !to_int64(state, index, is_unsigned, out)) {
      return wrong_type(state, index, "integer", mismatch);
    }
    if (!is_unsigned && static_cast<std::int64_t>(out) < 0) {
      return out_of_range(state, index, "0", std::to_string(high), mismatch);
    }
  }
  return out <= high || out_of_range(state, index, "0", std::to_string(high), mismatch);
}

bool read_string(lua_State* state, int index, std::string& out, Mismatch& mismatch) {
  if (lua_type(state, index) != LUA_TSTRING) return wrong_type(state, index, "string", mismatch);
  std::size_t length = 0;
  const char* text = lua_tolstring(state, index, &length);
  out.assign(text, length);
  return true;
}

bool read_duration(lua_State* state, int index, Duration& out, Mismatch& mismatch) {
  constexpr const char* kExpected = "duration (\"30s\", or seconds as a number)";
  std::optional<Duration> duration;
  if (lua_type(state, index) == LUA_TNUMBER) duration = seconds_to_duration(lua_tonumber(state, index));
  if (lua_type(state, index) == LUA_TSTRING) {
    std::size_t length = 0;
    const char* text = lua_tolstring(state, index, &length);
    duration = parse_duration(std::string_view(text, length));
  }
  if (!duration) return wrong_type(state, index, kExpected, mismatch);
  out = *duration;
  return true;
}

bool read_size(lua_State* state, int index, Size& out, Mismatch& mismatch) {
  constexpr const char* kExpected = "size (\"70GiB\", or bytes as a number)";
  if (lua_type(state, index) == LUA_TSTRING) {
    std::size_t length = 0;
    const char* text = lua_tolstring(state, index, &length);
    const auto size = parse_size(std::string_view(text, length));
    if (!size) return wrong_type(state, index, kExpected, mismatch);
    out = *size;
    return true;
  }
  if (read_unsigned(state, index, std::numeric_limits<std::uint64_t>::max(), out.bytes, mismatch)) return true;
  return wrong_type(state, index, kExpected, mismatch);
}

bool read_secret(lua_State* state, int index, Secret& out, Mismatch& mismatch) {
  const auto* box = to_handle(state, index, handle_class<Secret>());
  if (box == nullptr) return wrong_type(state, index, "secret (ops.secret.env, .file, .command or .input)", mismatch);
  out = *std::static_pointer_cast<Secret>(box->object);
  return true;
}

void push_secret(lua_State* state, const Secret& value) {
  push_handle(state, handle_class<Secret>(), std::make_shared<Secret>(value));
}

bool read_command(lua_State* state, int index, Command& out, Mismatch& mismatch) {
  if (const auto* box = to_handle(state, index, handle_class<ShellLine>())) {
    out.shell_line = std::static_pointer_cast<ShellLine>(box->object)->line;
    out.argv = {"/bin/sh", "-c", out.shell_line};
    return true;
  }
  constexpr const char* kExpected = "a program and its arguments ({\"ls\", \"-l\"}) or ops.shell \"a | b\"";
  if (lua_type(state, index) != LUA_TTABLE) return wrong_type(state, index, kExpected, mismatch);
  if (!read(state, index, out.argv, mismatch)) return false;
  if (out.argv.empty()) return wrong_type(state, index, kExpected, mismatch);
  return true;
}

bool read_function(lua_State* state, int index, int& reference, std::shared_ptr<void>& release, Mismatch& mismatch) {
  if (lua_type(state, index) != LUA_TFUNCTION) return wrong_type(state, index, "function", mismatch);
  lua_pushvalue(state, index);
  reference = luaL_ref(state, LUA_REGISTRYINDEX);
  release = std::make_shared<RegistrySlot>(main_state(state), Vm::of(state).alive(), reference);
  return true;
}

bool expect_table(lua_State* state, int index, const Type& type, Mismatch& mismatch) {
  if (lua_type(state, index) == LUA_TTABLE && lua_checkstack(state, 8) != 0) return true;
  const bool plain = type.kind == Kind::record;
  return wrong_type(state, index, plain ? "table (" + type.name + ")" : type.name, mismatch);
}

void complain_no_list(lua_State* state, int key_index, std::size_t count, const Type& list, Mismatch& mismatch) {
  const double key = lua_type(state, key_index) == LUA_TNUMBER ? lua_tonumber(state, key_index) : 0;
  const bool is_hole = key > static_cast<double>(count) && std::floor(key) == key;
  mismatch.problem = "expected " + list.name + " (a list), but ";
  mismatch.problem +=
      is_hole ? "it has a hole: [" + number_text(key) + "] is there and [" + std::to_string(count + 1) + "] is nil"
              : "it also has the key " + describe_value(state, key_index);
}

void complain_unknown_field(lua_State* state, int key_index, const Type& record, Mismatch& mismatch) {
  std::vector<std::string> names;
  for (const auto& field : record.fields) names.push_back(field.name);
  if (lua_type(state, key_index) != LUA_TSTRING) {
    mismatch.problem = "expected named fields of " + record.name + ", got the key " + describe_value(state, key_index);
    return;
  }
  const std::string name = key_text(state, key_index);
  mismatch.problem = "unknown field " + describe(Value(name)) + did_you_mean(name, names);
  if (names.size() <= 12 && mismatch.problem.find("did you mean") == std::string::npos) {
    std::string list;
    for (const auto& known : names) list += (list.empty() ? "" : ", ") + known;
    mismatch.problem += "; " + record.name + " has " + list;
  }
}

bool has_required_fields(lua_State* state, int index, const Type& record, Mismatch& mismatch) {
  for (const auto& field : record.fields) {
    if (!field.required) continue;
    bool present = false;
    if (index != 0) {
      lua_pushlstring(state, field.name.data(), field.name.size());
      lua_rawget(state, index);
      present = !lua_isnil(state, -1);
      lua_pop(state, 1);
    }
    if (present) continue;
    mismatch.problem = "field \"" + field.name + "\" is missing (" + field.doc + ")";
    return false;
  }
  return true;
}

void push_integer(lua_State* state, std::int64_t value) {
  if (value >= -kExactNumber && value <= kExactNumber) {
    lua_pushnumber(state, static_cast<lua_Number>(value));
  } else {
    push_int64(state, false, static_cast<std::uint64_t>(value));
  }
}

void push_unsigned(lua_State* state, std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(kExactNumber)) {
    lua_pushnumber(state, static_cast<lua_Number>(value));
  } else {
    push_int64(state, true, value);
  }
}

}  // namespace opshost::lua
