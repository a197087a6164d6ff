#pragma once
// What the tests of this binding share: the sshd of the lab, and a loop.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "bindings/ssh/command.hpp"
#include "bindings/ssh/connection.hpp"
#include "tests/unit/fake_call.hpp"

namespace opshost::ssh::test {

inline std::string lab(const char* name) {
  const char* value = std::getenv(name);
  REQUIRE_MESSAGE(value != nullptr, name << " is not set: these tests run in a lab (tests/support/in_lab)");
  return value;
}

inline std::string lab_key(const std::string& name) { return lab("LAB_SSH_KEYS") + "/" + name; }

inline std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline ConnectOptions lab_options(const std::string& host) {
  ConnectOptions options;
  options.host = host;
  options.port = static_cast<std::uint16_t>(std::stoi(lab("LAB_SSH_PORT")));
  options.user = lab("LAB_SSH_KEY_USER");
  options.known_hosts = lab("LAB_SSH_KNOWN_HOSTS");
  return options;
}

struct Fixture {
  opshost::test::Loop loop;
  opshost::test::FakeCall& call = loop.call();

  std::string output(const ConnectOptions& options, std::vector<std::string> argv) {
    auto connection = Connection::shared(call.executor(), options);
    CommandResult result = loop.run(run_command(call, connection, Command{std::move(argv), {}}, {}));
    connection->close();
    return result.output;
  }
};

template <class Act>
Error error_of(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  return {"", ""};
}

}  // namespace opshost::ssh::test
