#pragma once
// Handles: C++ objects a script holds. Full userdata with a shared_ptr inside; a closed one answers `closed`.
#include <functional>
#include <lua.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/lua/convert.hpp"
#include "host/lua/description.hpp"

namespace opshost::lua {

class Callable;

/// What all handles of one C++ type share. Filled once by module.type<T>().
struct HandleClass {
  Type type;
  std::vector<std::shared_ptr<Callable>> methods;
  /// Of the methods that a stdlib file writes in Lua.
  std::vector<std::string> lua_method_names{};
  /// "container web-1": named in messages, plans and as the subject of changes.
  std::function<std::string(const void*)> subject;
  /// close(): idempotent; called on the loop. Absent: the handle has nothing to close.
  std::function<void(void*)> close;
  /// The other classes a handle of this one may be given for: an ssh host where a way into a network is asked for.
  std::map<const HandleClass*, std::function<std::shared_ptr<void>(const std::shared_ptr<void>&)>> also;
};

void register_handle_class(HandleClass& handle_class);

/// A C++ interface that several bindings' handles fulfil says how declarations name it, since none of them declares it:
///   struct Route {
///     static constexpr const char* kHandleName = "Host";
///     static constexpr const char* kHandleModule = "ssh";
///   };
template <class T>
concept NamedHandle = requires { T::kHandleName; };

/// A declaration may speak of a type that Module::type names only later.
template <class T>
HandleClass& handle_class() {
  static HandleClass handle_class{
      .type = {.kind = Kind::handle}, .methods = {}, .subject = nullptr, .close = nullptr, .also = {}};
  return handle_class;
}
template <NamedHandle T>
HandleClass& handle_class() {
  static HandleClass handle_class{.type = {.kind = Kind::handle, .name = T::kHandleName, .module = T::kHandleModule},
                                  .methods = {},
                                  .subject = nullptr,
                                  .close = nullptr,
                                  .also = {}};
  [[maybe_unused]] static const bool registered = (register_handle_class(handle_class), true);
  return handle_class;
}

/// The userdata's content.
struct HandleBox {
  HandleClass* handle_class;
  std::shared_ptr<void> object;
  bool closed = false;
};

/// The box at `index` if it is a handle of this class.
HandleBox* to_handle(lua_State* state, int index, const HandleClass& wanted);
/// The box at `index` if it is any handle.
HandleBox* to_any_handle(lua_State* state, int index);
/// The object of a handle given to a call, as `wanted`'s C++ type; nullptr: another type, the mismatch says which.
/// Throws Error("closed").
std::shared_ptr<void> read_handle(lua_State* state, int index, const HandleClass& wanted, Mismatch& mismatch);
/// May raise (memory).
void push_handle(lua_State* state, HandleClass& handle_class, std::shared_ptr<void> object);
/// "<Container web-1>".
std::string handle_text(const HandleBox& box);
std::string handle_subject(const HandleBox& box);
/// Pushes the class's table of methods, for typed unknowns of handle type. May raise (memory).
void push_methods(lua_State* state, HandleClass& handle_class);
/// The class whose Type this is; nullptr: no handle type.
HandleClass* class_of(const Type& type);
/// The class of that name ("Container"); nullptr: none is declared yet.
HandleClass* class_named(std::string_view name);

template <class T>
struct Convert<std::shared_ptr<T>> {
  static bool read(lua_State* state, int index, std::shared_ptr<T>& out, Mismatch& mismatch) {
    out = std::static_pointer_cast<T>(read_handle(state, index, handle_class<T>(), mismatch));
    return out != nullptr;
  }
  static void push(lua_State* state, const std::shared_ptr<T>& value) { push_handle(state, handle_class<T>(), value); }
};

}  // namespace opshost::lua

namespace opshost {
template <class T>
struct TypeOf<std::shared_ptr<T>> {
  static const Type& get() { return lua::handle_class<T>().type; }
};
}  // namespace opshost
