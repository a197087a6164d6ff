#include "bindings/ssh/openssh_key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "bindings/ssh/bcrypt_pbkdf.hpp"
#include "bindings/ssh/key_error.hpp"
#include "bindings/ssh/wire.hpp"

namespace opshost::ssh {

namespace {

constexpr std::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
/// A file that asks for more would keep us busy for minutes.
constexpr std::uint32_t kMostRounds = 4096;

std::string body_of(std::string_view text) {
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    throw damaged_key("its last line is missing");
  }
  std::string letters;
  for (const char letter : text.substr(begin + kBegin.size(), end - begin - kBegin.size())) {
    if (letter != '\n' && letter != '\r' && letter != ' ' && letter != '\t') letters.push_back(letter);
  }
  std::string bytes = from_base64(letters);
  if (bytes.empty()) throw damaged_key("it is no base64");
  return bytes;
}

const EVP_CIPHER* cipher_named(std::string_view name) {
  if (name == "aes256-ctr") return EVP_aes_256_ctr();
  if (name == "aes192-ctr") return EVP_aes_192_ctr();
  if (name == "aes128-ctr") return EVP_aes_128_ctr();
  if (name == "aes256-cbc") return EVP_aes_256_cbc();
  if (name == "aes192-cbc") return EVP_aes_192_cbc();
  if (name == "aes128-cbc") return EVP_aes_128_cbc();
  return nullptr;
}

std::string decrypt(std::string_view cipher_name, std::string_view kdf, std::string_view kdf_options,
                    std::string_view encrypted, const std::string& passphrase) {
  const EVP_CIPHER* cipher = cipher_named(cipher_name);
  if (cipher == nullptr || kdf != "bcrypt") {
    throw key_error("unsupported", "the key is encrypted with " + std::string(cipher_name) + " and " +
                                       std::string(kdf) +
                                       ", which opshost cannot open; encrypt it again: ssh-keygen -p -Z aes256-ctr");
  }
  WireReader options(kdf_options);
  const std::string_view salt = options.string();
  const std::uint32_t rounds = options.uint32();
  if (!options.good() || salt.empty() || rounds == 0 || rounds > kMostRounds)
    throw damaged_key("its salt is not there");
  const auto key_size = static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher));
  const auto iv_size = static_cast<std::size_t>(EVP_CIPHER_get_iv_length(cipher));
  std::string secret = bcrypt_pbkdf(passphrase, salt, rounds, key_size + iv_size);

  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  std::string plain(encrypted.size() + 32, '\0');
  int size = 0;
  const void* bytes = secret.data();
  const auto* key = static_cast<const unsigned char*>(bytes);
  const void* input = encrypted.data();
  void* output = plain.data();
  const bool fine =
      EVP_DecryptInit_ex(context.get(), cipher, nullptr, key, key + key_size) == 1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
      EVP_DecryptUpdate(context.get(), static_cast<unsigned char*>(output), &size,
                        static_cast<const unsigned char*>(input), static_cast<int>(encrypted.size())) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  if (!fine) throw damaged_key("it cannot be decrypted");
  plain.resize(static_cast<std::size_t>(size));
  return plain;
}

}  // namespace

bool is_openssh_key(std::string_view text) { return text.find(kBegin) != std::string_view::npos; }

std::string open_openssh_key(std::string_view text, const std::optional<std::string>& passphrase) {
  const std::string bytes = body_of(text);
  WireReader reader(bytes);
  if (reader.raw(15) != std::string_view("openssh-key-v1\0", 15)) throw damaged_key("it does not begin as one");
  const std::string_view cipher = reader.string();
  const std::string_view kdf = reader.string();
  const std::string_view kdf_options = reader.string();
  if (reader.uint32() != 1) throw damaged_key("it is not one key");
  reader.string();  // the public half stands in the private one too
  const std::string_view body = reader.string();
  if (!reader.good()) throw damaged_key("its end is missing");

  const bool encrypted = cipher != "none";
  if (encrypted && (!passphrase || passphrase->empty())) {
    throw key_error("passphrase_needed", "the key is encrypted: give `passphrase`, an ops.secret");
  }
  std::string fields = encrypted ? decrypt(cipher, kdf, kdf_options, body, *passphrase) : std::string(body);
  WireReader checked(fields);
  const std::uint32_t first = checked.uint32();
  const std::uint32_t second = checked.uint32();
  if (!checked.good() || first != second) {
    if (encrypted) throw key_error("passphrase_wrong", "the passphrase does not open the key");
    throw damaged_key("its two check words differ");
  }
  std::string rest(checked.rest());
  OPENSSL_cleanse(fields.data(), fields.size());
  return rest;
}

}  // namespace opshost::ssh
