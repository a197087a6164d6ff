// Logging in with what only C++ can make: secrets.
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
        "lab@127.9.0.1:12222: auth: the server refused password; and keyboard-interactive; it takes "
        "publickey,password,keyboard-interactive");
}

TEST_CASE_FIXTURE(Fixture, "an encrypted key: its passphrase, and a wrong one") {
  ConnectOptions options = lab_options("127.9.0.1");
  options.key = lab_key("user_ed25519_passphrase");
  options.passphrase = Secret(lab("LAB_SSH_PASSPHRASE"), "lab");
  CHECK(output(options, {"id", "-un"}) == "keyonly\n");

  options.passphrase = Secret("not the passphrase", "test");
  const Error error = error_of([&] { output(options, {"true"}); });
  CHECK(error.code() == "ssh.key");
  CHECK(error.message() == "key " + *options.key + ": the passphrase does not open the key");
}

}  // namespace opshost::ssh::test
