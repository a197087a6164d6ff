// The methods that ask for a password, against servers that ask for it over ways that are private and ways that are
// not.
#include "bindings/mysql/authentication.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/mysql/client_plugin.hpp"
#include "bindings/mysql/handshake.hpp"

namespace opshost::mysql {

namespace {

/// What a server says, in order, and what it hears. The library's structure comes first: it is given back to us.
struct ScriptedServer {
  MYSQL_PLUGIN_VIO vio{};
  std::deque<std::string> says{};
  std::vector<std::string> heard{};
  std::string current{};
};

ScriptedServer& server_of(MYSQL_PLUGIN_VIO* vio) {
  return *reinterpret_cast<ScriptedServer*>(vio);  // its first member
}

int read_packet(MYSQL_PLUGIN_VIO* vio, unsigned char** packet) {
  auto& server = server_of(vio);
  if (server.says.empty()) return -1;
  server.current = server.says.front();
  server.says.pop_front();
  *packet = reinterpret_cast<unsigned char*>(server.current.data());  // the interface takes unsigned bytes
  return static_cast<int>(server.current.size());
}

int write_packet(MYSQL_PLUGIN_VIO* vio, const unsigned char* packet, int size) {
  // Unsigned bytes, here and below, are what libraries in C take and give.
  server_of(vio).heard.emplace_back(reinterpret_cast<const char*>(packet), static_cast<std::size_t>(size));
  return 0;
}

struct Outcome {
  int result = 0;
  std::vector<std::string> heard{};
  std::string error{};
};

const std::string kNonce = "12345678901234567890";
const std::string kScramble = kNonce + std::string(1, '\0');
const std::string kWholePassword = std::string("secret") + '\0';

struct Way {
  bool private_way = false;
  bool take_public_key = false;
  std::string password = "secret";
};

Outcome authenticate(std::string_view method, std::deque<std::string> says, const Way& way) {
  std::string password = way.password;
  MARIADB_PVIO pvio{};
  MYSQL mysql{};
  mysql.net.pvio = &pvio;
  mysql.passwd = password.data();
  const std::optional<TlsOptions> no_tls;
  Handshake handshake{.tls = &no_tls, .private_way = way.private_way, .take_public_key = way.take_public_key};
  const HandshakeScope scope(handshake);
  ScriptedServer server{.says = std::move(says)};
  server.vio.read_packet = read_packet;
  server.vio.write_packet = write_packet;
  for (AuthenticationPlugin* plugin : authentication_methods()) {
    if (plugin->name != method) continue;
    const int result = plugin->authenticate(&server.vio, &mysql);
    return {.result = result, .heard = server.heard, .error = mysql.net.last_error};
  }
  FAIL("there is no such method");
  return {};
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string public_text_of(EVP_PKEY* key) {
  BIO* text = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(text, key);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(text, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(text);
  return pem;
}

std::string decrypted(EVP_PKEY* key, const std::string& secret) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
  EVP_PKEY_decrypt_init(context);
  EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING);
  const auto* input = reinterpret_cast<const unsigned char*>(secret.data());
  std::size_t size = 0;
  EVP_PKEY_decrypt(context, nullptr, &size, input, secret.size());
  std::string text(size, '\0');
  CHECK(EVP_PKEY_decrypt(context, reinterpret_cast<unsigned char*>(text.data()), &size, input, secret.size()) > 0);
  EVP_PKEY_CTX_free(context);
  text.resize(size);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(text[i] ^ kNonce[i % kNonce.size()]);
  return text;
}

const std::string kRefused =
    "the server asks for the password, and the connection is not encrypted; use TLS, or say get_server_public_key "
    "where nobody can stand between";

}  // namespace

TEST_CASE("the password itself goes out over a private way alone") {
  const std::string full = "\4";
  auto seen = authenticate("caching_sha2_password", {kScramble, full}, {.private_way = true});
  CHECK(seen.result == CR_OK);
  REQUIRE(seen.heard.size() == 2);
  CHECK(seen.heard[0].size() == 32);
  CHECK(seen.heard[1] == kWholePassword);
  seen = authenticate("caching_sha2_password", {kScramble, full}, {});
  CHECK(seen.result == CR_ERROR);
  CHECK(seen.heard.size() == 1);
  CHECK(seen.error == kRefused);

  seen = authenticate("sha256_password", {kScramble}, {.private_way = true});
  CHECK(seen.heard == std::vector<std::string>{kWholePassword});
  seen = authenticate("sha256_password", {kScramble}, {});
  CHECK(seen.heard.empty());
  CHECK(seen.error == kRefused);

  seen = authenticate("mysql_clear_password", {}, {.private_way = true});
  CHECK(seen.heard == std::vector<std::string>{kWholePassword});
  seen = authenticate("mysql_clear_password", {}, {});
  CHECK(seen.heard.empty());
  CHECK(seen.error == "the server asks for the password in plain text, which we send over TLS or a Unix socket only");
}

TEST_CASE("a server that knows the password needs no more than its proof") {
  auto seen = authenticate("caching_sha2_password", {kScramble, "\3"}, {});
  CHECK(seen.result == CR_OK);
  CHECK(seen.heard.size() == 1);
  seen = authenticate("caching_sha2_password", {kScramble, "\1\3"}, {});
  CHECK(seen.result == CR_OK);
  seen = authenticate("caching_sha2_password", {kScramble}, {.password = ""});
  CHECK(seen.heard == std::vector<std::string>{""});
}

TEST_CASE("where it was said so, an unencrypted server's own key encrypts the password") {
  const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::string pem = public_text_of(key.get());
  auto seen = authenticate("caching_sha2_password", {kScramble, "\4", "\1" + pem}, {.take_public_key = true});
  CHECK(seen.result == CR_OK);
  REQUIRE(seen.heard.size() == 3);
  CHECK(seen.heard[1] == "\2");
  CHECK(decrypted(key.get(), seen.heard[2]) == kWholePassword);
  seen = authenticate("sha256_password", {kScramble, pem}, {.take_public_key = true});
  REQUIRE(seen.heard.size() == 2);
  CHECK(seen.heard[0] == "\1");
  CHECK(decrypted(key.get(), seen.heard[1]) == kWholePassword);
}

TEST_CASE("answers that are none end it, and send nothing more") {
  for (const std::deque<std::string>& says :
       {std::deque<std::string>{}, {"short"}, {kScramble}, {kScramble, ""}, {kScramble, "\7"}}) {
    const auto seen = authenticate("caching_sha2_password", says, {.private_way = true});
    CHECK(seen.result == CR_ERROR);
    CHECK(seen.heard.size() <= 1);
  }
  auto seen = authenticate("sha256_password", {kScramble, ""}, {.take_public_key = true});
  CHECK(seen.error == "the server did not send its RSA key; use TLS");
  seen = authenticate("sha256_password", {kScramble, "no key"}, {.take_public_key = true});
  CHECK(seen.error == "the server's RSA key cannot be read; use TLS");
  CHECK(seen.heard.size() == 1);
}

}  // namespace opshost::mysql
