// Waiting for a person while the loop goes on.
#include "host/cli/ask.hpp"

#include "pseudo_terminal.hpp"
#include "test_runtime.hpp"

using opshost::cli::wait_for_input;
using opshost::test::PseudoTerminal;
using opshost::test::TestRuntime;
using namespace std::chrono_literals;

TEST_CASE("what the loop has to do is done while a person types") {
  TestRuntime test;
  const PseudoTerminal terminal;
  auto& scheduler = test.runtime.scheduler();
  opshost::asio::steady_timer keep_alive(scheduler.io(), 5ms);
  int pings = 0;
  std::function<void(const boost::system::error_code&)> ping = [&](const boost::system::error_code& ended) {
    if (ended) return;
    if (++pings == 3) return terminal.type("1 + 1\n");
    keep_alive.expires_after(5ms);
    keep_alive.async_wait(ping);
  };
  keep_alive.async_wait(ping);
  wait_for_input(scheduler, terminal.program());
  CHECK(pings == 3);
  // A line that is there already, and the end of the input.
  wait_for_input(scheduler, terminal.program());
}

TEST_CASE("an interruption ends the wait for input") {
  TestRuntime test;
  const PseudoTerminal terminal;
  auto& scheduler = test.runtime.scheduler();
  opshost::asio::post(scheduler.io(), [&scheduler] { scheduler.interrupt_all(1s); });
  wait_for_input(scheduler, terminal.program());
  CHECK(scheduler.interrupted());
}
