// Secrets nobody registered, known by what stands before them.
#include <doctest/doctest.h>

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
