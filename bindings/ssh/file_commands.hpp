#pragma once
// What SFTP cannot do with a host's files and a program there can.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bindings/ssh/connection.hpp"
#include "host/lua/record.hpp"

namespace opshost::ssh {

enum class ChecksumAlgorithm : std::uint8_t { md5, sha1, sha256, sha512 };
OPSHOST_ENUM(ChecksumAlgorithm, "How to compute a checksum", (md5, "md5"), (sha1, "sha1"), (sha256, "sha256"),
             (sha512, "sha512"))

struct ChecksumOptions {
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::sha256;
  std::optional<Duration> timeout{};
};
OPSHOST_RECORD(ChecksumOptions, "How to compute a checksum",
               (algorithm, "md5 and sha1 only to compare with what a vendor publishes"),
               (timeout, "how long we wait; the connection's, or 60s, unless given"))

enum class TempType : std::uint8_t { directory, file };
OPSHOST_ENUM(TempType, "What kind of temporary place", (directory, "directory"), (file, "file"))

struct TempOptions {
  TempType type = TempType::directory;
  std::string prefix = "opshost-";
  std::optional<std::string> parent{};
};
OPSHOST_RECORD(TempOptions, "A temporary place", (type, "a directory (mode 0700) or an empty file (mode 0600)"),
               (prefix, "what its name begins with"), (parent, "directory to make it in; /tmp unless given"))

/// In lower-case digits, by md5sum, sha256sum, ... of the host. Throws Error with code ssh.not_found, ssh.permission,
/// ssh.wrong_type, ssh.checksum where the program is not there.
Awaitable<std::string> checksum(Call& call, std::shared_ptr<Connection> connection, std::string path,
                                ChecksumOptions options);
/// Its path. Throws as files.hpp says.
Awaitable<std::string> make_temp(Call& call, std::shared_ptr<Connection> connection, TempOptions options);

}  // namespace opshost::ssh
