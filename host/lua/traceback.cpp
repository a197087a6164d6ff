#include "host/lua/traceback.hpp"

#include "host/lua/error_object.hpp"

namespace opshost::lua {

namespace {

char remembered_key;

std::string frame_text(lua_State* state, lua_Debug& frame) {
  lua_getinfo(state, "nSl", &frame);
  if (frame.currentline <= 0 || is_internal_chunk(frame.source)) return {};
  std::string text = "  " + std::string(frame.short_src) + ":" + std::to_string(frame.currentline);
  if (frame.name != nullptr && *frame.name != '\0') text += " in " + std::string(frame.name);
  return text + "\n";
}

std::string frames_of(lua_State* state) {
  std::string text;
  lua_Debug frame{};
  constexpr int kMost = 40;
  int shown = 0;
  for (int level = 0; lua_getstack(state, level, &frame) != 0 && shown < kMost; ++level) {
    const auto line = frame_text(state, frame);
    if (line.empty()) continue;
    text += line;
    ++shown;
  }
  return text;
}

}  // namespace

// One slot a VM: {error, text}. An error that is caught leaves it behind, the next one replaces it.
void remember_traceback(lua_State* state, lua_State* inner, int index) {
  const std::string frames = frames_of(inner);
  lua_pushlightuserdata(state, &remembered_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  std::string text = frames;
  if (lua_istable(state, -1)) {
    lua_rawgeti(state, -1, 1);
    if (lua_rawequal(state, -1, index) != 0) {
      lua_rawgeti(state, -2, 2);
      text = lua_tostring(state, -1) + frames;
    }
  }
  lua_pushlightuserdata(state, &remembered_key);
  lua_createtable(state, 2, 0);
  lua_pushvalue(state, index);
  lua_rawseti(state, -2, 1);
  lua_pushlstring(state, text.data(), text.size());
  lua_rawseti(state, -2, 2);
  lua_rawset(state, LUA_REGISTRYINDEX);
}

std::string error_traceback(lua_State* thread) {
  std::string inner;
  lua_pushlightuserdata(thread, &remembered_key);
  lua_rawget(thread, LUA_REGISTRYINDEX);
  if (lua_istable(thread, -1)) {
    lua_rawgeti(thread, -1, 1);
    if (lua_rawequal(thread, -1, -3) != 0) {
      lua_rawgeti(thread, -2, 2);
      inner = lua_tostring(thread, -1);
      lua_pop(thread, 1);
    }
    lua_pop(thread, 1);
  }
  lua_pop(thread, 1);
  return inner + frames_of(thread);
}

}  // namespace opshost::lua
