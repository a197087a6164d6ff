#include "host/lua/c_stack.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

namespace opshost::lua {

namespace {

constexpr std::uintptr_t kAssumed = std::uintptr_t{8} << 20U;  ///< where the system names no limit
constexpr std::uintptr_t kReserve = std::uintptr_t{1} << 20U;  ///< for what the last call does, and for unwinding

std::uintptr_t here() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }  // an address to compare

std::uintptr_t usable_size() {
  struct rlimit limit{};
  const bool named = ::getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  const std::uintptr_t size = named ? static_cast<std::uintptr_t>(limit.rlim_cur) : kAssumed;
  return size - std::min(kReserve, size / 2);
}

}  // namespace

bool c_stack_is_short() noexcept {
  // Asked first while the VM is set up, near the stack's begin.
  static thread_local const std::uintptr_t lowest = here() - usable_size();
  return here() < lowest;
}

void check_c_stack(lua_State* state) {
  if (c_stack_is_short()) luaL_error(state, "stack overflow: calls are nested too deeply");
}

}  // namespace opshost::lua
