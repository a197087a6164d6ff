#pragma once
// Files in a container, running or not, through the engine: the container needs no program for it.
#include <cstdint>
#include <optional>
#include <string>

#include "bindings/docker/container.hpp"

namespace opshost::docker {

enum class FileType : std::uint8_t { file, directory, link, fifo, socket, block_device, char_device };
OPSHOST_ENUM(FileType, "What a path leads to", (file, "file"), (directory, "directory"), (link, "link"), (fifo, "fifo"),
             (socket, "socket"), (block_device, "block_device"), (char_device, "char_device"))

struct FileInfo {
  std::string path{};
  std::string name{};
  FileType type = FileType::file;
  std::uint64_t size = 0;
  std::string mode{};
  std::string mtime{};
  std::optional<std::string> target{};
};
OPSHOST_RECORD(FileInfo, "A file, directory or link in a container", (path, "where it is, as it was asked for"),
               (name, "the last part of the path"), (type, "what it is"), (size, "bytes"),
               (mode, "permissions as chmod takes them: \"0644\""),
               (mtime, "when it was last written, as the engine writes it"),
               (target, "where a link leads in the end; nil for others"))

struct ReadFileOptions {
  Size max_size = 64_MiB;
};
OPSHOST_RECORD(ReadFileOptions, "How to read a file", (max_size, "a file with more is an error, not memory"))

struct WriteFileOptions {
  std::optional<std::string> mode{};
  std::optional<std::uint64_t> uid{};
  std::optional<std::uint64_t> gid{};
};
OPSHOST_RECORD(WriteFileOptions, "How to write a file",
               (mode, "permissions as chmod takes them: \"0644\"; kept unless given, \"0644\" for a new file"),
               (uid, "number of the user it belongs to; kept unless given, 0 for a new file"),
               (gid, "number of the group it belongs to; kept unless given, 0 for a new file"))

struct StatOptions {
  bool follow = true;
};
OPSHOST_RECORD(StatOptions, "How to look at a path", (follow, "of a link, tell what it leads to"))

struct MkdirOptions {
  std::string mode = "0755";
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
};
OPSHOST_RECORD(MkdirOptions, "How to make a directory", (mode, "permissions as chmod takes them"),
               (uid, "number of the user it belongs to"), (gid, "number of the group it belongs to"))

/// Throws Error("usage.argument") where it is not absolute, or no path at all.
void check_path(const std::string& path);
/// The same for what is no mode: "0644" is one.
void check_mode(const std::string& text);
/// Where the link at a path leads in the end; nullopt: there is no link.
Awaitable<std::optional<std::string>> link_target(Call& call, Container& container, std::string path);
/// "\"/etc/x\" does not exist in container web-1"
Error no_such_path(const Container& container, const std::string& path);

}  // namespace opshost::docker
