#include "host/lua/stop.hpp"

#include "host/lua/error_object.hpp"

namespace opshost::lua {

namespace {

std::string while_waiting(const std::string& waited_for, const std::string& seen) {
  std::string text;
  if (!waited_for.empty()) text += " while waiting for " + waited_for;
  if (!seen.empty()) text += "; last seen: " + seen;
  return text;
}

std::uint64_t scope_of(const fiber::Fiber& fiber, StopReason reason) {
  if (reason != StopReason::deadline) return 0;
  const auto* scope = fiber::DeadlineScope::earliest(fiber.deadline.get());
  return scope == nullptr ? 0 : scope->id;
}

}  // namespace

Error stop_error(const fiber::Fiber& fiber, StopReason reason, const std::string& waited_for, const std::string& seen) {
  const auto context = while_waiting(waited_for, seen);
  switch (reason) {
    case StopReason::interrupted:
      return {"interrupted", "interrupted" + context};
    case StopReason::deadline: {
      const auto* scope = fiber::DeadlineScope::earliest(fiber.deadline.get());
      const auto length = scope == nullptr ? std::string("the run") : format_duration(scope->length);
      return {"deadline.exceeded", "the deadline of " + length + " was reached" + context};
    }
    case StopReason::timeout:
    case StopReason::cancelled:
    case StopReason::none:
      break;
  }
  return {"cancelled", "cancelled" + context};
}

int push_stopped(lua_State* state, const fiber::Fiber& fiber, StopReason reason, const std::string& waited_for,
                 const std::string& seen, bool maybe_applied) {
  lua_pushboolean(state, 0);
  push_stop(state, stop_error(fiber, reason, waited_for, seen).maybe_applied(maybe_applied), scope_of(fiber, reason));
  return 2;
}

}  // namespace opshost::lua
