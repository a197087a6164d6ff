#include "host/log/log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "host/base/error.hpp"
#include "host/base/secret.hpp"
#include "host/base/write_all.hpp"
#include "host/log/json_line.hpp"
#include "tests/unit/pseudo_terminal.hpp"

namespace {

using opshost::Descriptor;
using opshost::Level;
using opshost::log;
using opshost::log_to_file;
using opshost::log_to_stderr;
using opshost::test::PseudoTerminal;
using opshost::test::read_until;
using opshost::test::Redirected;
using opshost::test::WithVariable;

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "opshost-log-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string log_text(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Every digit as 9, so that a time can be compared.
std::string with_nines(std::string text, std::size_t count) {
  for (std::size_t i = 0; i < std::min(count, text.size()); ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) != 0) text[i] = '9';
  }
  return text;
}

constexpr std::size_t kPersonTime = 8;  // 10:15:02
constexpr std::size_t kJsonTime = 34;   // {"time":"2024-08-17T10:15:02.123Z"

/// The process logs as it would at its start when this ends.
class LogDefaults {
 public:
  LogDefaults() = default;
  ~LogDefaults() {
    log_to_stderr(Level::warn);
    log_to_file("/dev/null", Level::error);
  }
  LogDefaults(const LogDefaults&) = delete;
  LogDefaults& operator=(const LogDefaults&) = delete;
};

/// What action logs for a person, stderr being a pipe.
template <class Action>
std::string shown_by(const Action& action) {
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  {
    const Redirected stderr_is_a_pipe(STDERR_FILENO, writer.get());
    action();
    opshost::write_all(STDERR_FILENO, "<end>");
  }
  std::string text = read_until(reader.get(), "<end>");
  text.resize(text.size() - 5);
  return text;
}

}  // namespace

TEST_CASE("messages for a person carry time, level, text and fields") {
  const LogDefaults restored;
  const std::string shown = shown_by([] {
    log_to_stderr(Level::debug);
    log(Level::warn, "the engine does not answer",
        {{"host", "web-1"}, {"took", "1.25s"}, {"seen", "two words"}, {"empty", ""}});
  });
  CHECK(with_nines(shown, kPersonTime) ==
        "99:99:99 warning: the engine does not answer (host=web-1, took=1.25s, seen=\"two words\", empty=\"\")\n");
}

TEST_CASE("each level has its name, and lower ones are not shown") {
  const LogDefaults restored;
  const auto all = [] {
    for (const Level level : {Level::debug, Level::info, Level::warn, Level::error}) log(level, "x");
  };
  const auto names_shown_from = [&](Level least) {
    std::istringstream lines(shown_by([&] {
      log_to_stderr(least);
      all();
    }));
    std::string names;
    for (std::string line; std::getline(lines, line);) names += line.substr(kPersonTime);
    return names;
  };
  CHECK(names_shown_from(Level::debug) == " debug: x info: x warning: x error: x");
  CHECK(names_shown_from(Level::info) == " info: x warning: x error: x");
  CHECK(names_shown_from(Level::warn) == " warning: x error: x");
  CHECK(names_shown_from(Level::error) == " error: x");
}

TEST_CASE("no text can pass for another message, or act on the terminal") {
  const LogDefaults restored;
  const std::string shown =
      shown_by([] { log(Level::error, "one\n10:00:00 error: two\x1b[2J\n\xff\n", {{"f", "a\nb"}}); });
  CHECK(with_nines(shown, kPersonTime) ==
        "99:99:99 error: one\n  10:00:00 error: two\\x1b[2J\n  \\xff (f=\"a\\nb\")\n");
}

TEST_CASE("colour is for terminals") {
  const LogDefaults restored;
  const WithVariable no_color("NO_COLOR", nullptr);
  const WithVariable term("TERM", "xterm");
  const PseudoTerminal terminal;
  const auto shown_on_terminal = [&] {
    const Redirected stderr_is_a_terminal(STDERR_FILENO, terminal.program());
    log_to_stderr(Level::debug);
    log(Level::error, "x");
    log(Level::warn, "x");
    log(Level::info, "last");
    return terminal.seen_until("last\r\n");
  };
  std::string shown = shown_on_terminal();
  for (std::size_t at = 0; at < shown.size(); at = shown.find('\n', at) + 1) shown.replace(at, kPersonTime, "T");
  CHECK(shown ==
        "T \x1b[31merror\x1b[0m: x\r\n"
        "T \x1b[33mwarning\x1b[0m: x\r\n"
        "T info: last\r\n");
  const WithVariable refused("NO_COLOR", "1");
  CHECK(shown_on_terminal().find('\x1b') == std::string::npos);
}

TEST_CASE("secrets are blanked in texts and fields, for a person and in the file") {
  const LogDefaults restored;
  const Folder folder;
  const opshost::Secret secret("log\"secret-1", "test");
  log_to_file(folder.file("log"));
  const std::string shown =
      shown_by([] { log(Level::error, "pw log\"secret-1.", {{"pw", "log\"secret-1"}, {"j", "log\\\"secret-1"}}); });
  CHECK(with_nines(shown, kPersonTime) == "99:99:99 error: pw ***. (pw=***, j=***)\n");
  CHECK(with_nines(log_text(folder.file("log")), kJsonTime) ==
        "{\"time\":\"9999-99-99T99:99:99.999Z\",\"level\":\"error\",\"message\":\"pw "
        "***.\",\"pw\":\"***\",\"j\":\"***\"}\n");
}

TEST_CASE("the file gets every level, is appended to, for its owner only") {
  const LogDefaults restored;
  const Folder folder;
  const std::string path = folder.file("log");
  const mode_t before = umask(0);
  log_to_file(path);
  umask(before);
  const std::string shown = shown_by([] { log(Level::debug, "one"); });
  CHECK(shown.empty());
  log_to_file(path);
  shown_by([] { log(Level::info, "two"); });
  log_to_file(path, Level::error);
  shown_by([] {
    log(Level::warn, "not this");
    log(Level::error, "three");
  });
  std::istringstream lines(log_text(path));
  std::string line;
  for (const char* expected : {"\"level\":\"debug\",\"message\":\"one\"}", "\"level\":\"info\",\"message\":\"two\"}",
                               "\"level\":\"error\",\"message\":\"three\"}"}) {
    REQUIRE(std::getline(lines, line));
    CHECK(with_nines(line, kJsonTime) == std::string("{\"time\":\"9999-99-99T99:99:99.999Z\",") + expected);
  }
  CHECK_FALSE(std::getline(lines, line));
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
}

TEST_CASE("a line of the file is JSON whatever is logged") {
  std::string json;
  opshost::append_json_string(json, std::string("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\0 gr\xc3\xbc\xc3\x9f \xff\xc3", 25));
  CHECK(json == "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000 gr\xc3\xbc\xc3\x9f \xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("a file that cannot be opened is an error that says what to do") {
  try {
    log_to_file("/no/such/folder/log");
    FAIL("it opened");
  } catch (const opshost::Error& error) {
    CHECK(error.code() == "log.not_writable");
    CHECK(error.message() ==
          "cannot open the log /no/such/folder/log (No such file or directory); name a file in a folder you may write "
          "to");
    CHECK(error.target() == "/no/such/folder/log");
  }
}

TEST_CASE("a full disk is said once, until the file could be written again") {
  const LogDefaults restored;
  log_to_file("/dev/full");
  const std::string shown = shown_by([] {
    log(Level::info, "one");
    log(Level::info, "two");
  });
  CHECK(shown ==
        "opshost: the log /dev/full cannot be written (No space left on device); lines are missing there, the run goes "
        "on\n");
}

TEST_CASE("a closed stderr does no harm") {
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  reader.reset();
  const Redirected stderr_is_closed(STDERR_FILENO, writer.get());
  log(Level::error, "nobody reads this");
}

TEST_CASE("is_logged tells whether anybody would see it") {
  const LogDefaults restored;
  log_to_stderr(Level::warn);
  log_to_file("/dev/null", Level::error);
  CHECK_FALSE(opshost::is_logged(Level::debug));
  CHECK_FALSE(opshost::is_logged(Level::info));
  CHECK(opshost::is_logged(Level::warn));
  log_to_file("/dev/null", Level::info);
  CHECK(opshost::is_logged(Level::info));
  CHECK_FALSE(opshost::is_logged(Level::debug));
}

TEST_CASE("lines of many threads stay whole") {
  const LogDefaults restored;
  const Folder folder;
  log_to_file(folder.file("log"));
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kLines; ++i) log(Level::info, std::string(500, static_cast<char>('a' + t)));
    });
  }
  for (auto& thread : threads) thread.join();
  std::istringstream lines(log_text(folder.file("log")));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const std::size_t begin = line.find("\"message\":\"") + 11;
    REQUIRE(line.size() == begin + 502);
    REQUIRE(line.find_first_not_of(line[begin], begin) == begin + 500);
  }
  CHECK(count == kThreads * kLines);
}
