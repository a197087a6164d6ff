#include "bindings/mysql/handshake.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>

#include "bindings/mysql/authentication.hpp"
#include "bindings/mysql/client_plugin.hpp"

namespace opshost::mysql {

namespace {

thread_local Handshake* current = nullptr;

SSL* tls_of(MYSQL* mysql) {
  // ctls is void* to who includes ma_pvio.h alone; the library puts a MARIADB_TLS there.
  const auto* tls = static_cast<const MARIADB_TLS*>(mysql->net.pvio->ctls);
  return tls == nullptr ? nullptr : static_cast<SSL*>(tls->ssl);
}

bool is_for(X509* certificate, const std::string& name) {
  return X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
}

std::string refusal_of(SSL* tls, const Handshake& handshake) {
  if (tls == nullptr) return "the server does not offer TLS";
  if (!(*handshake.tls)->verify) return {};
  if (const long verdict = SSL_get_verify_result(tls); verdict != X509_V_OK) {
    return std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(verdict);
  }
  X509* certificate = SSL_get1_peer_certificate(tls);
  if (certificate == nullptr) return "it showed no certificate";
  const bool fits = is_for(certificate, handshake.server_name);
  X509_free(certificate);
  return fits ? std::string() : "its certificate is not for " + handshake.server_name;
}

// The first answer we send has the user's name and begins TLS; the password goes out only after it, by the method that
// the server then names.
int shake_hands(MYSQL_PLUGIN_VIO* vio, MYSQL* mysql) {
  if (current == nullptr) return refuse_handshake(mysql, "opened outside of opshost's own code");
  MYSQL_PLUGIN_VIO_INFO info{};
  vio->info(vio, &info);
  current->socket = info.socket;
  current->native = mysql;
  const unsigned char nothing = 0;
  if (vio->write_packet(vio, &nothing, 0) != 0) return CR_ERROR;
  SSL* tls = tls_of(mysql);
  if (tls != nullptr) current->cipher = SSL_get_cipher(tls);
  if (!current->tls->has_value()) return CR_OK;
  current->refusal = refusal_of(tls, *current);
  return current->refusal.empty() ? CR_OK : refuse_handshake(mysql, current->refusal.c_str());
}

AuthenticationPlugin handshake_plugin{
    .name = kHandshakePlugin, .description = "Checks TLS before a password is sent", .authenticate = shake_hands};

}  // namespace

int refuse_handshake(MYSQL* mysql, const char* message) {
  constexpr unsigned kPluginError = 2061;  // CR_AUTH_PLUGIN_ERR
  mysql->net.last_errno = kPluginError;
  std::snprintf(mysql->net.sqlstate, sizeof(mysql->net.sqlstate), "HY000");
  std::snprintf(mysql->net.last_error, sizeof(mysql->net.last_error), "%s", message);
  return CR_ERROR;
}

HandshakeScope::HandshakeScope(Handshake& handshake) { current = &handshake; }
HandshakeScope::~HandshakeScope() { current = nullptr; }

bool opens_on_private_way() { return current != nullptr && current->private_way; }
bool opens_with_any_public_key() { return current != nullptr && current->take_public_key; }

void register_client_plugins() {
  // The library knows the structure by its first fields.
  mysql_client_register_plugin(nullptr, reinterpret_cast<st_mysql_client_plugin*>(&handshake_plugin));
  for (AuthenticationPlugin* method : authentication_methods()) {
    mysql_client_register_plugin(nullptr, reinterpret_cast<st_mysql_client_plugin*>(method));
  }
}

}  // namespace opshost::mysql
