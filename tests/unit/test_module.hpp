#pragma once
// The binding `bench`: every kind of function, parameter and result a declaration may have, and calls that end when and
// how a test wants them to.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "host/base/size.hpp"
#include "host/lua/module.hpp"

namespace opshost::test {

using namespace std::chrono_literals;

enum class Color : std::uint8_t { red, green };
OPSHOST_ENUM(Color, "What it looks like", (red, "red"), (green, "green"))

enum class Every : std::uint8_t { all };
OPSHOST_ENUM(Every, "No choice", (all, "all"))

struct Owner {
  std::string name;
  std::int32_t age = 0;
  std::optional<std::string> mail;
};
OPSHOST_RECORD(Owner, "Who it belongs to", (name, "full name", required), (age, "in years"), (mail, "address"))

using Choice = std::variant<std::vector<std::int64_t>, Every>;

/// A field of every type.
struct Everything {
  bool boolean = false;
  std::int8_t tiny = 0;
  std::uint16_t small = 0;
  std::int64_t integer = 0;
  std::uint64_t counter = 0;
  double number = 0;
  std::string string;
  Duration duration{};
  Size size;
  Color color = Color::red;
  std::optional<std::int64_t> optional;
  std::vector<std::string> list;
  std::map<std::string, std::string> env;
  std::vector<Owner> owners;
  std::map<std::string, std::vector<std::int32_t>> groups;
  Choice choice;
  Value any;
};
OPSHOST_RECORD(Everything, "A field of every type", (boolean, ""), (tiny, ""), (small, ""), (integer, ""),
               (counter, ""), (number, ""), (string, ""), (duration, ""), (size, ""), (color, ""), (optional, ""),
               (list, ""), (env, ""), (owners, ""), (groups, ""), (choice, ""), (any, ""))

struct ChangeOptions {
  Duration timeout = 30s;
  bool repeatable = false;
  Callback<std::string> on_line;
};
OPSHOST_RECORD(ChangeOptions, "How to change it", (timeout, "how long to wait"), (repeatable, "may be sent again"),
               (on_line, "called with every line"))

struct Stopping {
  Duration grace{};
};
OPSHOST_RECORD(Stopping, "How to stop it", (grace, "time to stop by itself"))

class Thing;

/// What a change returns.
struct Report {
  std::string output;
  std::int64_t count = 0;
  bool changed = false;
  std::optional<std::string> note;
  Owner owner;
  std::vector<std::string> list;
  Color color = Color::red;
  std::shared_ptr<Thing> thing;
};
OPSHOST_RECORD(Report, "What came of it", (output, "its output"), (count, "how many"), (changed, "whether"),
               (note, "what else"), (owner, "whose"), (list, "which"), (color, "how it looks"), (thing, "it"))

/// What the functions of `bench` do and saw. Set one up before a runtime runs; functions find it by `Bench::current`.
struct Bench {
  Bench();
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  static Bench* current;

  std::vector<std::string> log;                                      ///< what was sent, said and written down, in order
  std::map<std::string, std::shared_ptr<asio::steady_timer>> gates;  ///< what `wait` and `hang` wait for
  int things = 0;                                                    ///< alive
  int streams = 0;                                                   ///< open
  std::atomic<int> thread_may_end{0};
  std::atomic<int> threads_ended{0};
  std::function<void(Call&)> during_wait;  ///< called once `wait` waits
};

class Thing {
 public:
  explicit Thing(std::string name);
  ~Thing();
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;

  [[nodiscard]] std::string subject() const { return "thing " + name_; }
  [[nodiscard]] std::string name() const { return name_; }
  Awaitable<std::string> work(Call& call);
  Awaitable<Report> stop(Call& call, Stopping options);
  Awaitable<void> erase(Call& call);
  void close();

 private:
  std::string name_;
};

void declare_bench(lua::Module& module);

}  // namespace opshost::test
