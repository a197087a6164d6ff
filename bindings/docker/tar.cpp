#include "bindings/docker/tar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "host/base/error.hpp"

namespace opshost::docker {

namespace {

constexpr std::size_t kBlock = 512;
/// Names and targets in extension headers; longer ones are no names.
constexpr std::uint64_t kLongestExtension = 1U << 20U;

struct Place {
  std::size_t offset;
  std::size_t length;
};
constexpr Place kName{0, 100};
constexpr Place kMode{100, 8};
constexpr Place kUid{108, 8};
constexpr Place kGid{116, 8};
constexpr Place kSize{124, 12};
constexpr Place kMtime{136, 12};
constexpr Place kChecksum{148, 8};
constexpr std::size_t kType = 156;
constexpr Place kTarget{157, 100};
constexpr Place kMagic{257, 8};
constexpr Place kPrefix{345, 155};

[[noreturn]] void broken(const std::string& what) {
  throw Error("docker.protocol", "the engine's archive is broken: " + what);
}

void put_text(std::string& block, Place place, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), place.length),
              block.begin() + static_cast<std::ptrdiff_t>(place.offset));
}

/// Octal digits, or where they do not suffice the binary form of GNU tar.
void put_number(std::string& block, Place place, std::uint64_t number) {
  std::string digits;
  for (std::uint64_t rest = number; rest > 0 || digits.empty(); rest >>= 3U)
    digits.insert(0, 1, static_cast<char>('0' + (rest & 7U)));
  if (digits.size() < place.length) {
    digits.insert(0, place.length - 1 - digits.size(), '0');
    return put_text(block, place, digits);
  }
  for (std::size_t i = 0; i < place.length; ++i, number >>= 8U) {
    block[place.offset + place.length - 1 - i] = static_cast<char>(number & 0xffU);
  }
  block[place.offset] = static_cast<char>(0x80);
}

std::string_view text_at(std::string_view block, Place place) {
  const auto text = block.substr(place.offset, place.length);
  return text.substr(0, text.find('\0'));
}

std::uint64_t number_at(std::string_view block, Place place) {
  auto text = block.substr(place.offset, place.length);
  std::uint64_t number = 0;
  if ((static_cast<unsigned char>(text.front()) & 0x80U) != 0) {
    for (std::size_t i = text.size() - std::min<std::size_t>(text.size() - 1, 8); i < text.size(); ++i) {
      number = (number << 8U) | static_cast<unsigned char>(text[i]);
    }
    return number;
  }
  for (const char digit : text) {
    if (digit == ' ' || digit == '\0') {
      if (number > 0) break;
      continue;
    }
    if (digit < '0' || digit > '7') broken("a number in a header is none");
    number = (number << 3U) | static_cast<unsigned>(digit - '0');
  }
  return number;
}

std::uint64_t checksum_of(std::string_view block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.length;
    sum += own ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

std::string block_of(const TarEntry& entry) {
  std::string block(kBlock, '\0');
  put_text(block, kName, entry.name);
  put_number(block, kMode, entry.mode & 07777U);
  put_number(block, kUid, entry.uid);
  put_number(block, kGid, entry.gid);
  put_number(block, kSize, entry.size);
  put_number(block, kMtime, static_cast<std::uint64_t>(std::max<std::int64_t>(entry.mtime, 0)));
  block[kType] = entry.type;
  put_text(block, kTarget, entry.target);
  put_text(block, kMagic,
           std::string_view("ustar\0"
                            "00",
                            8));
  put_number(block, {kChecksum.offset, 7}, checksum_of(block));
  block[kChecksum.offset + 7] = ' ';
  return block;
}

/// "27 path=some/long/name\n": the number counts itself.
std::string pax_record(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) length = std::to_string(length).size() + rest.size();
  return std::to_string(length) + rest;
}

std::string padded(std::string content) {
  content.resize(static_cast<std::size_t>(tar_padded(content.size())), '\0');
  return content;
}

/// What extension headers say of the entry behind them.
struct Extension {
  std::optional<std::string> name;
  std::optional<std::string> target;
  std::optional<std::uint64_t> size;
};

void read_pax(std::string_view records, Extension& extension) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, problem] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto used = static_cast<std::size_t>(end - records.data());
    if (problem != std::errc() || length <= used || length > records.size())
      broken("an extension header has no length");
    auto record = records.substr(used, length - used);
    records.remove_prefix(length);
    if (!record.starts_with(' ') || !record.ends_with('\n')) broken("an extension header is cut");
    record = record.substr(1, record.size() - 2);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) broken("an extension header has no value");
    const auto key = record.substr(0, equals);
    const auto value = record.substr(equals + 1);
    if (key == "path") extension.name = value;
    if (key == "linkpath") extension.target = value;
    std::uint64_t size = 0;
    if (key == "size" && std::from_chars(value.data(), value.data() + value.size(), size).ec == std::errc()) {
      extension.size = size;
    }
  }
}

TarEntry entry_of(std::string_view block) {
  TarEntry entry;
  const auto prefix = text_at(block, kPrefix);
  const bool is_ustar = text_at(block, kMagic) == "ustar";
  if (is_ustar && !prefix.empty()) entry.name = std::string(prefix) + "/";
  entry.name += text_at(block, kName);
  entry.type = block[kType] == '\0' ? '0' : block[kType];
  entry.mode = static_cast<std::uint32_t>(number_at(block, kMode)) & 07777U;
  entry.uid = number_at(block, kUid);
  entry.gid = number_at(block, kGid);
  entry.size = number_at(block, kSize);
  entry.mtime = static_cast<std::int64_t>(number_at(block, kMtime));
  entry.target = text_at(block, kTarget);
  return entry;
}

}  // namespace

std::uint64_t tar_padded(std::uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

std::string tar_end() { return std::string(2 * kBlock, '\0'); }

std::string tar_header(const TarEntry& entry) {
  std::string extension;
  if (entry.name.size() > kName.length) extension += pax_record("path", entry.name);
  if (entry.target.size() > kTarget.length) extension += pax_record("linkpath", entry.target);
  std::string header;
  if (!extension.empty()) {
    header = block_of({.name = "././@PaxHeader", .type = 'x', .size = extension.size()}) + padded(extension);
  }
  return header + block_of(entry);
}

std::optional<std::size_t> read_tar_entry(std::string_view archive, TarEntry& entry) {
  Extension extension;
  for (std::size_t offset = 0; archive.size() - offset >= kBlock;) {
    const auto block = archive.substr(offset, kBlock);
    if (block.find_first_not_of('\0') == std::string_view::npos) return std::nullopt;
    if (number_at(block, kChecksum) != checksum_of(block)) broken("a header does not fit its checksum");
    offset += kBlock;
    entry = entry_of(block);
    const bool extends = entry.type == 'x' || entry.type == 'g' || entry.type == 'L' || entry.type == 'K';
    if (!extends) {
      if (extension.name) entry.name = *extension.name;
      if (extension.target) entry.target = *extension.target;
      if (extension.size) entry.size = *extension.size;
      return offset;
    }
    if (entry.size > kLongestExtension) broken("an extension header is too long");
    const auto length = static_cast<std::size_t>(tar_padded(entry.size));
    if (archive.size() - offset < length) return std::nullopt;
    const auto content = archive.substr(offset, static_cast<std::size_t>(entry.size));
    const auto text = content.substr(0, content.find('\0'));
    if (entry.type == 'x') read_pax(content, extension);
    if (entry.type == 'L') extension.name = text;
    if (entry.type == 'K') extension.target = text;
    offset += length;
  }
  return std::nullopt;
}

}  // namespace opshost::docker
