#include "test_module.hpp"

#include <stdexcept>
#include <thread>

#include "host/fiber/blocking.hpp"

namespace opshost::test {

Bench* Bench::current = nullptr;

Bench::Bench() { current = this; }
Bench::~Bench() { current = nullptr; }

namespace {

Bench& bench() { return *Bench::current; }
void note(std::string what) { bench().log.push_back(std::move(what)); }

template <class T>
T echo(T value) {
  return value;
}
template <class T>
Awaitable<T> echo_later(Call& call, T value) {
  co_await asio::post(call.executor(), asio::use_awaitable);
  co_return value;
}

std::int64_t secret_length(Secret secret) { return static_cast<std::int64_t>(secret.reveal().size()); }
Secret make_secret(std::string text) { return {std::move(text), "test"}; }
void two(std::int64_t, std::optional<std::string>) {}
void say(std::string text) { note(std::move(text)); }

std::shared_ptr<Thing> open(std::string name) { return std::make_shared<Thing>(std::move(name)); }
std::string name_of(std::shared_ptr<Thing> thing) { return thing->name(); }

/// Until the gate of that name opens or the call is stopped.
Awaitable<void> until_open(Call& call, std::string name, bool heeds_stop) {
  auto gate = std::make_shared<asio::steady_timer>(call.executor(), TimePoint::max());
  bench().gates[name] = gate;
  StopToken::Reaction reaction;
  if (heeds_stop) reaction = call.stop().on_stop([gate] { gate->cancel(); });
  if (bench().during_wait) std::exchange(bench().during_wait, nullptr)(call);
  boost::system::error_code opened;
  co_await gate->async_wait(asio::redirect_error(asio::use_awaitable, opened));
}

Awaitable<std::string> wait(Call& call, std::string name) {
  co_await until_open(call, name, true);
  if (call.stop().stopped()) throw Error("bench.stopped", "the wait for " + name + " was cut off");
  co_return name;
}

Awaitable<void> hang(Call& call, std::string name) { co_await until_open(call, name, false); }

bool open_gate(std::string name) {
  const auto gate = bench().gates.find(name);
  if (gate == bench().gates.end()) return false;
  gate->second->cancel();
  return true;
}

Awaitable<std::string> at_once(Call&) { co_return "at once"; }

Awaitable<void> fail(Call& call, std::string how) {
  if (how == "typed") {
    throw Error("bench.broken", "the bench is broken; mend it").on("bench-1").retryable().with(ValueMap{{"legs", 3}});
  }
  if (how == "later") co_await asio::post(call.executor(), asio::use_awaitable);
  throw std::runtime_error("woodworm " + how);
}
std::string fail_at_once(std::string how) { throw std::runtime_error("termites " + how); }

Awaitable<std::string> on_thread(Call& call) {
  auto* const shared = Bench::current;
  co_return co_await call.blocking().run(call, [shared] {
    while (shared->thread_may_end.load() == 0) std::this_thread::yield();
    ++shared->threads_ended;
    return std::string("from the thread");
  });
}

Awaitable<std::string> look(Call&, std::string path) {
  note("look " + path);
  if (path == "/missing") throw Error("bench.not_found", "nothing is at " + path);
  co_return "contents of " + path;
}
Awaitable<bool> is_there(Call&, std::string path) {
  if (path == "/missing") throw Error("bench.not_found", "nothing is at " + path);
  co_return true;
}
std::string glance(std::string path) { return "glance at " + path; }

Awaitable<Report> put(Call& call, std::string path, std::string text, ChangeOptions options) {
  note("put " + path);
  call.note("inode", std::int64_t{71});
  if (text == "wait") co_await until_open(call, path, true);
  if (text == "hang") co_await until_open(call, path, false);
  if (call.stop().stopped()) throw Error("bench.cut_off", "the connection went");
  if (text == "throw") throw std::runtime_error("termites");
  if (text == "fail") throw Error("bench.broken", "the bench is broken; mend it");
  if (options.on_line) {
    co_await options.on_line(call, "first");
    co_await options.on_line(call, "second");
  }
  note("put " + path + " done");
  Report report;
  report.output = std::move(text);
  report.count = 1;
  report.changed = true;
  report.owner.name = "me";
  report.list.emplace_back("a");
  report.thing = std::make_shared<Thing>("made");
  co_return report;
}
Awaitable<std::shared_ptr<Thing>> make(Call&, std::string name) {
  note("make " + name);
  if (name == "fail") throw Error("bench.broken", "the bench is broken; mend it");
  if (name == "exit") throw Error("bench.exit", "the saw ended with exit code 3");
  if (name == "lost") throw Error("bench.broken", "the answer was lost").maybe_applied();
  co_return open(std::move(name));
}
Awaitable<std::optional<std::string>> swap(Call&, std::string path) {
  note("swap " + path);
  co_return std::nullopt;
}
Awaitable<void> wipe(Call&, std::string path) {
  note("wipe " + path);
  co_return;
}

Awaitable<std::int64_t> lines(Call& call, std::vector<std::string> texts, Callback<std::string> on_line,
                              std::optional<ChangeOptions> options) {
  (void)options;
  std::int64_t given = 0;
  for (auto& text : texts) {
    co_await on_line(call, std::move(text));
    ++given;
  }
  co_return given;
}

/// Two parts of one call hand out lines at the same time.
Awaitable<void> both(Call& call, Callback<std::string> on_line) {
  asio::steady_timer ended(call.executor(), TimePoint::max());
  int left = 2;
  const auto part = [](Call& of, Callback<std::string> give, std::string name) -> Awaitable<void> {
    co_await give(of, name + "1");
    co_await give(of, name + "2");
  };
  const auto count_down = [&](const std::exception_ptr&) {
    if (--left == 0) ended.cancel();
  };
  asio::co_spawn(call.executor(), part(call, on_line, "a"), count_down);
  asio::co_spawn(call.executor(), part(call, on_line, "b"), count_down);
  while (left > 0) {
    boost::system::error_code cancelled;
    co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  if (call.stop().stopped()) throw Error("bench.stopped", "stopped");
}

/// Counts itself as open until the last copy is gone.
struct OpenStream {
  OpenStream() { ++bench().streams; }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;
  ~OpenStream() {
    if (Bench::current != nullptr) --Bench::current->streams;
  }
  std::int64_t given = 0;
};

/// 1 to `last`; `how` says how a step is answered.
Stream<std::int64_t> count(std::int64_t last, std::string how) {
  return Stream<std::int64_t>(
      [open = std::make_shared<OpenStream>(), last, how](Call& call) -> Awaitable<std::optional<std::int64_t>> {
        const auto self = open;
        if (self->given == last) co_return std::nullopt;
        const auto next = ++self->given;
        if (how == "wait" && next == 2) co_await until_open(call, "stream", true);
        if (call.stop().stopped()) throw Error("bench.stopped", "cut off");
        if (how == "fail" && next == 2) throw Error("bench.broken", "the bench is broken; mend it");
        co_return next;
      });
}
Awaitable<Stream<std::string>> words(Call&, std::vector<std::string> texts) {
  auto left = std::make_shared<std::vector<std::string>>(texts.rbegin(), texts.rend());
  co_return Stream<std::string>([left](Call& call) -> Awaitable<std::optional<std::string>> {
    co_await asio::post(call.executor(), asio::use_awaitable);
    if (left->empty()) co_return std::nullopt;
    auto text = std::move(left->back());
    left->pop_back();
    co_return text;
  });
}

template <class T>
void add_echo(lua::Module& module, const char* name) {
  module.observe(name, echo<T>, {{"value", "what comes back"}}, "Give it back");
}

void declare_conversions(lua::Module& module) {
  add_echo<bool>(module, "boolean");
  add_echo<std::int8_t>(module, "int8");
  add_echo<std::uint8_t>(module, "uint8");
  add_echo<std::int32_t>(module, "int32");
  add_echo<std::int64_t>(module, "int64");
  add_echo<std::uint64_t>(module, "uint64");
  add_echo<double>(module, "number");
  add_echo<std::string>(module, "string");
  add_echo<Duration>(module, "duration");
  add_echo<Size>(module, "size");
  add_echo<Color>(module, "color");
  add_echo<std::optional<std::int64_t>>(module, "optional");
  add_echo<std::vector<std::string>>(module, "list");
  add_echo<std::map<std::string, std::string>>(module, "map");
  add_echo<Choice>(module, "choice");
  add_echo<Value>(module, "any");
  add_echo<Owner>(module, "owner");
  module.observe("everything", echo<Everything>, {{"options", "all of it"}}, "Give it back");
  module.observe("everything_later", echo_later<Everything>, {{"options", "all of it"}}, "Give it back");
  module.observe("secret", make_secret, {{"text", "its value"}}, "Hide it");
  module.observe("secret_length", secret_length, {{"secret", "it"}}, "Count its bytes");
  module.observe("two", two, {{"first", "a"}, {"second", "b"}}, "Take two");
}

void declare_calls(lua::Module& module) {
  module.observe("say", say, {{"text", "it"}}, "Note it");
  module.observe("open_gate", open_gate, {{"name", "which"}}, "Let go on what waits there");
  module.observe("at_once", at_once, {}, "Answer at once");
  module.observe("wait", wait, {{"name", "the gate"}}, "Wait at a gate", lua::Timeout{20s});
  module.observe("hang", hang, {{"name", "the gate"}}, "Wait at a gate, whatever is asked", lua::Timeout{20s});
  module.observe("fail", fail, {{"how", "typed, later or at once"}}, "Fail");
  module.observe("fail_at_once", fail_at_once, {{"how", "why"}}, "Fail");
  module.observe("on_thread", on_thread, {}, "Work on a thread");
  module.observe("look", look, {{"path", "what"}}, "Look at it", lua::Touches{"the bench", 1});
  module.observe("is_there", is_there, {{"path", "what"}}, "Whether it is there", lua::Touches{"the bench", 1});
  module.observe("glance", glance, {{"path", "what"}}, "Look at it at once", lua::Touches{"the bench", 1});
  module.change("put", put, {{"path", "where"}, {"text", "what"}, {"options", "how"}}, "Put it there",
                lua::Repeatable{}, lua::Touches{"the bench", 1});
  module.change("make", make, {{"name", "how it is called"}}, "Make a thing");
  module.change("swap", swap, {{"path", "where"}}, "Give back what was there", lua::Touches{"the bench", 1});
  module.destroy("wipe", wipe, {{"path", "where"}}, "Wipe it", lua::Touches{"the bench", 1});
  module.observe("lines", lines, {{"texts", "them"}, {"on_line", "called with each"}, {"options", "how"}},
                 "Hand out the lines");
  module.observe("both", both, {{"on_line", "called with each"}}, "Hand out lines from two sides");
  module.observe("count", count, {{"last", "how far"}, {"how", "plain, wait or fail"}}, "Count");
  module.observe("words", words, {{"texts", "them"}}, "One after the other");
}

}  // namespace

Thing::Thing(std::string name) : name_(std::move(name)) { ++bench().things; }
Thing::~Thing() {
  if (Bench::current != nullptr) --Bench::current->things;
}
Awaitable<std::string> Thing::work(Call& call) {
  co_await until_open(call, name_, true);
  if (call.stop().stopped()) throw Error("bench.stopped", "stopped");
  co_return name_ + " worked";
}
Awaitable<Report> Thing::stop(Call&, Stopping options) {
  note("stop " + name_ + " within " + format_duration(options.grace));
  co_return Report{};
}
Awaitable<void> Thing::erase(Call&) {
  note("erase " + name_);
  co_return;
}
void Thing::close() {
  note("close " + name_);
  if (name_ == "stuck") throw Error("bench.stuck", "it does not close");
  if (name_ == "rotten") throw std::runtime_error("fungus");
}

void declare_bench(lua::Module& module) {
  module.type<Thing>("Thing", "Something on the bench", &Thing::subject)
      .observe("name", &Thing::name, {}, "How it is called")
      .observe("work", &Thing::work, {}, "Work until its gate opens")
      .change("stop", &Thing::stop, {{"options", "how"}}, "Stop it", lua::Repeatable{})
      .destroy("erase", &Thing::erase, {}, "Erase it")
      .closes(&Thing::close);
  module.observe("open", open, {{"name", "how it is called"}}, "A thing");
  module.observe("name_of", name_of, {{"thing", "it"}}, "How it is called");
  declare_conversions(module);
  declare_calls(module);
  module.error("bench.broken", "the bench is broken", "mend it");
  module.error("bench.timeout", "the bench took too long", "wait longer");
}

}  // namespace opshost::test
