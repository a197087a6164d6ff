#include "bindings/mysql/bind.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "bindings/mysql/connector.hpp"
#include "host/base/error.hpp"
#include "host/base/utf8.hpp"

namespace opshost::mysql {

namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto next = decode_utf8(text);
    if (!next) return false;
    text.remove_prefix(next->length);
  }
  return true;
}

}  // namespace

void check_values(const ValueList& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& value = values[i];
    const bool fits = value.get_if<ValueList>() == nullptr && value.get_if<ValueMap>() == nullptr &&
                      value.get_if<Opaque>() == nullptr;
    if (!fits) {
      throw Error("usage.argument", "value " + std::to_string(i + 1) + " is " + describe(value) +
                                        ": a statement takes strings, numbers, booleans and ops.null");
    }
  }
}

BoundValues::BoundValues(sql::PreparedStatement& statement, const ValueList& values, const std::string& charset)
    : utf8_(charset.starts_with("utf8")) {
  for (std::size_t i = 0; i < values.size(); ++i) bind(statement, static_cast<unsigned>(i) + 1, values[i]);
}

bool BoundValues::is_text(const std::string& value) const { return !utf8_ || is_utf8(value); }

void BoundValues::bind(sql::PreparedStatement& statement, unsigned position, const Value& value) {
  if (const auto* text = value.get_if<std::string>()) {
    if (is_text(*text)) {
      statement.setString(position, sql::SQLString(*text));
    } else {
      streams_.push_back(std::make_unique<std::istringstream>(*text));
      statement.setBlob(position, streams_.back().get());
    }
  } else if (const auto* integer = value.get_if<std::int64_t>()) {
    statement.setInt64(position, *integer);
  } else if (const auto* natural = value.get_if<std::uint64_t>()) {
    statement.setUInt64(position, *natural);
  } else if (const auto* number = value.get_if<double>()) {
    statement.setDouble(position, *number);
  } else if (const auto* truth = value.get_if<bool>()) {
    statement.setBoolean(position, *truth);
  } else {
    statement.setNull(position, 0);
  }
}

std::string trusted_certificates(const TlsOptions& tls) {
  if (tls.ca) {
    if (access(tls.ca->c_str(), R_OK) != 0) {
      throw Error("mysql.tls", "the file of certificates to trust, " + describe(Value(*tls.ca)) +
                                   ", cannot be read: " + errno_text(errno));
    }
    return *tls.ca;
  }
  if (const char* given = std::getenv("SSL_CERT_FILE"); given != nullptr && *given != '\0') return given;
  constexpr std::array kPlaces = {
      "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
      "/etc/pki/tls/certs/ca-bundle.crt",
      "/etc/ssl/ca-bundle.pem",  // SUSE
      "/etc/ssl/cert.pem",
  };
  for (const char* place : kPlaces) {
    if (access(place, R_OK) == 0) return place;
  }
  throw Error("mysql.tls", "this machine has no file of certificates to trust; name one as tls = {ca = FILE}");
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace opshost::mysql
