// What a connection is made of: what the script says, and what an option file of the mysql client fills in.
#include "bindings/mysql/settings.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

/// In the folder of the test, which is empty and goes with it.
Settings from_file(const std::string& lines, ConnectOptions options = {}) {
  const std::string path = "options.cnf";
  std::ofstream(path) << "[client]\n" << lines;
  chmod(path.c_str(), 0600);
  options.defaults_file = path;
  return settings_from(options);
}

std::string refusal_of(const std::string& lines) {
  try {
    from_file(lines);
  } catch (const Error& error) {
    return error.code() + ": " + error.message();
  }
  return "none";
}

}  // namespace

TEST_CASE("what an option file says of TLS is done, or refused") {
  CHECK_FALSE(from_file("user = app\n").tls.has_value());
  for (const char* lines :
       {"ssl\n", "ssl=1\n", "ssl = ON\n", "ssl-verify-server-cert\n", "ssl-ca = /ca.pem\n",
        "ssl_mode = VERIFY_IDENTITY\n", "loose-ssl-mode = verify_ca\n", "ssl-cert = /c.pem\nssl-key = /k.pem\n",
        "ssl-mode=REQUIRED\nssl-ca=/ca.pem\n", "ssl-mode=REQUIRED\nssl-verify-server-cert\n"}) {
    CAPTURE(lines);
    const auto settings = from_file(lines);
    REQUIRE(settings.tls.has_value());
    CHECK(settings.tls->verify);
  }
  const auto unverified = from_file("ssl-mode = REQUIRED\n");
  REQUIRE(unverified.tls.has_value());
  CHECK_FALSE(unverified.tls->verify);
  CHECK_FALSE(from_file("ssl-mode = DISABLED\n").tls.has_value());
  CHECK_FALSE(from_file("skip-ssl\n").tls.has_value());
  CHECK_FALSE(from_file("ssl = 0\n").tls.has_value());
  const auto own = from_file("ssl-ca = /ca.pem\nssl-cert = /c.pem\nssl-key = /k.pem\n");
  CHECK(own.tls->ca == "/ca.pem");
  CHECK(own.tls->cert == "/c.pem");
  CHECK(own.tls->key == "/k.pem");

  const std::string file = "mysql.defaults_file: the option file \"options.cnf\" has ";
  CHECK(refusal_of("ssl-mode = PREFERRED\n") ==
        file + "ssl-mode = PREFERRED, which goes on unencrypted where the server has no TLS; say REQUIRED or DISABLED");
  CHECK(refusal_of("ssl-mode = SOME\n") ==
        file + "ssl-mode = SOME, which is none of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY");
  CHECK(refusal_of("ssl = maybe\n") == file + "ssl = maybe, which is neither 1 nor 0");
  CHECK(refusal_of("ssl-cipher = AES\n") ==
        file + "ssl-cipher, which we do not know; say `tls` to connect() in its place");
  CHECK(
      refusal_of("ssl-ca = /ca.pem\nskip-ssl\n") ==
      "mysql.defaults_file: the option file \"options.cnf\" turns TLS off and has options for it; take out the one or "
      "the other");
  CHECK(refusal_of("ssl-cert = /c.pem\n") ==
        "usage.argument: `tls`: a certificate and its key go together: give both `cert` and `key`");
}

TEST_CASE("what the script says of TLS counts more") {
  ConnectOptions options;
  options.tls = false;
  CHECK_FALSE(from_file("ssl-mode = REQUIRED\n", options).tls.has_value());
  options.tls = true;
  const auto settings = from_file("ssl-mode = DISABLED\nssl-ca = /ca.pem\n", options);
  REQUIRE(settings.tls.has_value());
  CHECK(settings.tls->verify);
  CHECK(settings.tls->ca == "/ca.pem");
}

TEST_CASE("character set, time and key of an option file") {
  const auto settings =
      from_file("default-character-set = latin1\nconnect_timeout = 3\nget-server-public-key\nloose-unknown = 1\n");
  CHECK(settings.charset == "latin1");
  CHECK(settings.connect_timeout == std::chrono::seconds(3));
  CHECK(settings.get_server_public_key);
  CHECK(from_file("default-character-set = auto\nconnect-timeout = 0\n").charset == "utf8mb4");
  CHECK(from_file("connect-timeout = 0\n").connect_timeout == std::chrono::seconds(10));
  CHECK_FALSE(from_file("user = app\n").get_server_public_key);
  ConnectOptions options;
  options.charset = "utf8";
  options.connect_timeout = std::chrono::seconds(1);
  options.get_server_public_key = false;
  const auto said = from_file("default-character-set=latin1\nconnect-timeout=3\nget-server-public-key\n", options);
  CHECK(said.charset == "utf8");
  CHECK(said.connect_timeout == std::chrono::seconds(1));
  CHECK_FALSE(said.get_server_public_key);
  CHECK(refusal_of("connect-timeout = soon\n") ==
        "mysql.defaults_file: the option file has the connect-timeout \"soon\", which is no number of seconds");
}

TEST_CASE("a file's socket is for this machine, as the client takes it") {
  CHECK(from_file("socket = /s\n").socket == "/s");
  CHECK(from_file("socket = /s\nhost = localhost\n").socket == "/s");
  CHECK(from_file("socket = /s\nhost = db1\n").socket.empty());
  CHECK(from_file("socket = /s\nprotocol = tcp\n").socket.empty());
}

TEST_CASE("a Unix socket is private where the server itself is at its other end") {
  ConnectOptions options;
  options.socket = "/run/mysqld/mysqld.sock";
  CHECK(settings_from(options).is_private_way());
  options = {};
  options.host = "db1";
  CHECK_FALSE(settings_from(options).is_private_way());
}

TEST_CASE("character sets in which a statement cannot be read for sure are refused") {
  for (const char* name : {"gbk", "GBK", "big5", "sjis", "cp932", "gb18030"}) {
    ConnectOptions options;
    options.charset = name;
    CHECK_THROWS_WITH_AS((void)settings_from(options),
                         (std::string("the charset ") + name +
                          " has characters with the byte of a backslash in them, so nobody can tell for sure what a "
                          "statement in it does; use utf8mb4: the server converts what it stores, and files can be "
                          "converted by iconv")
                             .c_str(),
                         Error);
  }
}

}  // namespace opshost::mysql
