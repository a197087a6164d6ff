#include "bindings/mysql/client_options.hpp"

#include "bindings/mysql/bind.hpp"
#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

void add(std::string& file, const char* name, const std::string& value) {
  file += name;
  file += "=\"";
  for (const char c : value) {
    if (c == '\n') {
      file += "\\n";
    } else if (c == '\r') {
      file += "\\r";
    } else {
      if (c == '\\' || c == '"') file += '\\';
      file += c;
    }
  }
  file += "\"\n";
}

[[noreturn]] void refuse(const std::string& what) { throw Error("usage.argument", "the connection's `tls` " + what); }

// A client that was not told to check the server's certificate also takes a connection without TLS.
void add_tls(std::string& file, const Settings& settings, const std::optional<std::string>& ca) {
  const TlsOptions& tls = *settings.tls;
  if (!tls.verify) refuse("has verify = false, and the mysql client then also goes on without encryption");
  if (tls.server_name && *tls.server_name != settings.host) {
    refuse("names a server other than `host`, and the mysql client only looks for that one");
  }
  if (settings.via && (tls.cert || tls.key))
    refuse("has a certificate of this machine, which is not there behind `via`");
  if (settings.via && !ca) refuse("is for this machine: say as `ca` what file to trust on the one behind `via`");
  add(file, "ssl-ca", ca ? *ca : trusted_certificates(tls));
  if (tls.cert) add(file, "ssl-cert", *tls.cert);
  if (tls.key) add(file, "ssl-key", *tls.key);
  // The first is MariaDB's, the second MySQL's; each takes the other's for one it need not know.
  file += "loose-ssl-verify-server-cert\nloose-ssl-mode=VERIFY_IDENTITY\n";
}

}  // namespace

std::string client_options(const Settings& settings, const std::optional<std::string>& ca) {
  std::string file = "[client]\n";
  if (settings.socket.empty()) {
    add(file, "host", settings.host);
    add(file, "port", std::to_string(settings.port));
    file += "protocol=tcp\n";
  } else {
    add(file, "socket", settings.socket);
    file += "protocol=socket\n";
  }
  add(file, "user", settings.user);
  add(file, "password", settings.password.reveal());
  if (settings.tls) add_tls(file, settings, ca);
  return Secret(file, "the options of " + settings.target()).reveal();
}

}  // namespace opshost::mysql
