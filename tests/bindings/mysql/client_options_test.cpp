// What we write for mysql and mysqldump is what our own reader of such files reads.
#include "bindings/mysql/client_options.hpp"

#include <doctest/doctest.h>

#include "bindings/mysql/defaults_file.hpp"
#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

using Read = std::map<std::string, std::string>;

Read read_back(const Settings& settings, const std::optional<std::string>& ca = std::nullopt) {
  return parse_defaults(client_options(settings, ca), "the test");
}

Settings with_tls(TlsOptions tls) {
  Settings settings;
  settings.host = "db1";
  settings.user = "app";
  settings.tls = std::move(tls);
  return settings;
}

}  // namespace

TEST_CASE("every character of a password arrives") {
  Settings settings;
  settings.user = "app";
  settings.password = Secret("a\\n#b ; \"c'\n\t =]\r", "the test");
  CHECK(read_back(settings) == Read{{"host", "127.0.0.1"},
                                    {"port", "3306"},
                                    {"protocol", "tcp"},
                                    {"user", "app"},
                                    {"password", "a\\n#b ; \"c'\n\t =]\r"}});
}

TEST_CASE("the text is a secret as a whole") {
  Settings settings;
  settings.password = Secret("client-options-password", "the test");
  CHECK(redact("stdin: " + client_options(settings, std::nullopt)) == "stdin: ***");
}

TEST_CASE("a socket goes without host and port") {
  Settings settings;
  settings.socket = "/run/mysqld/mysqld.sock";
  settings.user = "root";
  CHECK(read_back(settings) ==
        Read{{"socket", "/run/mysqld/mysqld.sock"}, {"protocol", "socket"}, {"user", "root"}, {"password", ""}});
}

TEST_CASE("TLS is insisted on by both kinds of client, or refused here") {
  const auto options = read_back(with_tls({.ca = "/etc/hosts"}));
  CHECK(options.at("ssl-ca") == "/etc/hosts");
  CHECK(options.at("ssl-mode") == "VERIFY_IDENTITY");
  CHECK(options.contains("ssl-verify-server-cert"));
  CHECK(read_back(with_tls({.ca = "/etc/hosts"}), "/there/ca.pem").at("ssl-ca") == "/there/ca.pem");
  CHECK_THROWS_WITH_AS((void)client_options(with_tls({.verify = false}), std::nullopt),
                       "the connection's `tls` has verify = false, and the mysql client then also goes on without "
                       "encryption",
                       Error);
  CHECK_THROWS_WITH_AS((void)client_options(with_tls({.server_name = "db.example"}), std::nullopt),
                       "the connection's `tls` names a server other than `host`, and the mysql client only looks for "
                       "that one",
                       Error);
}

}  // namespace opshost::mysql
