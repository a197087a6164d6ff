#include "host/log/error_output.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "host/base/descriptor.hpp"

using opshost::Descriptor;
using opshost::ErrorOutput;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    reader = Descriptor(ends[0]);
    writer = Descriptor(ends[1]);
  }
  Descriptor reader;
  Descriptor writer;
};

/// Everything until the end that `text` is.
std::string read_to(const Descriptor& reader, const std::string& text) {
  std::string all;
  std::array<char, 65536> piece{};
  while (!all.ends_with(text)) {
    const auto count = read(reader.get(), piece.data(), piece.size());
    if (count <= 0) break;
    all.append(piece.data(), static_cast<std::size_t>(count));
  }
  return all;
}

}  // namespace

TEST_CASE("a reader that stands still keeps no writer waiting, and gets everything in order") {
  const Pipe pipe;
  ErrorOutput output(pipe.writer.get());
  std::string all;
  for (int i = 0; i < 5000; ++i) {
    const std::string line = std::to_string(i) + std::string(100, '.') + "\n";
    output.write(line);
    all += line;
  }
  output.flush_within(1ms);
  CHECK(read_to(pipe.reader, "4999" + std::string(100, '.') + "\n") == all);
  output.flush();
}

TEST_CASE("what is too much to keep is lost, and the reader is told how much") {
  const Pipe pipe;
  ErrorOutput output(pipe.writer.get());
  const std::string block(ErrorOutput::kMostKept / 2, 'x');
  for (int i = 0; i < 8; ++i) output.write(block);
  const std::string all = read_to(pipe.reader, "messages are lost: nobody read them\n");
  CHECK(all.find("\nopshost: ") == std::string::npos);
  CHECK(all.size() < 5 * block.size());
  CHECK(all.ends_with(" messages are lost: nobody read them\n"));
  output.flush();
}

TEST_CASE("a reader that is gone ends nothing") {
  Pipe pipe;
  ErrorOutput output(pipe.writer.get());
  output.write(std::string(200'000, 'x'));
  pipe.reader = Descriptor();
  output.flush();
  output.write("more");
  output.flush();
}
