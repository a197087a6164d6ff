#include "host/base/error.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

namespace {

using opshost::errno_text;
using opshost::Error;
using opshost::Value;
using opshost::ValueMap;

Error full_error() {
  return Error("docker.not_found", "no container web-1; nearest: web-01")
      .on("unix:///run/docker.sock")
      .during("docker.stop")
      .retryable()
      .maybe_applied()
      .with(ValueMap{{"errno", 2}})
      .because(Error("docker.gone", "the socket closed"));
}

}  // namespace

TEST_CASE("an error keeps all it was given") {
  const Error error = full_error();
  CHECK(error.code() == "docker.not_found");
  CHECK(error.message() == "no container web-1; nearest: web-01");
  CHECK(std::string(error.what()) == error.message());
  CHECK(error.target() == "unix:///run/docker.sock");
  CHECK(error.op() == "docker.stop");
  CHECK(error.is_retryable());
  CHECK(error.is_maybe_applied());
  CHECK(error.detail() == Value(ValueMap{{"errno", 2}}));
  REQUIRE(error.cause());
  CHECK(error.cause()->code() == "docker.gone");
  CHECK(error.cause()->cause() == nullptr);
}

TEST_CASE("an error that was told nothing says nothing") {
  const Error error("local.timeout", "no answer in 5s");
  CHECK(error.target().empty());
  CHECK(error.op().empty());
  CHECK_FALSE(error.is_retryable());
  CHECK_FALSE(error.is_maybe_applied());
  CHECK(error.detail().is_null());
  CHECK(error.cause() == nullptr);
}

TEST_CASE("a caught error is filled in and copied") {
  try {
    throw full_error();
  } catch (Error& error) {
    error.set_op("local.run");
    error.set_maybe_applied(false);
    const Error copy = error;
    CHECK(copy.op() == "local.run");
    CHECK_FALSE(copy.is_maybe_applied());
    CHECK(copy.cause() == error.cause());
  }
}

TEST_CASE("errno_text") {
  CHECK(errno_text(ENOENT) == "No such file or directory");
  CHECK(errno_text(ECONNREFUSED) == "Connection refused");
  CHECK(errno_text(123456) == "Unknown error 123456");
}
