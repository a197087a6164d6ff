#include "bindings/mysql/file_tls.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "bindings/mysql/defaults_file.hpp"
#include "bindings/mysql/syntax/lexer.hpp"
#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

using Options = std::map<std::string, std::string>;

std::optional<std::string> find(const Options& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
}

/// They would change what is encrypted, or who is trusted.
void refuse_unknown(const Options& options, const std::string& path) {
  constexpr std::array<std::string_view, 8> kUnknown = {"ssl-capath", "ssl-cipher", "ssl-crl",     "ssl-crlpath",
                                                        "ssl-fp",     "ssl-fplist", "tls-version", "tls-ciphersuites"};
  for (const auto name : kUnknown) {
    if (options.contains(std::string(name))) {
      fail_in_file(path, "has " + std::string(name) + ", which we do not know; say `tls` to connect() in its place");
    }
  }
}

/// nullopt: no ssl-mode is named.
std::optional<std::string> mode_of(const Options& options, const std::string& path) {
  const auto given = find(options, "ssl-mode");
  if (!given) return std::nullopt;
  std::string mode = syntax::upper(*given);
  constexpr std::array<std::string_view, 4> kModes = {"DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"};
  if (mode == "PREFERRED") {
    fail_in_file(
        path,
        "has ssl-mode = PREFERRED, which goes on unencrypted where the server has no TLS; say REQUIRED or DISABLED");
  }
  if (std::ranges::find(kModes, mode) == kModes.end()) {
    fail_in_file(path,
                 "has ssl-mode = " + *given + ", which is none of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY");
  }
  return mode;
}

}  // namespace

std::optional<bool> switch_from_file(const Options& options, const std::string& name, const std::string& path) {
  for (const char* off : {"skip-", "disable-"}) {
    if (options.contains(off + name)) return false;
  }
  const auto found = options.contains("enable-" + name) ? options.find("enable-" + name) : options.find(name);
  if (found == options.end()) return std::nullopt;
  const std::string value = syntax::upper(found->second);
  if (value.empty() || value == "1" || value == "ON" || value == "TRUE") return true;
  if (value == "0" || value == "OFF" || value == "FALSE") return false;
  fail_in_file(path, "has " + name + " = " + found->second + ", which is neither 1 nor 0");
}

std::optional<TlsOptions> tls_from_file(const Options& options, const std::string& path) {
  refuse_unknown(options, path);
  const auto mode = mode_of(options, path);
  const auto ssl = switch_from_file(options, "ssl", path);
  const auto checks = switch_from_file(options, "ssl-verify-server-cert", path);
  TlsOptions tls{.ca = find(options, "ssl-ca"), .cert = find(options, "ssl-cert"), .key = find(options, "ssl-key")};
  const bool wanted = (mode && *mode != "DISABLED") || ssl == true || checks == true || tls.ca || tls.cert || tls.key;
  if (mode == "DISABLED" || ssl == false) {
    if (wanted) fail_in_file(path, "turns TLS off and has options for it; take out the one or the other");
    return std::nullopt;
  }
  if (!wanted) return std::nullopt;
  // Without certificates to trust both say: encrypted, whoever it is.
  if (!tls.ca && (mode == "REQUIRED" || checks == false)) tls.verify = checks == true;
  return tls;
}

}  // namespace opshost::mysql
