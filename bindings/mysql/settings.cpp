#include "bindings/mysql/settings.hpp"

#include <unistd.h>

#include <charconv>
#include <map>

#include "bindings/mysql/defaults_file.hpp"
#include "bindings/mysql/file_tls.hpp"
#include "bindings/mysql/syntax/lexer.hpp"
#include "host/base/account.hpp"
#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

using Defaults = std::map<std::string, std::string>;

[[noreturn]] void refuse(const std::string& what) { throw Error("usage.argument", what); }

std::optional<std::string> find_default(const Defaults& defaults, const char* name) {
  const auto found = defaults.find(name);
  return found == defaults.end() ? std::nullopt : std::optional(found->second);
}

std::string own_user() {
  const auto account = find_account_with_id(geteuid());
  return account ? account->name : "root";
}

std::uint16_t port_from(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc() || end != text.data() + text.size() || port == 0) {
    throw Error("mysql.defaults_file", "the option file has the port " + describe(Value(text)) + ", which is none");
  }
  return port;
}

Secret secret_from(const Password& password) {
  if (const auto* secret = std::get_if<Secret>(&password)) return *secret;
  const auto& text = std::get<std::string>(password);
  return text.empty() ? Secret() : Secret(text, "the script");
}

void take_password(Settings& settings, const ConnectOptions& options, const Defaults& defaults) {
  if (options.password) {
    settings.password = secret_from(*options.password);
  } else if (const auto text = find_default(defaults, "password"); text && !text->empty()) {
    settings.password = Secret(*text, "file " + *options.defaults_file);
  }
}

void take_place(Settings& settings, const ConnectOptions& options, const Defaults& defaults) {
  if (options.socket && (options.host || options.port)) refuse("give `socket`, or `host` and `port`: not both");
  if (const auto host = options.host ? options.host : find_default(defaults, "host")) settings.host = *host;
  // The client takes a file's socket for this machine alone.
  const bool here = settings.host == "localhost" || !find_default(defaults, "host");
  const bool by_tcp = syntax::upper(find_default(defaults, "protocol").value_or("")) == "TCP";
  // The client library would take "localhost" for its own default socket.
  if (settings.host == "localhost") settings.host = "127.0.0.1";
  if (const auto port = find_default(defaults, "port")) settings.port = port_from(*port);
  if (options.port) settings.port = *options.port;
  if (!options.host && !options.port && here && !by_tcp)
    settings.socket = find_default(defaults, "socket").value_or("");
  if (options.socket) settings.socket = *options.socket;
  if (settings.host.empty()) refuse("`host` is empty");
  if (settings.port == 0) refuse("`port` is 0");
}

void take_tls(Settings& settings, const ConnectOptions& options, const Defaults& defaults) {
  if (!options.tls) {
    if (options.defaults_file) settings.tls = tls_from_file(defaults, *options.defaults_file);
  } else if (const auto* wanted = std::get_if<bool>(&*options.tls)) {
    if (*wanted) settings.tls.emplace();
  } else {
    settings.tls = std::get<TlsOptions>(*options.tls);
  }
  if (!settings.tls) return;
  if (!settings.tls->ca) settings.tls->ca = find_default(defaults, "ssl-ca");
  if (!settings.tls->cert) settings.tls->cert = find_default(defaults, "ssl-cert");
  if (!settings.tls->key) settings.tls->key = find_default(defaults, "ssl-key");
  if (settings.tls->cert.has_value() != settings.tls->key.has_value()) {
    refuse("`tls`: a certificate and its key go together: give both `cert` and `key`");
  }
}

// In these a byte of a character may be that of a backslash or a quote: what reads a statement byte by byte, to tell
// what it does, could be led astray.
void take_charset(Settings& settings, const ConnectOptions& options, const Defaults& defaults) {
  const auto charset = options.charset ? options.charset : find_default(defaults, "default-character-set");
  if (charset && (!charset->empty()) && (options.charset || *charset != "auto")) settings.charset = *charset;
  for (const char* ambiguous : {"big5", "cp932", "gb18030", "gbk", "sjis"}) {
    if (syntax::upper(settings.charset) != syntax::upper(ambiguous)) continue;
    refuse("the charset " + settings.charset +
           " has characters with the byte of a backslash in them, so nobody can tell for sure what a statement in it "
           "does; use utf8mb4: the server converts what it stores, and files can be converted by iconv");
  }
}

void take_times(Settings& settings, const ConnectOptions& options, const Defaults& defaults) {
  settings.timeout = options.timeout;
  if (options.connect_timeout) {
    settings.connect_timeout = *options.connect_timeout;
  } else if (const auto text = find_default(defaults, "connect-timeout")) {
    std::uint32_t seconds = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (problem != std::errc() || end != text->data() + text->size()) {
      throw Error("mysql.defaults_file", "the option file has the connect-timeout " + describe(Value(*text)) +
                                             ", which is no number of seconds");
    }
    if (seconds > 0) settings.connect_timeout = std::chrono::seconds(seconds);
  }
}

void check_text(const char* name, const std::string& text) {
  if (text.find('\0') != std::string::npos) refuse(std::string("`") + name + "` has a NUL byte");
}

}  // namespace

std::string Settings::target() const {
  const std::string place = socket.empty() ? host + ":" + std::to_string(port) : socket;
  return "mysql " + user + "@" + place + (via ? " via " + (*via)->name() : "");
}

Settings settings_from(const ConnectOptions& options) {
  Defaults defaults;
  if (options.defaults_file)
    defaults = parse_defaults(read_private_file(*options.defaults_file), *options.defaults_file);
  Settings settings;
  take_place(settings, options, defaults);
  settings.user = options.user ? *options.user : find_default(defaults, "user").value_or(own_user());
  take_password(settings, options, defaults);
  settings.database = options.database ? *options.database : find_default(defaults, "database").value_or("");
  take_tls(settings, options, defaults);
  take_charset(settings, options, defaults);
  take_times(settings, options, defaults);
  settings.get_server_public_key = options.get_server_public_key.value_or(
      options.defaults_file &&
      switch_from_file(defaults, "get-server-public-key", *options.defaults_file).value_or(false));
  settings.via = options.via;
  check_text("host", settings.host);
  check_text("socket", settings.socket);
  check_text("user", settings.user);
  check_text("database", settings.database);
  check_text("charset", settings.charset);
  return settings;
}

}  // namespace opshost::mysql
