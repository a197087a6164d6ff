#pragma once
// What an option file of the mysql client says of TLS.
#include <map>
#include <optional>
#include <string>

#include "bindings/mysql/settings.hpp"

namespace opshost::mysql {

/// nullopt: it wants none, or says nothing of it. Checked at least as strictly as the file says: what the client would
/// leave unencrypted, or we cannot do, is refused. Throws mysql.defaults_file.
std::optional<TlsOptions> tls_from_file(const std::map<std::string, std::string>& options, const std::string& path);

/// "1", "on", "true" and no value at all; nullopt: the option is not there. Throws mysql.defaults_file for what is
/// neither yes nor no.
std::optional<bool> switch_from_file(const std::map<std::string, std::string>& options, const std::string& name,
                                     const std::string& path);

}  // namespace opshost::mysql
