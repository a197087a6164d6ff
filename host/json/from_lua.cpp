#include "host/json/from_lua.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/base/error.hpp"
#include "host/json/text_writer.hpp"
#include "host/lua/callable.hpp"
#include "host/lua/markers.hpp"
#include "host/lua/unknown.hpp"

namespace opshost::json {

namespace {

constexpr std::size_t kDeepest = 500;
/// Slots of Lua's stack a table takes beside the values it keeps there; the stack holds 8000 for one call.
constexpr int kStackRoom = 8;
/// Values above are looked up again when it is their turn.
constexpr int kMostKept = 3000;

class Writer {
 public:
  Writer(lua_State* state, const WriteOptions& options) : state_(state), options_(options) {}

  std::string take() && { return std::move(json_); }

  void value(int index) {
    switch (lua_type(state_, index)) {
      case LUA_TSTRING:
        return string(string_at(index));
      case LUA_TNUMBER:
        return number(lua_tonumber(state_, index));
      case LUA_TBOOLEAN:
        json_ += lua_toboolean(state_, index) != 0 ? "true" : "false";
        return;
      case LUA_TTABLE:
        return table(index);
      case LUA_TNIL:
        json_ += "null";
        return;
      default:
        return special(index);
    }
  }

 private:
  /// The way from the document's root to what is being written, for messages.
  struct Step {
    const void* table;
    std::string_view name;  ///< of an object's field, else empty
    std::size_t position;   ///< of a list's element, from 1
  };

  struct Field {
    std::string_view name;  ///< the table keeps it alive
    std::uint64_t begin;    ///< of the name, for a first comparison
    int value;              ///< its place on the stack; 0: it has none

    friend bool operator<(const Field& one, const Field& other) {
      return one.begin != other.begin ? one.begin < other.begin : one.name < other.name;
    }
  };

  /// The first eight bytes, the first one the highest, so that they compare as the texts do.
  static std::uint64_t begin_of(std::string_view name) {
    std::uint64_t begin = 0;
    for (std::size_t i = 0; i < 8; ++i)
      begin = begin << 8U | (i < name.size() ? static_cast<unsigned char>(name[i]) : 0U);
    return begin;
  }

  std::string_view string_at(int index) {
    std::size_t length = 0;
    const char* text = lua_tolstring(state_, index, &length);
    return {text, length};
  }

  void string(std::string_view text) {
    if (is_plain(text)) return append_plain(json_, text);
    if (options_.bytes == Bytes::refuse) {
      const std::size_t bad = find_ill_formed(text);
      if (bad != std::string_view::npos) {
        refuse("byte " + std::to_string(bad + 1) +
               " of the text is no UTF-8, and JSON has nothing else; bytes = " + "\"raw\" writes it as it is");
      }
    }
    append_string(json_, text);
  }

  void number(double number) {
    if (!std::isfinite(number)) refuse("JSON has no word for " + describe(Value(number)));
    append_number(json_, number);
  }

  void special(int index) {
    if (lua::is_null(state_, index)) {
      json_ += "null";
      return;
    }
    bool is_unsigned = false;
    std::uint64_t bits = 0;
    if (lua_type(state_, index) == lua::kLuaCdata) {
      std::string label;
      if (lua::is_unknown(state_, index, &label)) {
        throw lua::PlanUnknown(label);
      }
      if (lua::to_int64(state_, index, is_unsigned, bits)) {
        json_ += is_unsigned ? std::to_string(bits) : std::to_string(static_cast<std::int64_t>(bits));
        return;
      }
    }
    refuse("JSON has no word for a " + lua::describe_value(state_, index));
  }

  void table(int index) {
    const void* self = lua_topointer(state_, index);
    enter(self);
    const std::size_t count = lua_objlen(state_, index);
    const int top = lua_gettop(state_);
    const std::size_t first = fields_.size();
    const std::size_t others = collect_fields(index, count);
    if (count > 0 || (others == 0 && lua::is_marked_list(state_, index))) {
      if (others > 0) refuse_mixture(first);
      list(index, count);
    } else {
      object(index, first);
    }
    fields_.resize(first);
    lua_settop(state_, top);
    way_.pop_back();
  }

  void enter(const void* table) {
    const bool inside = std::any_of(way_.begin(), way_.end(), [&](const Step& step) { return step.table == table; });
    if (inside) throw Error("data.limit", where() + " contains itself; JSON has no references");
    if (way_.size() >= kDeepest) {
      throw Error("data.limit", where() + " is nested deeper than " + std::to_string(kDeepest) + " levels");
    }
    luaL_checkstack(state_, kStackRoom, "nested too deeply for Lua's stack");
    way_.push_back({.table = table, .name = {}, .position = 0});
  }

  /// Appends the fields of the table to fields_; returns how many keys are not positions of a list of `count`.
  std::size_t collect_fields(int index, std::size_t count) {
    std::size_t others = 0;
    lua_pushnil(state_);
    while (lua_next(state_, index) != 0) {
      const int key = lua_gettop(state_) - 1;
      if (lua_type(state_, key) == LUA_TSTRING) {
        ++others;
        add_field(key);
        continue;
      }
      refuse_position(key, count);
      lua_pop(state_, 1);
    }
    return others;
  }

  /// The name is at `key`, its value above. Keeps the value on the stack while that is short, with the name on top.
  void add_field(int key) {
    const bool keeps = key < kMostKept && lua_checkstack(state_, kStackRoom) != 0;
    const std::string_view name = string_at(key);
    fields_.push_back({.name = name, .begin = begin_of(name), .value = keeps ? key + 1 : 0});
    if (keeps) {
      lua_pushvalue(state_, key);
    } else {
      lua_settop(state_, key);
    }
  }

  void refuse_position(int key, std::size_t count) {
    const double position = lua_type(state_, key) == LUA_TNUMBER ? lua_tonumber(state_, key) : 0;
    if (position >= 1 && position <= static_cast<double>(count) &&
        static_cast<double>(static_cast<std::size_t>(position)) == position) {
      return;
    }
    const std::string shown = lua::describe_value(state_, key);
    refuse("its key is the " + shown + "; JSON's names are texts, and a list begins at 1 and has no holes");
  }

  void refuse_mixture(std::size_t first) {
    refuse("it is a list that also has the name " + describe(Value(std::string(fields_[first].name))) +
           "; JSON has lists or objects");
  }

  void list(int index, std::size_t count) {
    json_ += '[';
    for (std::size_t i = 1; i <= count; ++i) {
      way_.back().position = i;
      if (i > 1) json_ += ',';
      new_line();
      lua_rawgeti(state_, index, static_cast<int>(i));
      if (lua_isnil(state_, -1)) refuse("there is a hole in the list");
      value(lua_gettop(state_));
      lua_pop(state_, 1);
    }
    close(count > 0, ']');
  }

  void object(int index, std::size_t first) {
    std::sort(fields_.begin() + static_cast<std::ptrdiff_t>(first), fields_.end());
    const std::size_t end = fields_.size();
    json_ += '{';
    for (std::size_t i = first; i < end; ++i) {
      const Field field = fields_[i];
      way_.back().name = field.name;
      if (i > first) json_ += ',';
      new_line();
      string(field.name);
      json_ += options_.indent > 0 ? ": " : ":";
      if (field.value > 0) {
        value(field.value);
        continue;
      }
      lua_pushlstring(state_, field.name.data(), field.name.size());
      lua_rawget(state_, index);
      value(lua_gettop(state_));
      lua_pop(state_, 1);
    }
    close(end > first, '}');
  }

  void new_line() {
    if (options_.indent == 0) return;
    json_ += '\n';
    json_.append(way_.size() * options_.indent, ' ');
  }

  void close(bool has_content, char bracket) {
    if (has_content && options_.indent > 0) {
      json_ += '\n';
      json_.append((way_.size() - 1) * options_.indent, ' ');
    }
    json_ += bracket;
  }

  [[nodiscard]] std::string where() const {
    lua::Mismatch path;
    for (auto step = way_.rbegin(); step != way_.rend(); ++step) {
      if (step->position > 0) {
        path.enter("[" + std::to_string(step->position) + "]");
      } else if (!step->name.empty()) {
        path.enter_key(step->name);
      }
    }
    return path.path.empty() ? "the value" : path.path;
  }

  [[noreturn]] void refuse(const std::string& problem) const {
    throw Error("data.unwritable", where() + ": " + problem);
  }

  lua_State* state_;
  const WriteOptions& options_;
  std::string json_;
  std::vector<Step> way_;
  std::vector<Field> fields_;  ///< of all objects around, innermost last
};

}  // namespace

std::string write_json(lua_State* state, int index, const WriteOptions& options) {
  Writer writer(state, options);
  writer.value(index);
  return std::move(writer).take();
}

}  // namespace opshost::json
