#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>

#include "bindings/local/process.hpp"
#include "tests/bindings/local/support.hpp"

using namespace opshost;
using namespace opshost::local;
using namespace opshost::local::test;
using namespace std::chrono_literals;

namespace {

struct ErrorFixture : Fixture {
  TempFolder folder;

  Error failing(std::vector<std::string> argv, RunOptions options = {}) {
    return error_of([&] { run(argv, options); });
  }
  std::string file(const std::string& name, const std::string& content, mode_t mode = 0755) {
    std::ofstream(folder / name) << content;
    chmod((folder / name).c_str(), mode);
    chmod(folder.path().c_str(), 0755);
    return folder / name;
  }
};

}  // namespace

TEST_CASE_FIXTURE(ErrorFixture, "an exit code that was not accepted") {
  const auto error = failing({"sh", "-c", "echo out; echo first >&2; echo >&2; echo last >&2; exit 3"});
  CHECK_ERROR(
      error, "local.exit",
      "sh -c 'echo out; echo first >&2; echo >&2; echo last >&2; exit 3' ended with exit code 3; stderr: first | last");
  CHECK(*error.detail().field("exit_code") == Value(3));
  CHECK(*error.detail().field("stdout") == Value("out\n"));
  CHECK(*error.detail().field("stderr") == Value("first\n\nlast\n"));
  CHECK(*error.detail().field("left_behind") == Value(false));
  CHECK(error.detail().field("signal") == nullptr);
  CHECK_FALSE(error.is_maybe_applied());
  CHECK_FALSE(error.is_retryable());

  CHECK_ERROR(failing({"sh", "-c", "echo only; exit 1"}), "local.exit",
              "sh -c 'echo only; exit 1' ended with exit code 1; nothing on stderr; stdout: only");
  CHECK_ERROR(failing({"false"}), "local.exit", "false ended with exit code 1; it wrote nothing");
  CHECK_ERROR(failing({"sh", "-c", "exit 2"}, {.accept = ExitCodeList{0, 1}}), "local.exit",
              "sh -c 'exit 2' ended with exit code 2 (accepted: {0, 1}); it wrote nothing");
}

TEST_CASE_FIXTURE(ErrorFixture, "output from outside is shortened and made safe for a terminal") {
  CHECK_ERROR(
      failing({"sh", "-c", "printf '\\033[31mred\\377' >&2; exit 1"}), "local.exit",
      "sh -c 'printf '\\''\\033[31mred\\377'\\'' >&2; exit 1' ended with exit code 1; stderr: \\x1b[31mred\\xff");
  const auto error = failing({"sh", "-c", "seq 1 100 >&2; exit 1"});
  CHECK(error.message().ends_with("; stderr: 96 | 97 | 98 | 99 | 100"));
  const auto many = failing({"sh", "-c", "head -c 5000 /dev/zero | tr '\\0' x >&2; exit 1", std::string(5000, 'a')});
  CHECK(many.message().size() < 900);
}

TEST_CASE_FIXTURE(ErrorFixture, "an end by a signal") {
  CHECK_ERROR(failing({"sh", "-c", "kill -9 $$"}), "local.signal",
              "sh -c 'kill -9 $$' was ended by SIGKILL; the kernel does that when memory runs out: see dmesg; it wrote "
              "nothing");
  CHECK_ERROR(failing({"sh", "-c", "echo oops >&2; kill -SEGV $$"}), "local.signal",
              "sh -c 'echo oops >&2; kill -SEGV $$' was ended by SIGSEGV; it crashed; stderr: oops");
  const auto error = failing({"sh", "-c", "kill -TERM $$"});
  CHECK_ERROR(error, "local.signal", "sh -c 'kill -TERM $$' was ended by SIGTERM; it wrote nothing");
  CHECK(error.detail().field("exit_code") == nullptr);
  CHECK(*error.detail().field("signal") == Value("SIGTERM"));
}

TEST_CASE_FIXTURE(ErrorFixture, "no such program") {
  file("grep-all", "");
  const RunOptions options{.env = {{"PATH", folder.path() + ":/nowhere"}}};
  CHECK_ERROR(failing({"grepall"}, options), "local.not_found",
              "no program \"grepall\" in PATH (" + folder.path() + ":/nowhere); did you mean \"grep-all\"?");
  CHECK_ERROR(failing({"zzz"}, options), "local.not_found",
              "no program \"zzz\" in PATH (" + folder.path() + ":/nowhere)");
  CHECK_ERROR(failing({folder / "grepall"}), "local.not_found",
              "no program \"" + (folder / "grepall") + "\"; did you mean \"" + (folder / "grep-all") + "\"?");
  CHECK_ERROR(failing({folder / "sub/x"}), "local.not_found",
              "no program \"" + (folder / "sub/x") + "\"; there is no \"" + (folder / "sub") + "\"");
  CHECK_ERROR(failing({"./nope"}, {.cwd = folder.path()}), "local.not_found",
              "no program \"" + (folder / "./nope") + "\"");
  CHECK_ERROR(failing({"~/bin/x"}), "local.not_found",
              "no program \"~/bin/x\"; \"~\" is not expanded: write os.getenv(\"HOME\") .. \"/...\"");
  const auto error = failing({"zzz"}, options);
  CHECK(error.target() == "zzz");
  CHECK(*error.detail().field("errno") == Value(2));
  CHECK(*error.detail().field("name") == Value("ENOENT"));
}

TEST_CASE_FIXTURE(ErrorFixture, "a program whose interpreter is missing") {
  CHECK_ERROR(failing({file("a.sh", "#!/bin/bsh -e\n")}), "local.not_found",
              "\"" + (folder / "a.sh") +
                  "\" is there, but its interpreter \"/bin/bsh\" is not: install it or correct the file's first line");
  CHECK_ERROR(failing({file("b.sh", "#!/bin/sh\r\necho\r\n")}), "local.not_found",
              "\"" + (folder / "b.sh") +
                  "\" is there, but its interpreter \"/bin/sh\\r\" is not: install it or correct the file's first "
                  "line (it ends in a carriage return: the file has Windows line ends)");
}

TEST_CASE_FIXTURE(ErrorFixture, "a file that is no program") {
  const std::string plain = file("plain", "just text\n", 0644);
  CHECK_ERROR(failing({plain}), "local.permission",
              "\"" + plain + "\" is not executable (mode 0644, owner " + user_name(geteuid()) + ":" +
                  group_name(getegid()) + "): chmod it to 0755, or name its interpreter first");
  CHECK_ERROR(failing({folder.path()}), "local.permission", "\"" + folder.path() + "\" is a directory, not a program");
  CHECK_ERROR(
      failing({file("text", "just text\n")}), "local.system",
      "cannot start \"" + (folder / "text") +
          "\": Exec format error; neither a program for this machine's architecture nor a script with a #! line");
}

TEST_CASE_FIXTURE(ErrorFixture, "what another user may not do" * doctest::skip(!is_root())) {
  const std::string own = file("own", "#!/bin/sh\n", 0700);
  CHECK_ERROR(failing({own}, {.as_user = "nobody"}), "local.permission",
              "nobody may not execute \"" + own +
                  "\" (mode 0700, owner root:root): look at its mode, the directories above it, and " +
                  "whether its file system is mounted noexec");
  mkdir((folder / "closed").c_str(), 0700);
  CHECK_ERROR(
      failing({"pwd"}, {.cwd = folder / "closed", .as_user = "nobody"}), "local.cwd",
      "nobody may not enter cwd \"" + (folder / "closed") + "\": it and the directories above it need x for nobody");
}

TEST_CASE_FIXTURE(ErrorFixture, "a cwd that is none") {
  CHECK_ERROR(failing({"pwd"}, {.cwd = "/usr/shar"}), "local.cwd",
              "cwd \"/usr/shar\" does not exist; did you mean \"/usr/share\"?");
  CHECK_ERROR(failing({"pwd"}, {.cwd = "/etc/passwd"}), "local.cwd", "cwd \"/etc/passwd\" is not a directory");
}

TEST_CASE_FIXTURE(ErrorFixture, "no such user") {
  const auto error = failing({"id"}, {.as_user = "nobdy"});
  CHECK_ERROR(error, "local.user_unknown", "this machine has no user \"nobdy\"; did you mean \"nobody\"?");
  CHECK(*error.detail().field("operation") == Value("look up"));
  CHECK(call.notes.empty());
}

TEST_CASE("becoming somebody else takes root" * doctest::skip(!is_root())) {
  // In a process of its own, which gives up root.
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    int code = 0;
    {
      Loop loop;
      auto& call = loop.call();
      const auto error = error_of([&] { loop.run(run_process(call, {{"id"}, {}}, {.as_user = "root"})); });
      if (error.code() != "local.permission") code = 2;
      if (error.message() !=
          "opshost runs as nobody (uid 65534) and cannot become root: only root can; run opshost as root, or put "
          "\"sudo\", \"-n\", \"-u\", \"root\" in front of the command") {
        code = 3;
      }
      auto& again = loop.call();
      if (loop.run(run_process(again, {{"id", "-un"}, {}}, {.as_user = "nobody"})).output != "nobody\n") code = 4;
    }
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE_FIXTURE(ErrorFixture, "arguments no program can be given") {
  using namespace std::string_literals;
  CHECK_ERROR(failing({}), "usage.argument", "the command is empty: give a program, as in {\"uname\", \"-a\"}");
  CHECK_ERROR(failing({""}), "usage.argument", "the command is empty: give a program, as in {\"uname\", \"-a\"}");
  CHECK_ERROR(failing({"echo", "a\0b"s}), "usage.argument",
              "word 2 of the command has a NUL byte, which no program can be given");
  CHECK_ERROR(failing({"env"}, {.env = {{"A=B", "x"}}}), "usage.argument", "env: \"A=B\" is no name of a variable");
  CHECK_ERROR(failing({"env"}, {.env = {{"", "x"}}}), "usage.argument", "env: \"\" is no name of a variable");
  CHECK_ERROR(failing({"env"}, {.env = {{"A", "x\0"s}}}), "usage.argument",
              "env.A has a NUL byte, which no program can be given");
  CHECK_ERROR(failing({"pwd"}, {.cwd = ""}), "usage.argument", "cwd is \"\", which is no path");
  CHECK_ERROR(failing({"pwd"}, {.cwd = "/tmp\0x"s}), "usage.argument", "cwd is \"/tmp\\x00x\", which is no path");
  CHECK_ERROR(failing({"id"}, {.as_user = ""}), "usage.argument", "as_user is \"\", which is no name of a user");
}

TEST_CASE_FIXTURE(ErrorFixture, "an argument list beyond the kernel's limit") {
  const auto error = failing({"true", std::string(200'000, 'x')});
  CHECK_ERROR(error, "local.system",
              "cannot start \"true\": Argument list too long; pass what is long by stdin or in a file");
  CHECK(*error.detail().field("name") == Value("E2BIG"));
}

TEST_CASE_FIXTURE(ErrorFixture, "no descriptors left") {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{open_descriptors().size() + 2, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  const auto error = failing({"true"});
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK_ERROR(error, "local.system",
              "cannot start true: Too many open files; opshost has too many files open; raise ulimit -n");
  CHECK(error.is_retryable());
  CHECK(run({"true"}).exit_code == 0);
}
