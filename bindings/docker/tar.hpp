#pragma once
// The archives in which the Engine API carries files: ustar, with the extensions for long names and large files.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace opshost::docker {

struct TarEntry {
  std::string name{};
  char type = '0';  ///< '0' file, '5' directory, '2' link
  std::uint32_t mode = 0644;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;  ///< seconds since 1970
  std::string target{};    ///< of a link
};

/// The header of an entry. What follows it is its content, padded to tar_padded(size) bytes.
std::string tar_header(const TarEntry& entry);
std::uint64_t tar_padded(std::uint64_t size);
/// The two empty blocks at an archive's end.
std::string tar_end();

/// Takes the first entry, extension headers before it included, from the front of `archive`. Returns how many bytes
/// its headers took; nullopt: there are not enough of them yet, or the archive ends here.
/// Throws Error("docker.protocol") for what is no archive.
std::optional<std::size_t> read_tar_entry(std::string_view archive, TarEntry& entry);

}  // namespace opshost::docker
