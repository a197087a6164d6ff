#pragma once
// The mysql client's option files: "[client]" with user, password, host, ...
#include <map>
#include <string>
#include <string_view>

namespace opshost::mysql {

/// The options of the sections [client] and [client-server], later ones over earlier ones; names with "-" for "_"
/// and without "loose-".
/// `path` is for messages. Throws mysql.defaults_file for a line nobody can read.
std::map<std::string, std::string> parse_defaults(std::string_view text, const std::string& path);

/// Reads a file whose mode lets nobody but its owner read it. Throws mysql.defaults_file.
std::string read_private_file(const std::string& path);

/// Throws mysql.defaults_file: "the option file "PATH" WHAT".
[[noreturn]] void fail_in_file(const std::string& path, const std::string& what);

}  // namespace opshost::mysql
