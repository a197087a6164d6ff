// Logging in with what only C++ can make: secrets.
#include <fcntl.h>
#include <sys/stat.h>

#include <array>

#include "bindings/ssh/command_line.hpp"
#include "bindings/ssh/local_files.hpp"
#include "bindings/ssh/tracked.hpp"
#include "tests/bindings/ssh/support.hpp"

namespace opshost::ssh::test {

TEST_CASE_FIXTURE(Fixture, "a password, and a wrong one") {
  ConnectOptions options = lab_options("127.9.0.1");
  options.user = lab("LAB_SSH_PASSWORD_USER");
  options.password = Secret(lab("LAB_SSH_PASSWORD"), "lab");
  CHECK(output(options, {"id", "-un"}) == "lab\n");

  options.password = Secret("not the password", "test");
  const Error error = error_of([&] { output(options, {"true"}); });
  CHECK(error.code() == "ssh.auth");
  CHECK(error.message() ==
        "lab@127.9.0.1:12222: auth: the server refused password; it takes publickey,password,keyboard-interactive");
}

TEST_CASE_FIXTURE(Fixture, "an encrypted key: its passphrase, and a wrong one") {
  ConnectOptions options = lab_options("127.9.0.1");
  options.key = lab_key("user_ed25519_passphrase");
  options.passphrase = Secret(lab("LAB_SSH_PASSPHRASE"), "lab");
  CHECK(output(options, {"id", "-un"}) == "keyonly\n");

  options.passphrase = Secret("not the passphrase", "test");
  const Error error = error_of([&] { output(options, {"true"}); });
  CHECK(error.code() == "ssh.key");
  CHECK(error.message() ==
        "keyonly@127.9.0.1:12222: config: key " + *options.key + ": the passphrase does not open the key");
}

TEST_CASE("a wrong passphrase is tried once, for however many hosts") {
  const std::string file = "wrong_passphrase_key";
  std::ofstream(file) << text_of(lab_key("user_ed25519_passphrase"));
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  struct stat before{};
  REQUIRE(stat(file.c_str(), &before) == 0);
  ConnectOptions options = lab_options("127.9.0.1");
  options.key = file;
  options.passphrase = Secret("not the passphrase", "test");
  LocalFiles files;
  const auto said = [&] { return error_of([&] { files.plan_for(options); }).message(); };
  const std::string start = "keyonly@127.9.0.1:12222: config: key " + file + ": ";
  CHECK(said() == start + "the passphrase does not open the key");

  // By all that tells of a change it is the same file, so it is not looked at again.
  std::ofstream(file) << std::string(static_cast<std::size_t>(before.st_size), 'x');
  const std::array<timespec, 2> times{before.st_atim, before.st_mtim};
  REQUIRE(utimensat(AT_FDCWD, file.c_str(), times.data(), 0) == 0);
  CHECK(said() == start + "the passphrase does not open the key");
  REQUIRE(utimensat(AT_FDCWD, file.c_str(), nullptr, 0) == 0);
  CHECK(said() == start + "this is no private key: neither OpenSSH's format nor PEM");
}

struct SudoFixture : Fixture {
  ConnectOptions options = lab_options("127.9.0.1");
  RunOptions as_root;

  SudoFixture() {
    options.user = lab("LAB_SSH_PASSWORD_USER");
    options.password = Secret(lab("LAB_SSH_PASSWORD"), "lab");
    as_root.as_user = "root";
  }
  CommandResult run(std::vector<std::string> argv, std::optional<std::string> tracked = {}) {
    const auto connection = Connection::shared(call.executor(), options);
    RunOptions how = as_root;
    if (!tracked) return loop.run(run_command(call, connection, Command{std::move(argv), {}}, how));
    return loop.run(run_tracked(call, connection, Tracking{.name = *tracked}, Command{std::move(argv), {}}, how));
  }
};

TEST_CASE_FIXTURE(SudoFixture, "sudo: its password goes over stdin, and the command's own input after it") {
  as_root.as_user_password = Secret(lab("LAB_SSH_PASSWORD"), "lab");
  as_root.input = "its own\n";
  const CommandResult result = run({"sh", "-c", "id -un; cat"});
  CHECK(result.output == "root\nits own\n");
  CHECK(result.errors.empty());
}

TEST_CASE_FIXTURE(SudoFixture, "sudo: a tracked command") {
  as_root.as_user_password = Secret(lab("LAB_SSH_PASSWORD"), "lab");
  CHECK(run({"id", "-un"}, random_token()).output == "root\n");
}

TEST_CASE_FIXTURE(SudoFixture, "sudo: a wrong password, and none") {
  const std::string before = "lab@127.9.0.1:12222: command: cannot become root: ";
  Error error = error_of([&] { run({"id"}); });
  CHECK(error.code() == "ssh.as_user");
  CHECK(error.message() == before + "sudo asks for a password: give as_user_password");

  as_root.as_user_password = Secret("not the password", "test");
  error = error_of([&] { run({"id"}); });
  CHECK(error.code() == "ssh.as_user");
  CHECK(error.message() == before + "sudo does not take the password");
  CHECK_FALSE(error.is_maybe_applied());
}

TEST_CASE_FIXTURE(SudoFixture, "sudo: a user that is not there") {
  as_root.as_user = "nobody-at-all";
  as_root.as_user_password = Secret(lab("LAB_SSH_PASSWORD"), "lab");
  const Error error = error_of([&] { run({"id"}); });
  CHECK(error.code() == "ssh.as_user");
  const std::string words =
      "lab@127.9.0.1:12222: command: cannot become nobody-at-all: sudo ended: sudo: unknown user nobody-at-all";
  CHECK(error.message().substr(0, words.size()) == words);
}

}  // namespace opshost::ssh::test
