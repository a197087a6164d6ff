// Secrets nobody registered, known by what stands before them.
#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "host/base/secret.hpp"
#include "host/base/secret_patterns.hpp"

using opshost::is_secret_name;
using opshost::redact;

TEST_CASE("names that hold a secret") {
  for (const auto* name : {"PASSWORD", "db_password", "MYSQL_ROOT_PASSWORD", "api-token", "AWS_SECRET_ACCESS_KEY",
                           "client.secret", "RABBITMQ_DEFAULT_PASS", "PGPASSWORD", "apiKey", "credentials"}) {
    CAPTURE(name);
    CHECK(is_secret_name(name));
  }
  for (const auto* name :
       {"PASSWORD_FILE", "key", "path", "KEYBOARD", "COMPASS", "tokens_used", "", "bypass", "secret_id"}) {
    CAPTURE(name);
    CHECK_FALSE(is_secret_name(name));
  }
}

TEST_CASE("SQL that names a password") {
  CHECK(redact("CREATE USER 'a'@'%' IDENTIFIED BY 'hunter2'") == "CREATE USER 'a'@'%' IDENTIFIED BY '***'");
  CHECK(redact("identified  by \"it's\" REQUIRE SSL") == "identified  by \"***\" REQUIRE SSL");
  CHECK(redact("IDENTIFIED BY 'it''s' x") == "IDENTIFIED BY '***' x");
  CHECK(redact("IDENTIFIED BY 'a\\'b' x") == "IDENTIFIED BY '***' x");
  CHECK(redact("IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'") == "IDENTIFIED BY PASSWORD '***'");
  CHECK(redact("IDENTIFIED WITH caching_sha2_password BY 'x1'") == "IDENTIFIED WITH caching_sha2_password BY '***'");
  CHECK(redact("IDENTIFIED VIA ed25519 USING 'abc'") == "IDENTIFIED VIA ed25519 USING '***'");
  CHECK(redact("SET PASSWORD FOR 'a' = PASSWORD('abc')") == "SET PASSWORD FOR 'a' = PASSWORD('***')");
  CHECK(redact("CHANGE MASTER TO MASTER_PASSWORD='abc', MASTER_PORT=3306") ==
        "CHANGE MASTER TO MASTER_PASSWORD='***', MASTER_PORT=3306");
  CHECK(redact(R"({"sql":"IDENTIFIED BY \"abc\" x"})") == R"({"sql":"IDENTIFIED BY \"***\" x"})");
  CHECK(redact("IDENTIFIED BY 'never closed") == "IDENTIFIED BY '***");
  CHECK(redact("is identified by its name") == "is identified by its name");
}

TEST_CASE("a login in an address") {
  CHECK(redact("GET http://name:hunter22@h1:80/x?a=b") == "GET http://name:***@h1:80/x?a=b");
  CHECK(redact(R"({"url":"mysql://u:p@ss@h/db"})") == R"({"url":"mysql://u:***@h/db"})");
  CHECK(redact("a://b:c@d e://f:g@h") == "a://b:***@d e://f:***@h");
  for (const auto* plain : {"http://h1:80/a@b", "ssh://admin@h1:22", "http://h1:80", "see: a://b and c:d@e", "://",
                            "http://h:1 x@y", "://:@"}) {
    CAPTURE(plain);
    CHECK(redact(plain) == plain);
  }
}

TEST_CASE("headers that log somebody in") {
  CHECK(is_secret_name("Authorization"));
  CHECK(is_secret_name("Proxy-Authorization"));
  CHECK(is_secret_name("Cookie"));
  CHECK(redact(R"(headers = {Authorization = "Bearer x", ["X-Vault-Token"] = "y", Accept = "z"})") ==
        R"(headers = {Authorization = "***", ["X-Vault-Token"] = "***", Accept = "z"})");
}

TEST_CASE("variables and fields") {
  CHECK(redact("env DB_PASSWORD=abc PATH=/bin") == "env DB_PASSWORD=*** PATH=/bin");
  CHECK(redact(R"("Env":["DB_PASSWORD=a b","HOME=/"])") == R"("Env":["DB_PASSWORD=*** b","HOME=/"])");
  CHECK(redact(R"({env = {DB_PASSWORD = "a\"b", HOME = "/"}})") == R"({env = {DB_PASSWORD = "***", HOME = "/"}})");
  CHECK(redact(R"({["api-token"] = "abc"})") == R"({["api-token"] = "***"})");
  CHECK(redact(R"({"client_secret": "abc", "id": "x"})") == R"({"client_secret": "***", "id": "x"})");
  CHECK(redact(R"("{\"token\":\"abc\",\"n\":1}")") == R"("{\"token\":\"***\",\"n\":1}")");
  CHECK(redact("https://x/?token=abc&n=1") == "https://x/?token=***&n=1");
  CHECK(redact("PASSWORD_FILE=/run/secrets/p") == "PASSWORD_FILE=/run/secrets/p");
  CHECK(redact("password = wrong, try again") == "password = wrong, try again");
  CHECK(redact("PASSWORD=") == "PASSWORD=");
  CHECK(redact("a == b") == "a == b");
}

TEST_CASE("SQL across lines and comments, and SET PASSWORD for somebody") {
  CHECK(redact("CREATE USER x IDENTIFIED\nBY 'hunter2'") == "CREATE USER x IDENTIFIED\nBY '***'");
  CHECK(redact("IDENTIFIED/**/BY/* ' */'hunter2';") == "IDENTIFIED/**/BY/* ' */'***';");
  CHECK(redact("IDENTIFIED -- note\r\n WITH x -- 2\n BY 'hunter2'") == "IDENTIFIED -- note\r\n WITH x -- 2\n BY '***'");
  CHECK(redact("{\"q\":\"IDENTIFIED\\n\\tBY 'hunter2'\"}") == "{\"q\":\"IDENTIFIED\\n\\tBY '***'\"}");
  CHECK(redact("SET PASSWORD FOR 'x'@'h' = 'hunter2'") == "SET PASSWORD FOR 'x'@'h' = '***'");
  CHECK(redact("set password = 'hunter2'") == "set password = '***'");
  CHECK(redact("SET PASSWORD FOR x\n  = PASSWORD('hunter2')") == "SET PASSWORD FOR x\n  = PASSWORD('***')");
  CHECK(redact("set password; x = 'shown'") == "set password; x = 'shown'");
  CHECK(redact("identified bystander 'shown'") == "identified bystander 'shown'");
}

TEST_CASE("numbers behind a secret's name") {
  CHECK(redact(R"({"password": 12345678, "n": 12345678})") == R"({"password": ***, "n": 12345678})");
  CHECK(redact("db_password = 12345678, x") == "db_password = ***, x");
  CHECK(redact("password = 5 tries left") == "password = 5 tries left");
  CHECK(redact(R"({"token": 12})") == R"({"token": 12})");
}

TEST_CASE("where a secret is stays readable") {
  for (const auto* text : {"password=env:DB_PASSWORD", R"({"password": "file:/etc/secret"})",
                           R"(password = "command:pass show db")", "password=input"}) {
    CHECK(redact(text) == text);
  }
  CHECK(redact("password=env:") == "password=***");
}

TEST_CASE("hostile texts are searched in a time that grows as they do") {
  const auto repeated = [](const std::string& part, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += part;
    return text;
  };
  for (const auto* part : {"identifiedwith", "identified by ", "identified with x", "password=", "IDENTIFIED/*",
                           "set password ", "password='", "identified \n", "password=\\'", "\"password\":\""}) {
    CAPTURE(part);
    // CPU seconds, the best of three: others use the machine, too.
    const auto cost = [&](std::size_t bytes) {
      const auto text = repeated(part, bytes);
      double best = 1e9;
      for (int i = 0; i < 3; ++i) {
        const auto began = std::clock();
        CHECK_FALSE(redact(text).empty());
        best = std::min(best, static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC);
      }
      return best;
    };
    // Sixteen times the text; the square would be 256 times as much.
    CHECK(cost(1U << 20U) < 100 * std::max(cost(1U << 16U), 0.0005));
  }
}
