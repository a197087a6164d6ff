#include "bindings/mysql/authentication.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/mysql/handshake.hpp"

namespace opshost::mysql {

namespace {

constexpr std::size_t kScrambleLength = 20;
constexpr std::size_t kDigestLength = 32;
using Digest = std::array<unsigned char, kDigestLength>;
using Scramble = std::array<unsigned char, kScrambleLength>;

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;

std::string_view bytes(const unsigned char* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};  // the same bytes as text
}

Digest sha256(std::initializer_list<std::string_view> parts) {
  Digest digest{};
  const DigestContext context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (const auto part : parts) EVP_DigestUpdate(context.get(), part.data(), part.size());
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  return digest;
}

/// The server's nonce: 20 bytes and a NUL. False: it sent something else.
bool read_scramble(MYSQL_PLUGIN_VIO* vio, Scramble& scramble) {
  unsigned char* packet = nullptr;
  const int size = vio->read_packet(vio, &packet);
  if (size != static_cast<int>(kScrambleLength) + 1) return false;
  std::memcpy(scramble.data(), packet, kScrambleLength);
  return true;
}

/// SHA256(password) xor SHA256(SHA256(SHA256(password)) + nonce)
Digest fast_answer(std::string_view password, const Scramble& scramble) {
  Digest answer = sha256({password});
  const Digest twice = sha256({bytes(answer.data(), answer.size())});
  const Digest mask = sha256({bytes(twice.data(), twice.size()), bytes(scramble.data(), scramble.size())});
  for (std::size_t i = 0; i < answer.size(); ++i) answer[i] ^= mask[i];
  return answer;
}

/// Nobody can listen. A Unix socket alone says nothing: behind a `via` it may lead on over a network.
bool is_private(const MYSQL* mysql) { return mysql->net.pvio->ctls != nullptr || opens_on_private_way(); }

std::vector<unsigned char> encrypt(EVP_PKEY* key, const std::vector<unsigned char>& text) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  std::size_t size = 0;
  if (!context || EVP_PKEY_encrypt_init(context.get()) <= 0 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) <= 0 ||
      EVP_PKEY_encrypt(context.get(), nullptr, &size, text.data(), text.size()) <= 0) {
    return {};
  }
  std::vector<unsigned char> encrypted(size);
  if (EVP_PKEY_encrypt(context.get(), encrypted.data(), &size, text.data(), text.size()) <= 0) return {};
  encrypted.resize(size);
  return encrypted;
}

int send_whole_password(MYSQL_PLUGIN_VIO* vio, const char* password) {
  const auto size = static_cast<int>(std::strlen(password)) + 1;
  // The interface takes unsigned bytes.
  return vio->write_packet(vio, reinterpret_cast<const unsigned char*>(password), size) == 0 ? CR_OK : CR_ERROR;
}

/// Asks for the server's RSA key by `request` and sends the password, xored with the nonce, encrypted with it.
int send_encrypted_password(MYSQL_PLUGIN_VIO* vio, MYSQL* mysql, const Scramble& scramble, unsigned char request) {
  if (!opens_with_any_public_key()) {
    return refuse_handshake(mysql,
                            "the server asks for the password, and the connection is not encrypted; use TLS, or say "
                            "get_server_public_key where nobody can stand between");
  }
  unsigned char* packet = nullptr;
  if (vio->write_packet(vio, &request, 1) != 0) return CR_ERROR;
  const int size = vio->read_packet(vio, &packet);
  if (size <= 0) return refuse_handshake(mysql, "the server did not send its RSA key; use TLS");
  // A packet that carries a key may begin with a byte that says so.
  const unsigned char* begin = *packet == 1 ? packet + 1 : packet;
  BIO* text = BIO_new_mem_buf(begin, size - static_cast<int>(begin - packet));
  const Key key(PEM_read_bio_PUBKEY(text, nullptr, nullptr, nullptr));
  BIO_free(text);
  if (!key) return refuse_handshake(mysql, "the server's RSA key cannot be read; use TLS");

  const char* password = mysql->passwd;
  std::vector<unsigned char> secret(password, password + std::strlen(password) + 1);
  for (std::size_t i = 0; i < secret.size(); ++i) secret[i] ^= scramble[i % kScrambleLength];
  const auto encrypted = encrypt(key.get(), secret);
  if (encrypted.empty()) return refuse_handshake(mysql, "the password could not be encrypted; use TLS");
  return vio->write_packet(vio, encrypted.data(), static_cast<int>(encrypted.size())) == 0 ? CR_OK : CR_ERROR;
}

bool has_password(const MYSQL* mysql) { return mysql->passwd != nullptr && *mysql->passwd != '\0'; }

int send_empty(MYSQL_PLUGIN_VIO* vio) {
  const unsigned char nothing = 0;
  return vio->write_packet(vio, &nothing, 0) == 0 ? CR_OK : CR_ERROR;
}

int caching_sha2(MYSQL_PLUGIN_VIO* vio, MYSQL* mysql) {
  constexpr unsigned char kKnown = 3;
  constexpr unsigned char kNeedsPassword = 4;
  constexpr unsigned char kRequestKey = 2;
  Scramble scramble{};
  if (!read_scramble(vio, scramble)) return CR_ERROR;
  if (!has_password(mysql)) return send_empty(vio);

  const Digest answer = fast_answer(mysql->passwd, scramble);
  if (vio->write_packet(vio, answer.data(), static_cast<int>(answer.size())) != 0) return CR_ERROR;
  unsigned char* packet = nullptr;
  const int size = vio->read_packet(vio, &packet);
  if (size <= 0) return CR_ERROR;
  // Some servers put the byte "more data" before the verdict.
  const unsigned char verdict = size == 2 && packet[0] == 1 ? packet[1] : packet[0];
  if (size > 2) return CR_OK_HANDSHAKE_COMPLETE;
  if (verdict == kKnown) return CR_OK;
  if (verdict != kNeedsPassword) return CR_ERROR;
  if (is_private(mysql)) return send_whole_password(vio, mysql->passwd);
  return send_encrypted_password(vio, mysql, scramble, kRequestKey);
}

int sha256_method(MYSQL_PLUGIN_VIO* vio, MYSQL* mysql) {
  constexpr unsigned char kRequestKey = 1;
  Scramble scramble{};
  if (!read_scramble(vio, scramble)) return CR_ERROR;
  if (!has_password(mysql)) return send_empty(vio);
  if (is_private(mysql)) return send_whole_password(vio, mysql->passwd);
  return send_encrypted_password(vio, mysql, scramble, kRequestKey);
}

int clear_password(MYSQL_PLUGIN_VIO* vio, MYSQL* mysql) {
  if (!is_private(mysql)) {
    return refuse_handshake(
        mysql, "the server asks for the password in plain text, which we send over TLS or a Unix socket only");
  }
  return send_whole_password(vio, mysql->passwd == nullptr ? "" : mysql->passwd);
}

AuthenticationPlugin caching_sha2_plugin{
    .name = "caching_sha2_password", .description = "SHA-256, with the server's cache", .authenticate = caching_sha2};
AuthenticationPlugin sha256_plugin{.name = "sha256_password", .description = "SHA-256", .authenticate = sha256_method};
AuthenticationPlugin clear_password_plugin{.name = "mysql_clear_password",
                                           .description = "The password itself, over TLS or a Unix socket",
                                           .authenticate = clear_password};

}  // namespace

std::span<AuthenticationPlugin* const> authentication_methods() {
  static const std::array methods = {&caching_sha2_plugin, &sha256_plugin, &clear_password_plugin};
  return methods;
}

}  // namespace opshost::mysql
