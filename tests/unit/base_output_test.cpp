#include "host/base/output.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace opshost;

namespace {

std::vector<std::string> lines_of(LineSplitter& splitter) {
  std::vector<std::string> lines;
  while (auto line = splitter.next()) lines.push_back(std::move(*line));
  return lines;
}

}  // namespace

TEST_CASE("a tail buffer keeps the end whatever the pieces") {
  for (const std::size_t piece : {3U, 1000U, 100'000U}) {
    TailBuffer buffer(50'000);
    std::string all;
    for (int i = 0; all.size() < 400'000; ++i) {
      const std::string bytes(piece, static_cast<char>('a' + i % 26));
      all += bytes;
      buffer.feed(bytes);
      REQUIRE(buffer.view() == std::string_view(all).substr(all.size() - std::min<std::size_t>(all.size(), 50'000)));
    }
    CHECK(buffer.dropped() == all.size() - 50'000);
    CHECK(buffer.take() == all.substr(all.size() - 50'000));
    CHECK(buffer.dropped() == all.size() - 50'000);
  }
}

TEST_CASE("lines are cut wherever the pieces end") {
  LineSplitter splitter;
  splitter.feed("on");
  CHECK_FALSE(splitter.has_line());
  splitter.feed("e\ntwo\r\n\nth");
  CHECK(lines_of(splitter) == std::vector<std::string>{"one", "two\r", ""});
  splitter.feed("ree");
  splitter.finish();
  CHECK(lines_of(splitter) == std::vector<std::string>{"three"});
  splitter.finish();
  CHECK_FALSE(splitter.next());
}

TEST_CASE("a line of exactly the longest length is one line") {
  LineSplitter splitter;
  const std::string longest(LineSplitter::kMaxLine, 'x');
  splitter.feed(longest.substr(1));
  splitter.feed("x");
  CHECK(lines_of(splitter) == std::vector<std::string>{longest});
  splitter.feed("\nnext\n");
  CHECK(lines_of(splitter) == std::vector<std::string>{"", "next"});
}
