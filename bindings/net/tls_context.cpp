// Certificates and keys from files.
#include "bindings/net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <cstdlib>

#include "host/fiber/blocking.hpp"
#include "host/log/log.hpp"

namespace opshost::net {

namespace {

/// Where distributions keep the authorities they trust: Debian and Alpine, Fedora and RHEL, SUSE, RHEL of old, Alpine
/// without its bundle.
constexpr std::array<const char*, 5> kBundles = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

[[noreturn]] void fail(const std::string& message) { throw Error("net.tls_file", message); }

std::string shown(const std::string& path) { return describe(Value(path), 200); }

std::string reason_of(const ErrorCode& error) {
  const char* reason = ERR_reason_error_string(static_cast<unsigned long>(error.value()));
  return reason != nullptr ? reason : error.message();
}

/// `what`: "the client key"
void check_file(const std::string& what, const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) fail(what + " " + shown(path) + ": " + errno_text(errno));
  if ((info.st_mode & S_IWOTH) != 0) {
    fail(what + " " + shown(path) + " can be written by everybody, so nobody can trust it: chmod o-w it");
  }
  if (access(path.c_str(), R_OK) != 0) fail(what + " " + shown(path) + " may not be read by us: " + errno_text(errno));
}

std::string system_bundle() {
  if (const char* named = std::getenv("SSL_CERT_FILE"); named != nullptr && *named != '\0') return named;
  std::string searched;
  for (const char* path : kBundles) {
    if (access(path, R_OK) == 0) return path;
    searched += (searched.empty() ? "" : ", ") + std::string(path);
  }
  fail("this machine has no list of certificate authorities (looked for " + searched +
       "): install ca-certificates, or name the file of the authority to trust");
}

void load_authorities(SSL_CTX* context, const std::string& given) {
  const std::string path = given.empty() ? system_bundle() : given;
  check_file("the authorities' file", path);
  if (SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) == 1) return;
  const auto error = take_openssl_error();
  fail("the authorities' file " + shown(path) + " holds no certificate in PEM form (" + reason_of(error) + ")");
}

/// Never asks a terminal: an encrypted key is refused instead.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 0;
}

void load_own_certificate(SSL_CTX* context, const TlsFiles& files) {
  const std::string& key = files.key.empty() ? files.certificate : files.key;
  check_file("the client certificate", files.certificate);
  check_file("the client key", key);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    const auto error = take_openssl_error();
    fail("the client certificate " + shown(files.certificate) + " is no certificate in PEM form (" + reason_of(error) +
         ")");
  }
  bool encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &encrypted);
  const bool loaded = SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (loaded) return;
  const auto error = take_openssl_error();
  if (encrypted) fail("the client key " + shown(key) + " is encrypted: give one without a passphrase, mode 0600");
  if (ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH) {
    fail("the client key " + shown(key) + " is not the key of the certificate " + shown(files.certificate));
  }
  fail("the client key " + shown(key) + " is no private key in PEM form (" + reason_of(error) + ")");
}

std::shared_ptr<const TlsContext> load_now(const TlsFiles& files) {
  auto native = std::make_shared<TlsContext::Native>();
  native->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = native->context.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, files.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (files.verify) load_authorities(context, files.ca);
  if (!files.certificate.empty()) load_own_certificate(context, files);
  return std::make_shared<TlsContext>(files, std::move(native));
}

}  // namespace

TlsContext::TlsContext(TlsFiles files, std::shared_ptr<Native> native)
    : files_(std::move(files)), native_(std::move(native)) {}

Awaitable<std::shared_ptr<const TlsContext>> TlsContext::load(Call& call, TlsFiles files) {
  auto work = [files = std::move(files)] { return load_now(files); };
  co_return co_await call.blocking().run_file_work(call, std::move(work));
}

ErrorCode take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  return {static_cast<int>(code), asio::error::get_ssl_category()};
}

void warn_unverified(const std::string& target) {
  log(Level::warn, target + ": its certificate is not verified (verify = false); anybody may answer in its place");
}

}  // namespace opshost::net
