#include "host/json/to_lua.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "host/json/sax.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/markers.hpp"

namespace opshost::json {

namespace {

/// Values wait on Lua's stack until their table's size is known: growing tables one by one costs more than all else.
/// Deep inside, where the stack gets short, they are stored at once.
constexpr int kPending = 128;
constexpr std::size_t kShallow = 16;
constexpr int kFewNames = 16;
constexpr int kRoom = 8;
constexpr const char* kNoRoom = "the document is nested too deeply for Lua's stack";

/// One table in the making. Its place on the stack is a nil until there is something to store.
struct Frame {
  int slot = 0;
  int stored = 0;   ///< elements of a list that are in the table
  int pending = 0;  ///< values (an object's names count too) above the slot
  bool is_list = false;
  bool is_made = false;
};

class Builder {
 public:
  Builder(lua_State* state, Nulls nulls) : state_(state), nulls_(nulls) {
    frames_.reserve(32);
    luaL_checkstack(state, kRoom, kNoRoom);
    lua::push_null(state);
    lua::push_list_metatable(state);
    list_metatable_ = lua_gettop(state);
    null_ = list_metatable_ - 1;
  }

  Refusal refusal;
  void set_stream(const InPlaceStream& stream) { stream_ = &stream; }

  bool Null() {
    if (nulls_ == Nulls::drop && !frames_.empty() && !frames_.back().is_list) {
      lua_pop(state_, 1);
      --frames_.back().pending;
      return true;
    }
    lua_pushvalue(state_, null_);
    return pushed();
  }
  bool Bool(bool value) {
    lua_pushboolean(state_, value ? 1 : 0);
    return pushed();
  }
  bool Int(int value) {
    lua_pushnumber(state_, value);
    return pushed();
  }
  bool Uint(unsigned value) {
    lua_pushnumber(state_, value);
    return pushed();
  }
  bool Int64(std::int64_t value) {
    lua::push_integer(state_, value);
    return pushed();
  }
  bool Uint64(std::uint64_t value) {
    lua::push_unsigned(state_, value);
    return pushed();
  }
  bool Double(double value) {
    if (!exact_number(*stream_, value, refusal)) return false;
    lua_pushnumber(state_, value);
    return pushed();
  }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    lua_pushlstring(state_, text, length);
    return pushed();
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    lua_pushlstring(state_, text, length);
    ++frames_.back().pending;
    return true;
  }
  bool StartObject() { return begin(false); }
  bool StartArray() { return begin(true); }
  bool EndObject(rapidjson::SizeType) { return end(); }
  bool EndArray(rapidjson::SizeType) { return end(); }

 private:
  bool begin(bool is_list) {
    if (frames_.size() >= kDeepest) {
      refusal = {.code = "data.limit", .problem = "nested deeper than " + std::to_string(kDeepest) + " levels"};
      return false;
    }
    luaL_checkstack(state_, frames_.size() < kShallow ? kPending + kRoom : kRoom, kNoRoom);
    lua_pushnil(state_);
    frames_.push_back({.slot = lua_gettop(state_), .is_list = is_list});
    return true;
  }

  bool end() {
    if (!store_pending()) return false;
    frames_.pop_back();
    return pushed();
  }

  /// A value is on top: it belongs to the innermost table.
  bool pushed() {
    if (frames_.empty()) return true;
    const int most = frames_.size() <= kShallow ? kPending : 2;
    return ++frames_.back().pending < most || store_pending();
  }

  bool store_pending() {
    Frame& frame = frames_.back();
    const bool is_new = !frame.is_made;
    if (is_new) make(frame);
    if (frame.is_list) {
      store_elements(frame);
      return true;
    }
    if (is_new && frame.pending <= 2 * kFewNames) return names_differ(frame) && (store_few_fields(frame), true);
    return store_fields(frame);
  }

  void make(Frame& frame) {
    lua_createtable(state_, frame.is_list ? frame.pending : 0, frame.is_list ? 0 : frame.pending / 2);
    if (frame.is_list) {
      lua_pushvalue(state_, list_metatable_);
      lua_setmetatable(state_, -2);
    }
    lua_replace(state_, frame.slot);
    frame.is_made = true;
  }

  void store_elements(Frame& frame) {
    const int last = frame.stored + frame.pending;
    for (int i = last; i > frame.stored; --i) lua_rawseti(state_, frame.slot, i);
    frame.stored = last;
    frame.pending = 0;
  }

  /// Of the pending fields. A few names are compared faster than looked up in the table: Lua keeps equal texts once.
  bool names_differ(const Frame& frame) {
    std::array<const char*, kFewNames> names{};
    const int count = frame.pending / 2;
    for (int i = 0; i < count; ++i) {
      const char* name = lua_tostring(state_, frame.slot + 1 + 2 * i);
      if (std::find(names.begin(), names.begin() + i, name) != names.begin() + i) return refuse_duplicate();
      names[static_cast<std::size_t>(i)] = name;
    }
    return true;
  }

  void store_few_fields(Frame& frame) {
    for (; frame.pending > 0; frame.pending -= 2) lua_rawset(state_, frame.slot);
  }

  bool store_fields(Frame& frame) {
    for (; frame.pending > 0; frame.pending -= 2) {
      lua_pushvalue(state_, -2);
      lua_rawget(state_, frame.slot);
      if (!lua_isnil(state_, -1)) return refuse_duplicate();
      lua_pop(state_, 1);
      lua_rawset(state_, frame.slot);
    }
    return true;
  }

  bool refuse_duplicate() {
    refusal = {.code = "data.duplicate_key", .problem = {}};
    return false;
  }

  lua_State* state_;
  Nulls nulls_;
  const InPlaceStream* stream_ = nullptr;
  int null_ = 0;
  int list_metatable_ = 0;
  std::vector<Frame> frames_;
};

/// Finds the second of two equal names in one object; the fast reader only knows that there are some.
class DuplicateFinder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DuplicateFinder> {
 public:
  Refusal refusal;
  void set_stream(const InPlaceStream&) {}

  bool StartObject() {
    names_.emplace_back();
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    names_.pop_back();
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    const std::string name(text, length);
    if (names_.back().insert(name).second) return true;
    refusal = {.code = "data.duplicate_key",
               .problem = "the name " + describe(Value(name)) + " stands in this object already"};
    return false;
  }

 private:
  std::vector<std::set<std::string>> names_;
};

Problem find_duplicate(std::string_view text, Problem fallback) {
  Buffer buffer(text);
  DuplicateFinder finder;
  return read_into(finder, text, buffer).value_or(std::move(fallback));
}

}  // namespace

void push_json(lua_State* state, std::string_view text, const std::string& file, Nulls nulls) {
  const int before = lua_gettop(state);
  Buffer buffer(text);
  Builder builder(state, nulls);
  if (auto problem = read_into(builder, text, buffer)) {
    lua_settop(state, before);
    if (problem->code == "data.duplicate_key") problem = find_duplicate(text, std::move(*problem));
    throw document_error(problem->code, file, text_place(text, problem->offset), problem->text);
  }
  lua_replace(state, before + 1);
  lua_settop(state, before + 1);
}

}  // namespace opshost::json

namespace opshost::lua {

namespace {

/// False: what has to be raised was pushed instead.
bool push_document(lua_State* state, const json::Document& document) {
  try {
    json::push_json(state, document.text, {}, document.nulls);
    return true;
  } catch (const Error& error) {
    const bool is_syntax = document.error_code == error.code();
    push_error(state, is_syntax ? Error(error).on(document.target)
                                : Error(document.error_code, "its answer is no JSON: " + error.message())
                                      .on(document.target)
                                      .with(error.detail()));
    return false;
  }
}

}  // namespace

void Convert<json::Document>::push(lua_State* state, const json::Document& document) {
  if (!push_document(state, document)) lua_error(state);
}

}  // namespace opshost::lua
