// The journal's file: durable before it is told, one sync for many, room for what has to be said later.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/journal/run_journal.hpp"

using namespace opshost;
using namespace opshost::journal;

namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

journal::Record line(const std::string& text) {
  return {.number = 0, .time = "2026-03-01T05:02:11.250Z", .kind = "log", .fields = {{"text", text}}};
}

/// The texts of the records, with their numbers.
std::string written() {
  std::ifstream file("run/journal.jsonl");
  std::string text;
  for (std::string one; std::getline(file, one);) {
    const auto record = decode(one);
    REQUIRE(record);
    text += std::to_string(record->number) + " " + record->text("text") + "\n";
  }
  return text;
}

struct Fixture {
  Fixture() {
    std::filesystem::create_directories("run/values");
    file = Descriptor(::open("run/journal.jsonl", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600));
  }
  ~Fixture() { std::filesystem::remove_all("run"); }

  void turn_until(const std::function<bool()>& reached) {
    while (!reached()) io.run_one();
  }

  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  Descriptor file;
};

}  // namespace

TEST_CASE("lines of one turn share one sync, and stand in order") {
  Fixture fixture;
  Writer writer(fixture.io, std::move(fixture.file), 0, 0, "run");
  int told = 0;
  for (int i = 0; i < 200; ++i) {
    writer.append({.record = line("line " + std::to_string(i)), .done = [&told](const std::optional<Error>& failure) {
                     CHECK_FALSE(failure);
                     ++told;
                   }});
  }
  fixture.turn_until([&] { return told == 200; });
  CHECK(writer.syncs() == 1);
  const auto text = written();
  CHECK(text.starts_with("1 line 0\n2 line 1\n"));
  CHECK(text.ends_with("199 line 198\n200 line 199\n"));
}

TEST_CASE("a line nobody waits for goes out with the next that somebody does, before it") {
  Fixture fixture;
  Writer writer(fixture.io, std::move(fixture.file), 0, 0, "run");
  writer.append({.record = line("quiet")});
  bool told = false;
  writer.append({.record = line("durable"), .done = [&](const std::optional<Error>&) { told = true; }});
  fixture.turn_until([&] { return told; });
  CHECK(written() == "1 quiet\n2 durable\n");
  CHECK(writer.syncs() == 1);
}

TEST_CASE("flush needs no loop; the writer's end writes what is queued") {
  Fixture fixture;
  {
    Writer writer(fixture.io, std::move(fixture.file), 0, 0, "run");
    writer.append({.record = line("one")});
    CHECK_FALSE(writer.flush());
    CHECK(written() == "1 one\n");
    writer.append({.record = line("two")});
  }
  CHECK(written() == "1 one\n2 two\n");
}

TEST_CASE("a value's file is there before the line that names it") {
  Fixture fixture;
  Writer writer(fixture.io, std::move(fixture.file), 0, 0, "run");
  bool told = false;
  writer.append({.record = line("see values/1.json"),
                 .done = [&](const std::optional<Error>& failure) { told = !failure; },
                 .files = {{"values/1.json", "[1]"}}});
  fixture.turn_until([&] { return told; });
  CHECK(content_of("run/values/1.json") == "[1]");
  struct stat status{};
  REQUIRE(::stat("run/values/1.json", &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a write that fails is final") {
  Fixture fixture;
  Writer writer(fixture.io, Descriptor(::open("/dev/full", O_WRONLY)), 0, 0, "run");
  std::vector<std::string> codes;
  const auto note = [&codes](const std::optional<Error>& failure) {
    codes.push_back(failure ? failure->code() : "fine");
  };
  writer.append({.record = line("lost"), .done = note});
  fixture.turn_until([&] { return codes.size() == 1; });
  writer.append({.record = line("later"), .done = note});
  fixture.turn_until([&] { return codes.size() == 2; });
  CHECK(codes == std::vector<std::string>{"journal.broken", "journal.broken"});
}
