#include "host/cli/ask.hpp"

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>

#include "host/term/prompt.hpp"

namespace opshost::cli {

namespace {

using Input = asio::posix::stream_descriptor;

/// Closing it leaves the original open.
Input duplicate(const asio::any_io_executor& executor, int descriptor) {
  return {executor, fcntl(descriptor, F_DUPFD_CLOEXEC, 0)};
}

Awaitable<void> readable(Call& call, int descriptor) {
  Input input = duplicate(call.executor(), descriptor);
  const auto on_stop = call.stop().on_stop([&input] { input.cancel(); });
  boost::system::error_code ignored;  // the read that follows sees what it is
  if (!call.stop().stopped()) {
    co_await input.async_wait(Input::wait_read, asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (call.stop().stopped()) throw Error("cancelled", "stopped before a person answered");
}

}  // namespace

Awaitable<bool> confirm_in_loop(Call& call, std::string question) {
  auto prompter = Prompter::open();
  if (prompter) prompter->ask(question);
  auto answer = prompter ? Prompter::Answer::unclear : Prompter::Answer::gone;
  while (answer == Prompter::Answer::unclear) {
    co_await readable(call, prompter->descriptor());
    answer = prompter->read_answer();
  }
  if (answer == Prompter::Answer::gone) throw Error("answer.needed", "\"" + question + "\": nobody is there to answer");
  co_return answer == Prompter::Answer::yes;
}

void wait_for_input(fiber::Scheduler& scheduler, int descriptor) {
  const auto is_there = std::make_shared<bool>(false);
  Input input = duplicate(scheduler.io().get_executor(), descriptor);
  input.async_wait(Input::wait_read, [is_there](const boost::system::error_code&) { *is_there = true; });
  scheduler.run_until([&] { return *is_there || scheduler.interrupted(); });
}

}  // namespace opshost::cli
