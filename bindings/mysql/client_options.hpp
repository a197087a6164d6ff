#pragma once
// The option file by which MySQL's own programs reach the server of a connection.
#include <optional>
#include <string>

#include "bindings/mysql/settings.hpp"

namespace opshost::mysql {

/// A [client] section with everything of `settings`, as mysql and mysqldump of MySQL and MariaDB read it. The text is a
/// secret: it has the password in it, and is kept out of whatever is shown from here on. `ca`: certificates to trust,
/// as a file of the machine on which the program runs; those of `settings` unless given. Throws usage.argument where
/// the programs could not keep what `tls` promises.
std::string client_options(const Settings& settings, const std::optional<std::string>& ca);

}  // namespace opshost::mysql
