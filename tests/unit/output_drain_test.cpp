// What is printed for a reader that is slower than the script.
#include "host/fiber/output_drain.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "host/base/secret.hpp"
#include "test_runtime.hpp"

using opshost::Descriptor;
using opshost::Output;
using opshost::fiber::OutputDrain;
using opshost::test::TestRuntime;

namespace {

/// A pipe somebody may read from, and what is printed into it.
class SlowReader {
 public:
  SlowReader() {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    reader_ = Descriptor(ends[0]);
    writer_ = Descriptor(ends[1]);
    output.emplace(writer_.get(), "the pipe");
  }

  std::optional<Output> output;

  /// What is there now, at least a byte of it.
  std::string read_some() {
    std::string text(1U << 16U, '\0');
    const auto got = ::read(reader_.get(), text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  void leave() { reader_.reset(); }
  [[nodiscard]] bool blocks() const { return (fcntl(writer_.get(), F_GETFL) & O_NONBLOCK) == 0; }

 private:
  Descriptor reader_;
  Descriptor writer_;
};

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("a reader that stands still holds up nothing, and gets everything in order once it reads") {
  TestRuntime test;
  SlowReader slow;
  OutputDrain drain(test.runtime.scheduler(), *slow.output);
  const auto text = numbered_lines(30000);
  CHECK(drain.offer(text));
  CHECK(drain.offer("more\n"));
  CHECK(slow.output->kept() > 0);
  CHECK(slow.blocks());  // others share the mode of what we were given
  std::string seen;
  while (seen.size() < text.size() + 5) {
    seen += slow.read_some();
    if (slow.output->kept() == 0) continue;
    const auto before = slow.output->kept();
    test.runtime.scheduler().run_until([&] { return slow.output->kept() < before; });
  }
  CHECK(seen == text + "more\n");
}

TEST_CASE("who prints more than is kept waits until the reader has it") {
  TestRuntime test;
  SlowReader slow;
  OutputDrain drain(test.runtime.scheduler(), *slow.output);
  const std::string much(OutputDrain::kMostKept + (1U << 17U), 'x');
  CHECK_FALSE(drain.offer(much));
  const auto waiter = drain.wait();
  CHECK(waiter->what() == "the reader of stdout");
  std::size_t seen = 0;
  while (seen < much.size()) {
    seen += slow.read_some().size();
    const auto before = slow.output->kept();
    if (before > 0) test.runtime.scheduler().run_until([&] { return slow.output->kept() < before; });
  }
  CHECK(drain.offer("y\n"));
  CHECK(slow.read_some() == "y\n");
}

TEST_CASE("a reader that leaves ends it, with what was kept for it") {
  TestRuntime test;
  SlowReader slow;
  OutputDrain drain(test.runtime.scheduler(), *slow.output);
  CHECK(drain.offer(std::string(1U << 18U, 'x')));
  slow.leave();
  test.runtime.scheduler().run_until([&] { return slow.output->is_dropped(); });
  CHECK(slow.output->kept() == 0);
  CHECK(drain.offer("into nothing"));
}

TEST_CASE("what is written after what is kept comes after it") {
  SlowReader slow;
  const std::string much(1U << 17U, 'x');
  slow.output->offer(much);
  CHECK(slow.output->kept() > 0);
  std::string seen = slow.read_some();
  std::thread reading([&] {
    while (!seen.ends_with("end")) seen += slow.read_some();
  });
  slow.output->write("end");  // waits for the reader
  reading.join();
  CHECK(slow.output->kept() == 0);
  CHECK(seen == much + "end");
}

TEST_CASE("a reader that takes nothing is not waited for where nobody has the time") {
  SlowReader slow;
  slow.output->offer(std::string(1U << 17U, 'x'));
  slow.output->flush_within(std::chrono::milliseconds(20));
  CHECK(slow.output->is_dropped());
  CHECK(slow.output->kept() == 0);
}

TEST_CASE("an unfinished line waits for its end, or until the script waits, so that no secret is halved") {
  const opshost::Secret secret("wJ8-open-sesame", "test");
  TestRuntime test;
  SlowReader slow;
  OutputDrain drain(test.runtime.scheduler(), *slow.output);
  CHECK(drain.offer("a wJ8-open"));
  CHECK(slow.output->holds_back());
  CHECK(drain.offer("-sesame b\nrest "));
  CHECK(slow.read_some() == "a *** b\n");
  CHECK(slow.output->holds_back());
  test.runtime.scheduler().run_until([&] { return !slow.output->holds_back(); });
  CHECK(slow.read_some() == "rest ");
  // What is written without waiting for the loop takes it along, in order; so does the end.
  slow.output->offer("wJ8-open");
  slow.output->write("-sesame.");
  CHECK(slow.read_some() == "***.");
  slow.output->offer("end");
  slow.output->flush_within(std::chrono::seconds(10));
  CHECK(slow.read_some() == "end");
  // A line without an end is let go at some length.
  slow.output->offer(std::string(70000, 'x'));
  CHECK_FALSE(slow.output->holds_back());
}
