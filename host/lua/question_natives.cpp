// Asking the person at the terminal while other fibers go on.
#include <boost/asio/posix/stream_descriptor.hpp>

#include "host/fiber/scheduler.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/stop.hpp"
#include "host/lua/vm.hpp"
#include "host/term/prompt.hpp"

namespace opshost::lua {

namespace {

std::optional<Prompter>& terminal() {
  static std::optional<Prompter> prompter = Prompter::open();
  return prompter;
}

/// Parks a fiber until the person has typed a line. No deadline counts: it is the person's time.
class LineWait final : public fiber::Waiter, public std::enable_shared_from_this<LineWait> {
 public:
  explicit LineWait(fiber::Scheduler& scheduler)
      : scheduler_(scheduler), readable_(scheduler.io(), ::dup(terminal()->descriptor())) {}

  void begin() {
    readable_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& failure) {
                           if (!failure) self->line_ = terminal()->read_line();
                           self->scheduler_.wake(*self);
                         });
  }

  void stop(StopReason reason) override {
    if (reason == StopReason::deadline) return;
    stopped_ = reason;
    readable_.cancel();
  }
  [[nodiscard]] std::string what() const override { return "an answer at the terminal"; }
  int push_outcome(lua_State* state) override {
    if (stopped_ != StopReason::none) return push_stopped(state, *fiber, stopped_, what(), {});
    lua_pushboolean(state, 1);
    if (line_) {
      lua_pushlstring(state, line_->data(), line_->size());
    } else {
      lua_pushnil(state);
    }
    return 2;
  }

 protected:
  void expired() override {}

 private:
  fiber::Scheduler& scheduler_;
  asio::posix::stream_descriptor readable_;
  std::optional<std::string> line_;
  StopReason stopped_ = StopReason::none;
};

// has_terminal() -> boolean
int has_terminal(lua_State* state) {
  lua_pushboolean(state, terminal() ? 1 : 0);
  return 1;
}

// show(text): at the terminal
int show(lua_State* state) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, 1, &length);
  if (terminal()) terminal()->show(std::string_view(text, length));
  return 0;
}

// read_line() -> what the person typed; nil: the input was ended
int read_line(lua_State* state) {
  auto& scheduler = *context_of(state).scheduler;
  if (scheduler.current()->must_stop()) {
    push_stopped(state, *scheduler.current(), scheduler.current()->stop_reason, "an answer at the terminal", {});
    locate_error(state);
    return lua_error(state);
  }
  {
    const auto wait = std::make_shared<LineWait>(scheduler);
    scheduler.park(wait);
    wait->begin();
  }
  fiber::Scheduler::push_sentinel(state);
  return lua_yield(state, 1);
}

/// Every deadline around the current fiber, moved by `by`; the chain is this fiber's own afterwards.
std::shared_ptr<const fiber::DeadlineScope> moved(const std::shared_ptr<const fiber::DeadlineScope>& scope,
                                                  Duration by) {
  if (!scope) return nullptr;
  auto later = std::make_shared<fiber::DeadlineScope>(*scope);
  later->at = scope->at > kNoDeadline - by ? kNoDeadline : scope->at + by;
  later->outer = moved(scope->outer, by);
  return later;
}

// move_deadlines(seconds): a person thought for so long
int move_deadlines(lua_State* state) {
  auto& scheduler = *context_of(state).scheduler;
  auto& fiber = *scheduler.current();
  fiber.deadline = moved(fiber.deadline, seconds_to_duration(luaL_checknumber(state, 1)).value_or(Duration{}));
  scheduler.publish_deadline();
  return 0;
}

}  // namespace

void add_question_natives(lua_State* state) {
  set_native(state, "has_terminal", has_terminal);
  set_native(state, "show", show);
  set_native(state, "read_line", read_line);
  set_native(state, "move_deadlines", move_deadlines);
}

}  // namespace opshost::lua
