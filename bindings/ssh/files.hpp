#pragma once
// Files of a host, over SFTP. A relative path starts at the login's home; "~" is not expanded.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings/ssh/connection.hpp"
#include "host/base/size.hpp"
#include "host/fiber/callback.hpp"
#include "host/lua/record.hpp"

namespace opshost::ssh {

enum class FileType : std::uint8_t { file, directory, link, fifo, socket, block_device, char_device, other };
OPSHOST_ENUM(FileType, "What a path leads to", (file, "file"), (directory, "directory"), (link, "link"), (fifo, "fifo"),
             (socket, "socket"), (block_device, "block_device"), (char_device, "char_device"), (other, "other"))

struct FileInfo {
  std::string path{};
  std::string name{};
  FileType type = FileType::file;
  std::uint64_t size = 0;
  std::string mode{};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  double mtime = 0;
  std::optional<std::string> target{};
};
OPSHOST_RECORD(FileInfo, "A file, directory or link", (path, "where it is, as it was asked for"),
               (name, "the last part of the path"), (type, "what it is"), (size, "bytes"),
               (mode, "permissions as chmod takes them: \"0644\""), (uid, "number of the user it belongs to"),
               (gid, "number of the group it belongs to"), (mtime, "when it was last written, in seconds since 1970"),
               (target, "where a link leads; nil for others"))

struct ReadFileOptions {
  Size max_size = 64_MiB;
};
OPSHOST_RECORD(ReadFileOptions, "How to read a file", (max_size, "a file with more is an error, not memory"))

struct WriteFileOptions {
  std::optional<std::string> mode{};
};
OPSHOST_RECORD(WriteFileOptions, "How to write a file",
               (mode, "permissions as chmod takes them: \"0644\"; kept unless given, \"0644\" for a new file"))

struct StatOptions {
  bool follow = true;
};
OPSHOST_RECORD(StatOptions, "How to look at a path", (follow, "of a link, tell what it leads to"))

struct ListOptions {
  std::optional<std::string> match{};
  std::uint32_t max_entries = 100'000;
};
OPSHOST_RECORD(ListOptions, "What to list of a directory", (match, "only names like this: \"*.log\", \"data-?\""),
               (max_entries, "a list with more is an error, not memory"))

struct MkdirOptions {
  std::optional<std::string> mode{};
  bool parents = false;
};
OPSHOST_RECORD(MkdirOptions, "How to make a directory",
               (mode, "permissions as chmod takes them; \"0755\" unless it exists"),
               (parents, "make the directories above it that are missing"))

struct DeleteOptions {
  bool recursive = false;
};
OPSHOST_RECORD(DeleteOptions, "What to delete", (recursive, "a directory with all that is in it"))

struct TransferOptions {
  std::optional<std::string> mode{};
  bool checksum = true;
  Callback<std::uint64_t, std::uint64_t> on_progress{};
  Duration timeout = std::chrono::hours(1);
};
OPSHOST_RECORD(TransferOptions, "How to copy a file",
               (mode,
                "permissions of the copy as chmod takes them; the original's, without setuid, setgid and sticky, "
                "unless given"),
               (checksum, "compare SHA-256 of both sides before it is in place (needs sha256sum there)"),
               (on_progress, "called with the bytes copied and the bytes in all, about once a second"),
               (timeout, "for the whole copy"))

struct TransferResult {
  std::uint64_t size = 0;
  std::optional<std::string> sha256{};
  Duration duration{};
};
OPSHOST_RECORD(TransferResult, "What was copied", (size, "bytes"),
               (sha256, "of the content, in lower-case digits; nil where checksum = false"), (duration, "in seconds"))

struct FileFailure {
  std::string path{};
  std::uint32_t status = 0;
  std::string said{};
};
OPSHOST_RECORD(FileFailure, "What the host's SFTP server answered", (path, "the file it is about"),
               (status, "its number: 2 no such file, 3 permission denied, 4 failure"), (said, "its words"))

// All of these may throw Error with code
//   usage.argument   a path or mode that cannot be one
//   ssh.not_found    the path, or a directory above it, does not exist
//   ssh.permission   the login may not
//   ssh.wrong_type   a directory where a file is needed, or the other way round
//   ssh.no_space     the file system there is full
//   ssh.file         anything else the server refused
// with a FileFailure as detail, ssh.lost, and what keeps a connection from being opened.

/// The whole content. Also throws ssh.too_large.
Awaitable<std::string> read_file(Call& call, std::shared_ptr<Connection> connection, std::string path,
                                 ReadFileOptions options);
/// Replaces the content at once: whoever reads sees the old or the new. Mode and owner of an existing file are kept,
/// links are followed.
Awaitable<void> write_file(Call& call, std::shared_ptr<Connection> connection, std::string path, std::string content,
                           WriteFileOptions options);
Awaitable<FileInfo> stat_path(Call& call, std::shared_ptr<Connection> connection, std::string path,
                              StatOptions options);
/// nullopt where nothing is; a link that leads nowhere counts as nothing.
Awaitable<std::optional<FileInfo>> find_path(Call& call, std::shared_ptr<Connection> connection, std::string path);
/// By name. Also throws ssh.too_large.
Awaitable<std::vector<FileInfo>> list_directory(Call& call, std::shared_ptr<Connection> connection, std::string path,
                                                ListOptions options);
Awaitable<void> make_directory(Call& call, std::shared_ptr<Connection> connection, std::string path,
                               MkdirOptions options);
Awaitable<void> change_mode(Call& call, std::shared_ptr<Connection> connection, std::string path, std::string mode);
/// Unless it is gone. Of a link, the link. Also throws ssh.not_empty.
Awaitable<void> delete_path(Call& call, std::shared_ptr<Connection> connection, std::string path,
                            DeleteOptions options);

/// From this machine to the host; replaces at once, as write_file. Also throws ssh.local_file, ssh.checksum.
Awaitable<TransferResult> put_file(Call& call, std::shared_ptr<Connection> connection, std::string local_path,
                                   std::string path, TransferOptions options);
/// From the host to this machine; replaces at once.
Awaitable<TransferResult> get_file(Call& call, std::shared_ptr<Connection> connection, std::string path,
                                   std::string local_path, TransferOptions options);

}  // namespace opshost::ssh
