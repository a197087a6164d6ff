#include "bindings/ssh/private_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "bindings/ssh/key_error.hpp"
#include "bindings/ssh/openssh_key.hpp"
#include "bindings/ssh/wire.hpp"

namespace opshost::ssh {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;

const unsigned char* bytes_of(std::string_view text) {
  const void* bytes = text.data();
  return static_cast<const unsigned char*>(bytes);
}

unsigned char* bytes_of(std::string& text) {
  void* bytes = text.data();
  return static_cast<unsigned char*>(bytes);
}

Error unsupported(const std::string& type) {
  return key_error("unsupported",
                   "keys of type " + type + " cannot be used; make one with ssh-keygen -t ed25519, or use an agent");
}

Number big_number(std::string_view big_endian) {
  return Number(BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

std::string big_endian(const BIGNUM* value) {
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2bin(value, bytes_of(bytes));
  return bytes;
}

struct Curve {
  const char* ssh;      ///< as SSH names it
  const char* openssl;  ///< as OpenSSL does
};
constexpr std::array kCurves{Curve{"nistp256", "prime256v1"}, Curve{"nistp384", "secp384r1"},
                             Curve{"nistp521", "secp521r1"}};

KeyPointer key_from(const char* algorithm, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) != 1) {
    throw damaged_key("its numbers are no " + std::string(algorithm) + " key");
  }
  return KeyPointer(key);
}

KeyPointer read_ed25519(WireReader& fields) {
  fields.string();  // the public half, which the private one repeats
  const std::string_view secret = fields.string();
  if (!fields.good() || secret.size() != 64) throw damaged_key("its numbers are no ed25519 key");
  return KeyPointer(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(secret), 32));
}

KeyPointer read_ecdsa(WireReader& fields) {
  const std::string_view curve = fields.string();
  const std::string_view point = fields.string();
  const Number secret = big_number(fields.string());
  const auto* known =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& candidate) { return candidate.ssh == curve; });
  if (!fields.good() || known == kCurves.end()) throw damaged_key("it names no curve");
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, known->openssl, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  return key_from("EC", builder.get());
}

/// d mod (prime - 1)
Number exponent(const BIGNUM* d, const BIGNUM* prime) {
  const std::unique_ptr<BN_CTX, Freed<BN_CTX_free>> context(BN_CTX_new());
  const Number less(BN_dup(prime));
  Number result(BN_new());
  if (BN_sub_word(less.get(), 1) != 1 || BN_mod(result.get(), d, less.get(), context.get()) != 1) {
    throw damaged_key("its numbers are no RSA key");
  }
  return result;
}

KeyPointer read_rsa(WireReader& fields) {
  const Number n = big_number(fields.string());
  const Number e = big_number(fields.string());
  const Number d = big_number(fields.string());
  const Number coefficient = big_number(fields.string());
  const Number p = big_number(fields.string());
  const Number q = big_number(fields.string());
  if (!fields.good() || BN_is_zero(p.get()) != 0 || BN_is_zero(q.get()) != 0) {
    throw damaged_key("its numbers are no RSA key");
  }
  const Number exponent_p = exponent(d.get(), p.get());
  const Number exponent_q = exponent(d.get(), q.get());
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  const auto push = [&](const char* name, const Number& value) {
    OSSL_PARAM_BLD_push_BN(builder.get(), name, value.get());
  };
  push(OSSL_PKEY_PARAM_RSA_N, n);
  push(OSSL_PKEY_PARAM_RSA_E, e);
  push(OSSL_PKEY_PARAM_RSA_D, d);
  push(OSSL_PKEY_PARAM_RSA_FACTOR1, p);
  push(OSSL_PKEY_PARAM_RSA_FACTOR2, q);
  push(OSSL_PKEY_PARAM_RSA_EXPONENT1, exponent_p);
  push(OSSL_PKEY_PARAM_RSA_EXPONENT2, exponent_q);
  push(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, coefficient);
  return key_from("RSA", builder.get());
}

KeyPointer read_fields(std::string_view plain) {
  WireReader fields(plain);
  const std::string type(fields.string());
  if (type == "ssh-ed25519") return read_ed25519(fields);
  if (type.starts_with("ecdsa-sha2-nistp")) return read_ecdsa(fields);
  if (type == "ssh-rsa") return read_rsa(fields);
  throw unsupported(type);
}

struct Asked {
  const std::optional<std::string>& passphrase;
  bool asked = false;
};

int give_passphrase(char* buffer, int size, int, void* argument) {
  auto& asked = *static_cast<Asked*>(argument);
  asked.asked = true;
  if (!asked.passphrase || asked.passphrase->size() > static_cast<std::size_t>(size)) return -1;
  // NOLINTNEXTLINE(bugprone-not-null-terminated-result): OpenSSL takes the length returned
  std::memcpy(buffer, asked.passphrase->data(), asked.passphrase->size());
  return static_cast<int>(asked.passphrase->size());
}

KeyPointer read_pem(std::string_view text, const std::optional<std::string>& passphrase) {
  const std::unique_ptr<BIO, Freed<BIO_free_all>> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Asked asked{passphrase};
  KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &asked));
  ERR_clear_error();
  if (key != nullptr) return key;
  if (asked.asked && !passphrase) {
    throw key_error("passphrase_needed", "the key is encrypted: give `passphrase`, an ops.secret");
  }
  if (asked.asked) throw key_error("passphrase_wrong", "the passphrase does not open the key");
  throw key_error("damaged", "this is no private key: neither OpenSSH's format nor PEM");
}

Number number_of(const EVP_PKEY& key, const char* name) {
  BIGNUM* value = nullptr;
  EVP_PKEY_get_bn_param(&key, name, &value);
  return Number(value);
}

std::string ec_public_key(const EVP_PKEY& key) {
  std::array<char, 64> group{};
  std::size_t size = 0;
  EVP_PKEY_get_utf8_string_param(&key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), &size);
  const std::string_view name(group.data(), size);
  const auto* known =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& candidate) { return candidate.openssl == name; });
  if (known == kCurves.end()) throw unsupported("ecdsa on " + std::string(name));
  const std::string x = big_endian(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X).get());
  const std::string y = big_endian(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y).get());
  const auto width = static_cast<std::size_t>((EVP_PKEY_get_bits(&key) + 7) / 8);
  std::string point(1, '\x04');
  point.append(width - x.size(), '\0').append(x).append(width - y.size(), '\0').append(y);
  return WireWriter().string("ecdsa-sha2-" + std::string(known->ssh)).string(known->ssh).string(point).take();
}

std::string public_key_of(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_ED25519: {
      std::string raw(32, '\0');
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(&key, bytes_of(raw), &size);
      return WireWriter().string("ssh-ed25519").string(raw).take();
    }
    case EVP_PKEY_RSA:
      return WireWriter()
          .string("ssh-rsa")
          .mpint(big_endian(number_of(key, OSSL_PKEY_PARAM_RSA_E).get()))
          .mpint(big_endian(number_of(key, OSSL_PKEY_PARAM_RSA_N).get()))
          .take();
    case EVP_PKEY_EC:
      return ec_public_key(key);
    default:
      throw unsupported("other than ed25519, ecdsa and rsa");
  }
}

const EVP_MD* digest_for(std::string_view algorithm) {
  if (algorithm == "ssh-ed25519") return nullptr;
  if (algorithm == "ssh-rsa") return EVP_sha1();
  if (algorithm == "rsa-sha2-256" || algorithm == "ecdsa-sha2-nistp256") return EVP_sha256();
  if (algorithm == "ecdsa-sha2-nistp384") return EVP_sha384();
  return EVP_sha512();  // rsa-sha2-512, ecdsa-sha2-nistp521
}

/// OpenSSL's DER as SSH's two numbers.
std::string ecdsa_numbers(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  return WireWriter()
      .mpint(big_endian(ECDSA_SIG_get0_r(signature.get())))
      .mpint(big_endian(ECDSA_SIG_get0_s(signature.get())))
      .take();
}

}  // namespace

PrivateKey::PrivateKey(std::shared_ptr<EVP_PKEY> key, std::string public_key)
    : key_(std::move(key)), public_key_(std::move(public_key)), type_(key_type(public_key_)) {}

std::shared_ptr<const PrivateKey> PrivateKey::parse(std::string_view text,
                                                    const std::optional<std::string>& passphrase) {
  KeyPointer key;
  if (is_openssh_key(text)) {
    std::string plain = open_openssh_key(text, passphrase);
    key = read_fields(plain);
    OPENSSL_cleanse(plain.data(), plain.size());
  } else {
    key = read_pem(text, passphrase);
  }
  if (key == nullptr) throw damaged_key("its numbers are no key");
  std::string public_key = public_key_of(*key);
  return std::make_shared<PrivateKey>(std::shared_ptr<EVP_PKEY>(key.release(), Freed<EVP_PKEY_free>()),
                                      std::move(public_key));
}

std::string PrivateKey::sign(std::string_view data, std::string_view algorithm) const {
  const std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const bool begun = EVP_DigestSignInit(context.get(), nullptr, digest_for(algorithm), nullptr, key_.get()) == 1 &&
                     EVP_DigestSign(context.get(), nullptr, &size, bytes_of(data), data.size()) == 1;
  std::string signature(size, '\0');
  if (!begun || EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(data), data.size()) != 1) {
    ERR_clear_error();
    throw key_error("unsupported", "the key cannot sign with " + std::string(algorithm));
  }
  signature.resize(size);
  return algorithm.starts_with("ecdsa-") ? ecdsa_numbers(signature) : signature;
}

}  // namespace opshost::ssh
