#include "bindings/docker/file_commands.hpp"

#include <doctest/doctest.h>

#include "host/base/error.hpp"

using namespace opshost;
using namespace opshost::docker;

TEST_CASE("a listing: names with anything in them, every type, in order of names") {
  using namespace std::string_literals;
  const auto entries = entries_of("a1ff 3 0\nz\0"s + "81a4 12 1700000000\ntwo\nlines\0"s + "41ed 4096 1\n.d\0"s, "/x");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].name == ".d");
  CHECK(entries[0].type == FileType::directory);
  CHECK(entries[1].path == "/x/two\nlines");
  CHECK(entries[1].type == FileType::file);
  CHECK(entries[1].mode == "0644");
  CHECK(entries[1].size == 12);
  CHECK(entries[1].mtime == "2023-11-14T22:13:20Z");
  CHECK(entries[2].type == FileType::link);
  CHECK(entries_of("1180 0 0\nf\0"s, "/")[0].path == "/f");
  CHECK(entries_of("", "/x").empty());
}

TEST_CASE("what is no listing is refused") {
  for (const std::string bad : {"stat: no such option", "81a4 12 17\nname without an end", "81a4 12"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(entries_of(bad, "/x"), Error);
  }
}
