#include "host/lua/traceback.hpp"

#include "host/lua/error_object.hpp"

namespace opshost::lua {

namespace {

char remembered_key;

// Of a stack deeper than both together only the two ends are shown.
constexpr int kInnermost = 20;
constexpr int kOutermost = 20;

/// LuaJIT no longer knows in which line the innermost function of a dead coroutine was; the message does.
std::string position_of(const lua_Debug& frame, std::string_view message) {
  if (frame.currentline > 0) return std::string(frame.short_src) + ":" + std::to_string(frame.currentline);
  const auto position = message.substr(0, position_length(message));
  const bool is_here = *frame.what != 'C' && position.starts_with(std::string(frame.short_src) + ":");
  return is_here ? std::string(position) : std::string();
}

/// Empty: a frame that is not the script's.
std::string frame_text(lua_State* state, lua_Debug& frame, std::string_view message) {
  lua_getinfo(state, "nSl", &frame);
  if (is_internal_chunk(frame.source)) return {};
  std::string text = position_of(frame, message);
  const bool is_file = std::string_view(frame.what) == "main";  // its name would be the one our loader gives it
  const bool is_named = frame.name != nullptr && *frame.name != '\0';
  if (!text.empty() && is_named && !is_file) text += " in " + std::string(frame.name);
  return text;
}

/// How many frames there are. lua_getstack counts from the top each time, so not one by one.
int depth_of(lua_State* state) {
  lua_Debug frame{};
  int present = -1;
  int beyond = 1;
  while (lua_getstack(state, beyond, &frame) != 0) beyond *= 2;
  while (beyond - present > 1) {
    const int middle = present + (beyond - present) / 2;
    (lua_getstack(state, middle, &frame) != 0 ? present : beyond) = middle;
  }
  return beyond;
}

/// One line a frame; frames that look the same, as those of a recursion do, share one.
class FrameLines {
 public:
  void add(const std::string& line) {
    if (line.empty()) return;
    if (line != last_) flush();
    last_ = line;
    ++count_;
  }

  void add_gap(int frames) {
    flush();
    text_ += "  ... " + std::to_string(frames) + " more calls ...\n";
  }

  std::string text() {
    flush();
    return std::move(text_);
  }

 private:
  void flush() {
    if (count_ > 0) text_ += "  " + last_ + (count_ > 1 ? " (" + std::to_string(count_) + " times)" : "") + "\n";
    count_ = 0;
  }

  std::string text_;
  std::string last_;
  int count_ = 0;
};

/// How many frames there are inside the innermost call of the function at `index`.
int depth_inside(lua_State* state, int index) {
  lua_Debug frame{};
  int level = 0;
  for (bool found = false; !found && lua_getstack(state, level, &frame) != 0; ++level) {
    lua_getinfo(state, "f", &frame);
    found = lua_rawequal(state, -1, index) != 0;
    lua_pop(state, 1);
  }
  return level;
}

/// The script's frames among the innermost `depth`.
std::string frames_of(lua_State* state, int depth, std::string_view message) {
  FrameLines lines;
  lua_Debug frame{};
  for (int level = 0; level < depth && lua_getstack(state, level, &frame) != 0; ++level) {
    if (level == kInnermost && depth > kInnermost + kOutermost) {
      level = depth - kOutermost;
      lines.add_gap(level - kInnermost);
      lua_getstack(state, level, &frame);
    }
    lines.add(frame_text(state, frame, message));
  }
  return lines.text();
}

/// Of coroutines nested without end only the innermost are worth keeping, and those that look the same only once.
std::string joined(const std::string& inner, const std::string& outer) {
  constexpr std::size_t kEnough = 4096;
  return inner.size() > kEnough || inner.ends_with(outer) ? inner : inner + outer;
}

/// The error value at `index` if it is a string.
std::string_view message_at(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TSTRING) return {};
  std::size_t length = 0;
  const char* text = lua_tolstring(state, index, &length);
  return {text, length};
}

}  // namespace

namespace {

// One slot a VM: {error, text}. An error that is caught leaves it behind, the next one replaces it.
void remember(lua_State* state, int index, const std::string& frames) {
  lua_pushlightuserdata(state, &remembered_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  std::string text = frames;
  if (lua_istable(state, -1)) {
    lua_rawgeti(state, -1, 1);
    if (lua_rawequal(state, -1, index) != 0) {
      lua_rawgeti(state, -2, 2);
      text = joined(lua_tostring(state, -1), frames);
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

}  // namespace

void remember_traceback(lua_State* state, lua_State* inner, int index) {
  remember(state, index, frames_of(inner, depth_of(inner), message_at(state, index)));
}

void remember_frames_inside(lua_State* state, int function, int index) {
  remember(state, index, frames_of(state, depth_inside(state, function), message_at(state, index)));
}

std::size_t position_length(std::string_view message) {
  for (auto colon = message.find(':'); colon != std::string_view::npos; colon = message.find(':', colon + 1)) {
    const auto digits_end = message.find_first_not_of("0123456789", colon + 1);
    const bool has_digits = digits_end != std::string_view::npos && digits_end > colon + 1;
    if (has_digits && message.substr(digits_end).starts_with(": ")) return digits_end;
  }
  return 0;
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
  return inner + frames_of(thread, depth_of(thread), message_at(thread, -1));
}

}  // namespace opshost::lua
