// What the host itself costs: a typed call, parking and going on, wakes and timers, blocking threads; whether a million
// of them leave something behind; how late a deadline ends a script that spins.
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "tests/bench/report.hpp"
#include "tests/bench/script.hpp"

namespace opshost::bench {

namespace {

constexpr int kRepeats = 9;

std::int64_t add(std::string text, std::int64_t number) { return static_cast<std::int64_t>(text.size()) + number; }
Awaitable<std::int64_t> answer_at_once(std::int64_t number) { co_return number; }
Awaitable<std::int64_t> answer_from_thread(Call& call, std::int64_t number) {
  co_return co_await call.blocking().run(call, [number] { return number; });
}

void declare(lua::Module& module) {
  module.observe("add", add, {{"text", "any"}, {"number", "any"}}, "Two checked arguments");
  module.observe("answer_at_once", answer_at_once, {{"number", "any"}}, "Park, and go on with the answer");
  module.observe("answer_from_thread", answer_from_thread, {{"number", "any"}}, "The answer comes from a thread");
}

constexpr const char* kTypedCall = R"(
local add, result = require("bench").add, 0
for i = 1, tonumber(...) do result = add("abcdef", i) end)";
constexpr const char* kPlainCall = R"(
local add, result = plain_add, 0
for i = 1, tonumber(...) do result = add("abcdef", i) end)";
constexpr const char* kAnswerAtOnce = R"(
local answer, result = require("bench").answer_at_once, 0
for i = 1, tonumber(...) do result = answer(i) end)";
constexpr const char* kAnswerFromThread = R"(
local answer, result = require("bench").answer_from_thread, 0
for i = 1, tonumber(...) do result = answer(i) end)";
constexpr const char* kWake = R"(
local yield = natives.yield
for i = 1, tonumber(...) do yield() end)";
constexpr const char* kTimers = R"(
local group, sleep, fibers = natives.group(), natives.sleep, 1000
for _ = 1, fibers do
  natives.spawn(group, function(rounds)
    for _ = 1, rounds do sleep(0) end
  end, tonumber(...) / fibers)
end
natives.join(group, 0))";

// The alternatives ---------------------------------------------------------------------------------------------------

double lua_resume_ns(std::size_t count) {
  const std::unique_ptr<lua_State, void (*)(lua_State*)> state(luaL_newstate(), lua_close);
  luaJIT_setmode(state.get(), 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  luaL_openlibs(state.get());
  lua_State* coroutine = lua_newthread(state.get());
  luaL_loadstring(coroutine, "local yield = coroutine.yield while true do yield() end");
  const double before = thread_cpu();
  for (std::size_t i = 0; i < count; ++i) lua_resume(coroutine, 0);
  return (thread_cpu() - before) * 1e9 / static_cast<double>(count);
}

template <class Round>
double asio_ns(std::size_t count, Round round) {
  asio::io_context io{1};
  const double before = thread_cpu();
  for (std::size_t i = 0; i < count; ++i) {
    round(io);
    io.restart();
    io.run();
  }
  return (thread_cpu() - before) * 1e9 / static_cast<double>(count);
}

Awaitable<void> nothing() { co_return; }

double co_spawn_ns(std::size_t count) {
  return asio_ns(count, [](asio::io_context& io) { asio::co_spawn(io, nothing(), asio::detached); });
}

double post_ns(std::size_t count) {
  return asio_ns(count, [](asio::io_context& io) { asio::post(io, [] {}); });
}

double asio_timers_ns(std::size_t count) {
  asio::io_context io{1};
  std::vector<asio::steady_timer> timers;
  for (int i = 0; i < 1000; ++i) timers.emplace_back(io);
  const double before = thread_cpu();
  for (std::size_t round = 0; round < count / timers.size(); ++round) {
    for (auto& timer : timers) {
      timer.expires_at(Clock::now());
      timer.async_wait([](const boost::system::error_code&) {});
    }
    io.restart();
    io.run();
  }
  return (thread_cpu() - before) * 1e9 / static_cast<double>(count);
}

/// Hands a turn to another thread and waits for it to come back.
double two_threads_ns(std::size_t count) {
  std::mutex mutex;
  std::condition_variable changed;
  bool there = false;
  const auto bounce = [&](bool mine, std::size_t rounds) {
    for (std::size_t i = 0; i < rounds; ++i) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return there == mine; });
      there = !mine;
      changed.notify_one();
    }
  };
  const double before = process_cpu();
  std::thread other([&] { bounce(true, count); });
  bounce(false, count);
  other.join();
  return (process_cpu() - before) * 1e9 / static_cast<double>(count);
}

// The measurements
// -----------------------------------------------------------------------------------------------------

void measure_calls(Script& script, Report& report) {
  constexpr std::size_t kCalls = 1'000'000;
  const auto calls = least_of(kRepeats, {[&] { return script.thread_ns(kTypedCall, kCalls); },
                                         [&] { return script.thread_ns(kPlainCall, kCalls); }});
  report.add({.name = "typed call, two checked arguments, above a plain one",
              .value = calls[0] - calls[1],
              .target = 100,
              .unit = "ns",
              .beside = Alternative{"the plain lua_CFunction", calls[1]}});
}

void measure_waits(Script& script, Report& report) {
  constexpr std::size_t kWaits = 300'000;
  const auto waits =
      least_of(kRepeats, {[&] { return script.thread_ns(kAnswerAtOnce, kWaits); }, [] { return co_spawn_ns(kWaits); },
                          [&] { return script.thread_ns(kWake, kWaits); }, [] { return post_ns(kWaits); },
                          [&] { return script.thread_ns(kTimers, kWaits); }, [] { return asio_timers_ns(kWaits); }});
  report.add({.name = "park in a call and go on, through the loop",
              .value = waits[0],
              .target = 700,
              .unit = "ns",
              .beside = Alternative{"co_spawn of nothing", waits[1]}});
  report.add({.name = "wake a fiber",
              .value = waits[2],
              .target = 150,
              .unit = "ns",
              .beside = Alternative{"asio::post of nothing", waits[3]}});
  report.add({.name = "a timer, 1000 fibers asleep",
              .value = waits[4],
              .target = 150,
              .unit = "ns",
              .beside = Alternative{"asio::steady_timer, 1000", waits[5]}});
  report.remark("lua_resume and coroutine.yield alone: " + number_text(lua_resume_ns(kWaits)) + " ns");
}

void measure_threads(Script& script, Report& report) {
  constexpr std::size_t kCalls = 20'000;
  const auto threads = least_of(kRepeats, {[&] { return script.process_ns(kAnswerFromThread, kCalls) / 1e3; },
                                           [] { return two_threads_ns(kCalls) / 1e3; }});
  report.add({.name = "a call through a blocking thread, all threads",
              .value = threads[0],
              .target = 12,
              .unit = "us",
              .beside = Alternative{"two threads, one condition variable", threads[1]}});
}

double resident_kib() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "r"), std::fclose);
  long pages = 0;
  long resident = 0;
  if (!file || std::fscanf(file.get(), "%ld %ld", &pages, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

struct Memory {
  double resident;
  double vm;
};

Memory memory_after(Script& script, std::size_t rounds) {
  script.run(kAnswerAtOnce, rounds);
  script.run(kWake, rounds);
  lua_gc(script.runtime().vm().state(), LUA_GCCOLLECT, 0);
  return {resident_kib(), static_cast<double>(script.runtime().vm().allocator().used()) / 1024};
}

void measure_leaks(Script& script, Report& report) {
  const auto before = memory_after(script, 50'000);
  const auto after = memory_after(script, 500'000);
  report.add({.name = "1,000,000 times parked and gone on: resident memory",
              .value = after.resident - before.resident,
              .target = 256,
              .unit = "KiB more"});
  report.add({.name = "1,000,000 times parked and gone on: the Lua VM",
              .value = after.vm - before.vm,
              .target = 4,
              .unit = "KiB more"});
}

/// How long after its deadline of 50 ms the block ended.
double overrun_ms(Script& script, const std::string& block) {
  const double before = wall();
  const auto code = script.error_of("require('ops').deadline(0.05, function() " + block + " end)");
  if (code != "deadline.exceeded") {
    std::fprintf(stderr, "bench: %s ended with %s, not by its deadline\n", block.c_str(), code.c_str());
    std::exit(2);
  }
  return (wall() - before - 0.05) * 1e3;
}

void measure_deadlines(Script& script, Report& report) {
  const std::vector<std::pair<const char*, const char*>> blocks = {
      {"a loop", "while true do end"},
      {"pcall in a loop", "while true do pcall(error, 'again') end"},
      {"a pattern that backtracks", "string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40))"},
      {"string.rep in a loop", "while true do local _ = ('abc'):rep(2e7) end"},
      {"table.sort in a loop", "while true do local t = {} for i = 1, 1e5 do t[i] = -i end table.sort(t) end"},
  };
  for (const auto& [name, block] : blocks) {
    std::vector<double> overruns;
    for (int i = 0; i < 5; ++i) overruns.push_back(overrun_ms(script, block));
    report.add(
        {.name = std::string("a deadline ends ") + name, .value = median(overruns), .target = 100, .unit = "ms"});
  }
}

}  // namespace

}  // namespace opshost::bench

int main() {
  using namespace opshost::bench;
  Script script(declare);
  Report report("host, CPU time of one");
  measure_calls(script, report);
  measure_waits(script, report);
  measure_threads(script, report);
  measure_leaks(script, report);
  measure_deadlines(script, report);
  return report.exit_code();
}
