#include "host/lua/handle.hpp"

#include <map>
#include <new>
#include <utility>

#include "host/base/names.hpp"
#include "host/lua/callable.hpp"
#include "host/lua/error_object.hpp"

namespace opshost::lua {

namespace {

// A metatable that has this key in it belongs to a handle; its value is the class.
char class_key;

std::map<const Type*, HandleClass*>& classes_by_type() {
  static std::map<const Type*, HandleClass*> classes;
  return classes;
}

HandleBox& box_of_self(lua_State* state) {
  auto* box = to_any_handle(state, 1);
  if (box == nullptr) luaL_error(state, "not a handle");
  return *box;
}

int collect(lua_State* state) {
  if (auto* box = to_any_handle(state, 1)) box->~HandleBox();
  return 0;
}

int to_text(lua_State* state) {
  const std::string text = handle_text(box_of_self(state));
  lua_pushlstring(state, text.data(), text.size());
  return 1;
}

/// False: the error is on top of the stack.
bool close_or_push_error(lua_State* state, const HandleClass& handle_class) {
  const auto op = handle_class.type.name + ":close";
  auto* box = to_handle(state, 1, handle_class);
  if (box == nullptr) {
    push_error(state, Error("usage.argument", "wrong self (call it with a colon, " + op + "): expected " +
                                                  handle_class.type.name + ", got " + describe_value(state, 1))
                          .during(op));
    return false;
  }
  if (std::exchange(box->closed, true)) return true;
  try {
    box->handle_class->close(box->object.get());
    return true;
  } catch (const Error& error) {
    push_error(state, Error(error).during(op));
  } catch (const std::exception& unexpected) {
    push_error(state, Error("internal.exception", std::string("unexpected: ") + unexpected.what() +
                                                      "; this is a defect of opshost, please report it")
                          .during(op));
  }
  return false;
}

/// Upvalue 1: the class.
int close_handle(lua_State* state) {
  const auto* handle_class = static_cast<const HandleClass*>(lua_touserdata(state, lua_upvalueindex(1)));
  if (close_or_push_error(state, *handle_class)) return 0;
  locate_error(state);
  return lua_error(state);
}

/// Upvalue 1: the class. Reached only for a name the method table does not have.
int unknown_method(lua_State* state) {
  const auto* handle_class = static_cast<HandleClass*>(lua_touserdata(state, lua_upvalueindex(1)));
  {
    std::vector<std::string> names;
    for (const auto& method : handle_class->methods) names.push_back(method->name);
    names.insert(names.end(), handle_class->lua_method_names.begin(), handle_class->lua_method_names.end());
    if (handle_class->close) names.emplace_back("close");
    const std::string name = lua_type(state, 2) == LUA_TSTRING ? lua_tostring(state, 2) : describe_value(state, 2);
    push_error(state, Error("usage.unknown_method",
                            handle_class->type.name + " has no method \"" + name + "\"" + did_you_mean(name, names)));
  }
  locate_error(state);
  return lua_error(state);
}

int assign(lua_State* state) {
  push_error(state, Error("usage.read_only", "a handle takes no fields of a script; keep the value in a local"));
  locate_error(state);
  return lua_error(state);
}

void fill_methods(lua_State* state, HandleClass& handle_class) {
  for (const auto& method : handle_class.methods) {
    lua_pushlstring(state, method->name.data(), method->name.size());
    push_callable(state, *method);
    lua_rawset(state, -3);
  }
  if (handle_class.close) {
    lua_pushlightuserdata(state, &handle_class);
    lua_pushcclosure(state, close_handle, 1);
    lua_setfield(state, -2, "close");
  }
  lua_createtable(state, 0, 1);
  lua_pushlightuserdata(state, &handle_class);
  lua_pushcclosure(state, unknown_method, 1);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
}

void build_metatable(lua_State* state, HandleClass& handle_class) {
  lua_createtable(state, 0, 6);
  lua_pushlightuserdata(state, &class_key);
  lua_pushlightuserdata(state, &handle_class);
  lua_rawset(state, -3);
  lua_createtable(state, 0, static_cast<int>(handle_class.methods.size()) + 1);
  fill_methods(state, handle_class);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, assign);
  lua_setfield(state, -2, "__newindex");
  lua_pushcfunction(state, collect);
  lua_setfield(state, -2, "__gc");
  lua_pushcfunction(state, to_text);
  lua_setfield(state, -2, "__tostring");
  lua_pushlstring(state, handle_class.type.name.data(), handle_class.type.name.size());
  lua_setfield(state, -2, "__metatable");
}

/// The class's metatable of this VM; made on first use.
void push_metatable(lua_State* state, HandleClass& handle_class) {
  lua_pushlightuserdata(state, &handle_class);
  lua_rawget(state, LUA_REGISTRYINDEX);
  if (!lua_isnil(state, -1)) return;
  lua_pop(state, 1);
  build_metatable(state, handle_class);
  lua_pushlightuserdata(state, &handle_class);
  lua_pushvalue(state, -2);
  lua_rawset(state, LUA_REGISTRYINDEX);
}

}  // namespace

HandleClass* class_of(const Type& type) {
  const auto found = classes_by_type().find(&type);
  return found == classes_by_type().end() ? nullptr : found->second;
}

HandleClass* class_named(std::string_view name) {
  for (const auto& [type, handle_class] : classes_by_type()) {
    if (type->name == name) return handle_class;
  }
  return nullptr;
}

void register_handle_class(HandleClass& handle_class) { classes_by_type()[&handle_class.type] = &handle_class; }

HandleBox* to_any_handle(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TUSERDATA || lua_getmetatable(state, index) == 0) return nullptr;
  lua_pushlightuserdata(state, &class_key);
  lua_rawget(state, -2);
  const bool ours = lua_type(state, -1) == LUA_TLIGHTUSERDATA;
  lua_pop(state, 2);
  return ours ? static_cast<HandleBox*>(lua_touserdata(state, index)) : nullptr;
}

HandleBox* to_handle(lua_State* state, int index, const HandleClass& wanted) {
  auto* box = to_any_handle(state, index);
  return box != nullptr && box->handle_class == &wanted ? box : nullptr;
}

std::shared_ptr<void> read_handle(lua_State* state, int index, const HandleClass& wanted, Mismatch& mismatch) {
  const auto* box = to_any_handle(state, index);
  const bool same = box != nullptr && box->handle_class == &wanted;
  if (box == nullptr || !(same || box->handle_class->also.contains(&wanted))) {
    wrong_type(state, index, wanted.type.name, mismatch);
    return nullptr;
  }
  if (box->closed) {
    throw Error("closed", handle_subject(*box) + " was closed by this script; open it again to go on");
  }
  return same ? box->object : box->handle_class->also.at(&wanted)(box->object);
}

void push_handle(lua_State* state, HandleClass& handle_class, std::shared_ptr<void> object) {
  push_metatable(state, handle_class);
  void* memory = lua_newuserdata(state, sizeof(HandleBox));
  new (memory) HandleBox{&handle_class, std::move(object)};
  lua_insert(state, -2);
  lua_setmetatable(state, -2);
}

void push_methods(lua_State* state, HandleClass& handle_class) {
  push_metatable(state, handle_class);
  lua_getfield(state, -1, "__index");
  lua_remove(state, -2);
}

std::string handle_subject(const HandleBox& box) {
  return box.handle_class->subject ? box.handle_class->subject(box.object.get()) : box.handle_class->type.name;
}

std::string handle_text(const HandleBox& box) { return "<" + handle_subject(box) + (box.closed ? ", closed>" : ">"); }

}  // namespace opshost::lua
