#pragma once
// A private key, decrypted once; its signatures.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

typedef struct evp_pkey_st EVP_PKEY;  // NOLINT(modernize-use-using): as OpenSSL declares it

namespace opshost::ssh {

class PrivateKey {
 public:
  /// Reads OpenSSH's format and PEM (PKCS#1, SEC 1, PKCS#8). Decrypting may take 100 ms: never on the loop.
  /// Throws Error("ssh.key"), its message without the file's name; detail `reason`: "passphrase_needed",
  /// "passphrase_wrong", "unsupported" or "damaged".
  static std::shared_ptr<const PrivateKey> parse(std::string_view text, const std::optional<std::string>& passphrase);

  /// As it goes over the wire.
  [[nodiscard]] const std::string& public_key() const { return public_key_; }
  /// "ssh-ed25519"
  [[nodiscard]] const std::string& type() const { return type_; }
  /// A signature without the algorithm's name. `algorithm`: for RSA, which hash. Throws Error("ssh.key").
  [[nodiscard]] std::string sign(std::string_view data, std::string_view algorithm) const;

  PrivateKey(std::shared_ptr<EVP_PKEY> key, std::string public_key);

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::string public_key_;
  std::string type_;
};

}  // namespace opshost::ssh
