#pragma once
// Files and directories of this machine. A relative path starts at opshost's own working directory; "~" is not
// expanded.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/fiber/call.hpp"
#include "host/lua/record.hpp"

namespace opshost::local {

enum class FileType : std::uint8_t { file, directory, link, fifo, socket, block_device, char_device, other };
OPSHOST_ENUM(FileType, "What a path leads to", (file, "file"), (directory, "directory"), (link, "link"), (fifo, "fifo"),
             (socket, "socket"), (block_device, "block_device"), (char_device, "char_device"), (other, "other"))

struct FileInfo {
  std::string path{};
  std::string name{};
  FileType type = FileType::file;
  std::uint64_t size = 0;
  std::string mode{};
  std::string owner{};
  std::string group{};
  double mtime = 0;
  std::optional<std::string> target{};
};
OPSHOST_RECORD(FileInfo, "A file, directory or link", (path, "where it is, as it was asked for"),
               (name, "the last part of the path; of a recursive list, the path below the listed directory"),
               (type, "what it is"), (size, "bytes"), (mode, "permissions as chmod takes them: \"0644\""),
               (owner, "name of the user it belongs to, or the number where it has none"),
               (group, "name of the group it belongs to, or the number where it has none"),
               (mtime, "when it was last written, in seconds since 1970"),
               (target, "where a link leads; nil for others"))

struct ReadFileOptions {
  Size max_size = 64_MiB;
};
OPSHOST_RECORD(ReadFileOptions, "How to read a file", (max_size, "a file with more is an error, not memory"))

struct WriteFileOptions {
  std::optional<std::string> mode{};
  std::optional<std::string> owner{};
  std::optional<std::string> group{};
  bool parents = false;
};
OPSHOST_RECORD(WriteFileOptions, "How to write a file",
               (mode, "permissions as chmod takes them: \"0644\"; kept unless given, \"0644\" for a new file"),
               (owner, "user it belongs to; kept unless given"), (group, "group it belongs to; kept unless given"),
               (parents, "make the directories above it that are missing"))

struct StatOptions {
  bool follow = true;
};
OPSHOST_RECORD(StatOptions, "How to look at a path", (follow, "of a link, tell what it leads to"))

struct ListOptions {
  bool recursive = false;
  std::optional<std::string> match{};
  std::uint32_t max_entries = 100'000;
};
OPSHOST_RECORD(ListOptions, "What to list of a directory",
               (recursive, "what is below its directories too; links are not followed"),
               (match, "only names like this: \"*.log\", \"data-[0-9]?\""),
               (max_entries, "a list with more is an error, not memory"))

enum class ChecksumAlgorithm : std::uint8_t { md5, sha1, sha256, sha512 };
OPSHOST_ENUM(ChecksumAlgorithm, "How to compute a checksum", (md5, "md5"), (sha1, "sha1"), (sha256, "sha256"),
             (sha512, "sha512"))

struct ChecksumOptions {
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::sha256;
};
OPSHOST_RECORD(ChecksumOptions, "How to compute a checksum",
               (algorithm, "md5 and sha1 only to compare with what a vendor publishes"))

struct MkdirOptions {
  std::optional<std::string> mode{};
  std::optional<std::string> owner{};
  std::optional<std::string> group{};
  bool parents = false;
};
OPSHOST_RECORD(MkdirOptions, "How to make a directory",
               (mode, "permissions as chmod takes them; \"0755\" unless it exists"), (owner, "user it belongs to"),
               (group, "group it belongs to"), (parents, "make the directories above it that are missing"))

struct DeleteOptions {
  bool recursive = false;
};
OPSHOST_RECORD(DeleteOptions, "What to delete", (recursive, "a directory with all that is in it"))

enum class TempType : std::uint8_t { directory, file };
OPSHOST_ENUM(TempType, "What kind of temporary place", (directory, "directory"), (file, "file"))

struct TempOptions {
  TempType type = TempType::directory;
  std::string prefix = "opshost-";
  std::optional<std::string> parent{};
};
OPSHOST_RECORD(TempOptions, "A temporary place", (type, "a directory (mode 0700) or an empty file (mode 0600)"),
               (prefix, "what its name begins with"), (parent, "directory to make it in; $TMPDIR or /tmp unless given"))

// All of these may throw Error with code
//   usage.argument     a path, mode or prefix that cannot be one
//   local.not_found    the path, or a directory above it, does not exist
//   local.permission   we may not
//   local.wrong_type   a directory where a file is needed, or the other way round
//   local.read_only    the file system is mounted read-only
//   local.no_space     the file system or the quota is full
//   local.system       anything else the operating system refused
// with a SystemFailure as detail. Long work stops soon after its call was stopped.

/// The whole content. Also throws local.too_large.
Awaitable<std::string> read_file(Call& call, std::string path, ReadFileOptions options);

/// Replaces the content at once and durably: whoever reads sees the old or the new, also after a power cut. Mode,
/// owner, ACL and security label of an existing file are kept, links are followed; hard links are parted. Also throws
/// local.user_unknown.
Awaitable<void> write_file(Call& call, std::string path, std::string content, WriteFileOptions options);

Awaitable<FileInfo> stat_path(Call& call, std::string path, StatOptions options);

/// nullopt where nothing is; a link that leads nowhere counts as nothing.
Awaitable<std::optional<FileInfo>> find_path(Call& call, std::string path);

/// By name. Also throws local.too_large.
Awaitable<std::vector<FileInfo>> list_directory(Call& call, std::string path, ListOptions options);

/// Of a file's content, in lower-case hexadecimal digits.
Awaitable<std::string> checksum(Call& call, std::string path, ChecksumOptions options);

/// False where it existed. Mode and owner are set in both cases, if given. Also throws local.user_unknown.
Awaitable<bool> make_directory(Call& call, std::string path, MkdirOptions options);

Awaitable<void> change_mode(Call& call, std::string path, std::string mode);

/// False where nothing was. Of a link, the link. Also throws local.not_empty, and local.refused for what nobody deletes
/// on purpose: top-level directories, homes, a directory we are in or something is mounted in.
Awaitable<bool> delete_path(Call& call, std::string path, DeleteOptions options);

/// Its path. Nobody takes it away by itself.
Awaitable<std::string> make_temp(Call& call, TempOptions options);

}  // namespace opshost::local
