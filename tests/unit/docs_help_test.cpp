#include <doctest/doctest.h>

#include <algorithm>

#include "host/docs/help.hpp"
#include "tests/unit/docs_sample_module.hpp"

using opshost::docs::builtin_topics;
using opshost::docs::Catalog;
using opshost::docs::Help;
using opshost::docs::TextStyle;
using opshost::docs::Tone;

namespace {

const Catalog& catalog() {
  static const Catalog all(opshost::docs::sample::modules(), opshost::docs::sample::common_errors(), builtin_topics());
  return all;
}

Help help(const std::vector<std::string>& words, std::size_t width = 80) {
  return opshost::docs::help(catalog(), words, TextStyle{.width = width});
}

}  // namespace

TEST_CASE("help on a module") {
  const Help answer = help({"machine"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(machine: Programs of this machine

  require "machine"

Programs run without a shell.

A result is kept:

- its output
- its exit code

Functions
  machine.read       observe  Run a program that only looks, and wait for its
                              end
  machine.start_job  change   Start a program and leave it running
  machine.list       observe  Every job of this run

Job: One running program
  Job:stop    change   End it gracefully
  Job:delete  destroy  Take away all it left behind

Records and choices
  ReadOptions    record  How to run a program
  JobResult      record  How a program ended
  Shape          choice  How output is kept
  StopOptions    record  How to stop a job
  TimeoutDetail  record  What a wait saw

Errors
  machine.failed   the program ended with a code that was not accepted
  machine.timeout  the program did not end in time

Example
  local machine = require "machine"
  machine.read({"true"})
)text");
}

TEST_CASE("help on a function") {
  const Help answer = help({"machine.read"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(machine.read(argv, options?) -> JobResult

Run a program that only looks, and wait for its end.

Parameters
  argv          string[]               the program and its arguments
  options       ReadOptions            How to run a program
    timeout     duration               how long to wait for its end (default
                                       "1m")
    cwd         string?                directory it starts in
    env         table<string, string>  added to the environment
    max_output  size                   kept of its output, the tail (default
                                       "1MiB")
    shape       Shape                  what `stdout` becomes (one of "lines",
                                       "whole"; default "whole")

Returns
  JobResult: How a program ended
  exit_code  integer  0 where it succeeded
  stdout     string   what it printed
  signal     string?  what killed it

What it does
  effect  only reads
  time    waits at most 1m, or as long as `timeout` says

Raises
  machine.failed   the program ended with a code that was not accepted
  machine.timeout  the program did not end in time
  and what every call that waits may raise: see `opshost help error`

Example
  local machine = require "machine"
  print(machine.read({"uname"}).stdout)
)text");
}

TEST_CASE("help on a function on a narrow terminal") {
  const Help answer = help({"machine.read"}, 50);
  CHECK(answer.found);
  CHECK(answer.text == R"text(machine.read(argv, options?) -> JobResult

Run a program that only looks, and wait for its
end.

Parameters
  argv          string[]
      the program and its arguments
  options       ReadOptions
      How to run a program
    timeout     duration
        how long to wait for its end (default
        "1m")
    cwd         string?
        directory it starts in
    env         table<string, string>
        added to the environment
    max_output  size
        kept of its output, the tail (default
        "1MiB")
    shape       Shape
        what `stdout` becomes (one of "lines",
        "whole"; default "whole")

Returns
  JobResult: How a program ended
  exit_code  integer  0 where it succeeded
  stdout     string   what it printed
  signal     string?  what killed it

What it does
  effect  only reads
  time    waits at most 1m, or as long as
          `timeout` says

Raises
  machine.failed   the program ended with a code
                   that was not accepted
  machine.timeout  the program did not end in time
  and what every call that waits may raise: see
  `opshost help error`

Example
  local machine = require "machine"
  print(machine.read({"uname"}).stdout)
)text");
}

TEST_CASE("help on a method that changes something") {
  const Help answer = help({"Job:stop"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(Job:stop(options)

End it gracefully.

Parameters
  options   StopOptions  How to stop a job
    reason  string       kept in the journal (required)
    grace   duration     time to exit before SIGKILL (default "10s")

What it does
  effect  changes the job; safe to send again
  time    waits at most 15s and the `grace`

Raises
  machine.timeout  the program did not end in time
  and what every call that waits may raise: see `opshost help error`
)text");
}

TEST_CASE("help on a method that destroys") {
  const Help answer = help({"Job:delete"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(Job:delete()

Take away all it left behind.

What it does
  effect  destroys what cannot be put back (the job); not safe to send twice
)text");
}

TEST_CASE("help on a function that gives an iterator") {
  const Help answer = help({"machine.list"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(machine.list() -> stream<Job>

Every job of this run.

Returns
  an iterator of Job

What it does
  effect  only reads
)text");
}

TEST_CASE("help on a handle") {
  const Help answer = help({"Job"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(machine.Job: One running program

Methods
  Job:stop    change   End it gracefully
  Job:delete  destroy  Take away all it left behind

Used by
  machine.start_job, machine.list
)text");
}

TEST_CASE("help on a record a script writes") {
  const Help answer = help({"ReadOptions"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(machine.ReadOptions: How to run a program

Fields
  timeout     duration               how long to wait for its end (default "1m")
  cwd         string?                directory it starts in
  env         table<string, string>  added to the environment
  max_output  size                   kept of its output, the tail (default
                                     "1MiB")
  shape       Shape                  what `stdout` becomes (one of "lines",
                                     "whole"; default "whole")

Used by
  machine.read
)text");
}

TEST_CASE("help on a record a script reads") {
  const Help answer = help({"JobResult"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(machine.JobResult: How a program ended

Fields
  exit_code  integer  0 where it succeeded
  stdout     string   what it printed
  signal     string?  what killed it

Used by
  machine.read
)text");
}

TEST_CASE("help on a choice") {
  const Help answer = help({"Shape"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(machine.Shape: How output is kept

  one of "lines", "whole"

Used by
  machine.read
)text");
}

TEST_CASE("help on all errors") {
  const Help answer = help({"error"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(opshost help error CODE explains one of them.

Any call that waits
  cancelled  the group this call belongs to was stopped

machine
  machine.failed   the program ended with a code that was not accepted
  machine.timeout  the program did not end in time
)text");
}

TEST_CASE("help on one error") {
  const Help answer = help({"error", "machine.timeout"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(Error machine.timeout

What it means
  The program did not end in time.

What to do
  Give it more time, or find out why it hangs.

In err.detail
  seen  string  the last state

Raised by
  machine.read, Job:stop
)text");
}

TEST_CASE("the first page shows a whole script, the modules and the topics") {
  const Catalog small(opshost::docs::sample::modules(), {});
  CHECK(opshost::docs::help(small, {}, TextStyle{}).text ==
        R"text(opshost runs Lua scripts that look after machines and clusters.

Run a command on this machine and look at its output
  Save this as kernel.lua:

      local machine = require "local"

      local result = machine.read({"uname", "-r"})
      print("kernel: " .. result.stdout)

  Then:

  opshost check kernel.lua  look for mistakes; runs nothing
  opshost plan kernel.lua   show what it would change; changes nothing
  opshost run kernel.lua    run it

  `read` is for programs that only look; `run` is for programs that change
  something, and a plan shows those without running them. A program that fails
  raises an error with its output.

Modules
  machine  Programs of this machine

More
  opshost help error CODE  what an error means, and what to do
  opshost --help           the commands and their options
)text");
  for (const auto& topic : builtin_topics()) CHECK(help({}).text.find("\n  " + topic.name + " ") != std::string::npos);
}

TEST_CASE("a bare function name is enough where only one has it") {
  CHECK(help({"start_job"}).text == help({"machine.start_job"}).text);
  CHECK(help({"machine.Job.stop"}).text == help({"Job:stop"}).text);
  CHECK(help({"machine.Job:stop"}).text == help({"Job:stop"}).text);
  CHECK(help({"machine.ReadOptions"}).text == help({"ReadOptions"}).text);
}

TEST_CASE("a bare function name that several have lists them") {
  std::vector<opshost::ModuleInfo> two(2, opshost::docs::sample::modules()[0]);
  auto again = *two[1].functions[0];
  two[1] = {.name = "other", .summary = "Another"};
  again.module = "other";
  two[1].functions = {std::make_shared<const opshost::FunctionInfo>(again)};
  const Catalog both(two, {});
  const std::vector<std::string> words{"read"};
  CHECK(opshost::docs::help(both, words, TextStyle{}).text ==
        "Several functions are called read:\n"
        "\n"
        "  machine.read  observe  Run a program that only looks, and wait for its end\n"
        "  other.read    observe  Run a program that only looks, and wait for its end\n");
}

TEST_CASE("an unknown name gives the nearest one") {
  const Help wrong = help({"machine.raed"});
  CHECK_FALSE(wrong.found);
  CHECK(wrong.text ==
        "opshost help: no help on \"machine.raed\"; did you mean \"machine.read\"?\n"
        "opshost help lists modules and topics\n");
  CHECK(help({"zzzzzzzzzz"}).text ==
        "opshost help: no help on \"zzzzzzzzzz\"\nopshost help lists modules and topics\n");
  CHECK(help({"error", "machine.timout"}).text ==
        "opshost help: no error \"machine.timout\"; did you mean \"machine.timeout\"?\n"
        "opshost help error lists them all\n");
  CHECK(help({"duration"}).text ==
        "opshost help: no help on \"duration\"; did you mean \"durations\"?\n"
        "opshost help lists modules and topics\n");
}

TEST_CASE("words that are nobody's name find what speaks of them") {
  const Help answer = help({"START", "program", "LEAVE"});
  CHECK(answer.found);
  CHECK(answer.text == R"text(Nothing is called "START program LEAVE"; these speak of it:

  machine.start_job  change  Start a program and leave it running
)text");
  CHECK_FALSE(help({"eave", "program"}).found);
  const Help many = help({"a"});
  CHECK(std::count(many.text.begin(), many.text.end(), '\n') > 20);
  CHECK(many.text.ends_with(" more; say it with more words\n"));
}

TEST_CASE("a code is explained without the word error too") {
  CHECK(help({"machine.timeout"}).text == help({"error", "machine.timeout"}).text);
}

TEST_CASE("a topic of two words is found however it is written") {
  CHECK(help({"exit", "codes"}).text == help({"exit-codes"}).text);
  CHECK(help({"Exit_Codes"}).text == help({"exit-codes"}).text);
  CHECK(help({"exit-codes"}).text.find("\n- 124: The run's deadline was reached. Resume the run, with more time.\n") !=
        std::string::npos);
}

TEST_CASE("no line of any topic is wider than the terminal, unless it is code") {
  for (const auto& topic : builtin_topics()) {
    const std::string text = help({topic.name}, 60).text;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      CAPTURE(line);
      CHECK((line.size() <= 60 || line.starts_with("  ")));
      at = end + 1;
    }
  }
}

TEST_CASE("colour comes from the callback alone and never changes the columns") {
  TextStyle style;
  style.paint = [](Tone tone, std::string_view text) {
    return std::string(tone == Tone::heading ? "<" : "[") + std::string(text) + (tone == Tone::heading ? ">" : "]");
  };
  const std::vector<std::string> words{"JobResult"};
  CHECK(opshost::docs::help(catalog(), words, style).text ==
        "machine.JobResult: How a program ended\n"
        "\n"
        "<Fields>\n"
        "  [exit_code]  [integer]  0 where it succeeded\n"
        "  [stdout]     [string]   what it printed\n"
        "  [signal]     [string?]  what killed it\n"
        "\n"
        "<Used by>\n"
        "  machine.read\n");
}
