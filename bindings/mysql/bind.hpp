#pragma once
// Values of a script as parameters of a statement.
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "bindings/mysql/settings.hpp"
#include "host/base/value.hpp"

namespace sql {
class PreparedStatement;
}

namespace opshost::mysql {

/// Throws usage.argument for a value no statement can be given: a table, a function, a secret.
void check_values(const ValueList& values);

/// Keeps what the Connector reads at execution alive until then. Strings go as text of the connection's character set;
/// where that is UTF-8, bytes that are none go as binary.
class BoundValues {
 public:
  BoundValues(sql::PreparedStatement& statement, const ValueList& values, const std::string& charset);

 private:
  [[nodiscard]] bool is_text(const std::string& value) const;
  void bind(sql::PreparedStatement& statement, unsigned position, const Value& value);
  bool utf8_;
  std::vector<std::unique_ptr<std::istream>> streams_;
};

/// The file of certificates to trust: the one given, or where this system keeps its own. Throws mysql.tls.
std::string trusted_certificates(const TlsOptions& tls);
/// An IPv6 address gets its brackets.
std::string bracketed(const std::string& host);

}  // namespace opshost::mysql
