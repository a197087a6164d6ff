// Looking at files: nothing here changes anything.
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string_view>

#include "bindings/local/accounts.hpp"
#include "bindings/local/file_work.hpp"
#include "bindings/local/files.hpp"
#include "bindings/local/folder.hpp"
#include "bindings/local/nearest_file.hpp"
#include "bindings/local/system_error.hpp"
#include "host/base/descriptor.hpp"

namespace opshost::local {

namespace {

constexpr std::size_t kReadPiece = 1U << 20U;

struct OpenFile {
  Descriptor descriptor;
  struct stat info = {};
};

/// For reading. A named pipe or a device could keep us for ever, so only real files are let through.
OpenFile open_file(const std::string& path) {
  OpenFile file{Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY))};
  if (!file.descriptor) {
    struct stat info = {};
    if (errno == ENXIO && stat(path.c_str(), &info) == 0)
      throw wrong_type("read", path, type_text(info.st_mode) + ", not a file");
    throw file_error("read", path, errno);
  }
  if (fstat(file.descriptor.get(), &file.info) != 0) throw file_error("read", path, errno);
  if (!S_ISREG(file.info.st_mode)) throw wrong_type("read", path, type_text(file.info.st_mode) + ", not a file");
  return file;
}

/// Hands the content over piece by piece until its end or until `take` had enough.
void read_pieces(const OpenFile& file, const std::string& path, const StopFlag& flag,
                 const std::function<bool(std::string_view)>& take) {
  const auto buffer = std::make_unique<std::array<char, kReadPiece>>();
  for (;;) {
    flag.check();
    const auto size = read(file.descriptor.get(), buffer->data(), buffer->size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw file_error("read", path, errno);
    if (size == 0 || !take({buffer->data(), static_cast<std::size_t>(size)})) return;
  }
}

Error too_large(const std::string& path, const std::string& size, Size limit) {
  return refusal("local.too_large", "read", path, EFBIG,
                 quoted_path(path) + " has " + size + ", more than max_size = \"" + format_size(limit) +
                     "\": raise it, or take a part with a program (head, tail, grep)");
}

std::string read_whole(const std::string& path, Size limit, const StopFlag& flag) {
  const OpenFile file = open_file(path);
  const auto announced = static_cast<std::uint64_t>(file.info.st_size);
  if (announced > limit.bytes) throw too_large(path, std::to_string(announced) + " bytes", limit);
  std::string content;
  content.reserve(announced);
  read_pieces(file, path, flag, [&](std::string_view bytes) {
    // It may grow while we read, and what /proc shows has no size at all.
    if (content.size() + bytes.size() > limit.bytes) {
      throw too_large(path, "more than " + std::to_string(limit.bytes) + " bytes", limit);
    }
    content.append(bytes);
    return true;
  });
  return content;
}

std::string hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) text.append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 0xFU]);
  return text;
}

const EVP_MD* digest_of(ChecksumAlgorithm algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::md5:
      return EVP_md5();
    case ChecksumAlgorithm::sha1:
      return EVP_sha1();
    case ChecksumAlgorithm::sha512:
      return EVP_sha512();
    case ChecksumAlgorithm::sha256:
      break;
  }
  return EVP_sha256();
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::string checksum_of(const std::string& path, ChecksumAlgorithm algorithm, const StopFlag& flag) {
  const OpenFile file = open_file(path);
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), digest_of(algorithm), nullptr) != 1) {
    throw refusal("local.system", "read", path, ENOTSUP,
                  "this machine's OpenSSL does not offer that checksum (FIPS mode?): sha256 is always there");
  }
  read_pieces(file, path, flag, [&](std::string_view bytes) {
    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
    return true;
  });
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return hex(std::span(digest).first(size));
}

FileInfo look_at(const std::string& path, bool follow) {
  struct stat info = {};
  if ((follow ? stat(path.c_str(), &info) : lstat(path.c_str(), &info)) != 0) throw file_error("look at", path, errno);
  OwnerNames names;
  return describe_file(path, name_of(path), info, names);
}

std::optional<FileInfo> look_for(const std::string& path) {
  struct stat info = {};
  OwnerNames names;
  if (stat(path.c_str(), &info) == 0) return describe_file(path, name_of(path), info, names);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw file_error("look at", path, errno);
}

class Lister {
 public:
  Lister(const ListOptions& options, const StopFlag& flag) : options_(options), flag_(flag) {}

  std::vector<FileInfo> list(const std::string& root) {
    root_ = root;
    visit(root, {});
    std::ranges::sort(files_, {}, &FileInfo::name);
    return std::move(files_);
  }

 private:
  void visit(const std::string& folder, const std::string& below) {
    const Folder open(opendir(folder.c_str()));
    if (!open) {
      if (errno == ENOENT && !below.empty()) return;  // deleted meanwhile
      throw file_error("list", folder, errno);
    }
    std::vector<std::string> folders;
    for (errno = 0; const dirent* entry = readdir(open.get()); errno = 0) {
      flag_.check();
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat info = {};
      if (fstatat(dirfd(open.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;  // deleted meanwhile
      if (options_.recursive && S_ISDIR(info.st_mode)) folders.push_back(name);
      if (matches(name)) add(joined(folder, name), below.empty() ? name : below + '/' + name, info);
    }
    if (errno != 0) throw file_error("list", folder, errno);
    for (const std::string& name : folders) visit(joined(folder, name), below.empty() ? name : below + '/' + name);
  }

  [[nodiscard]] bool matches(const std::string& name) const {
    return !options_.match || fnmatch(options_.match->c_str(), name.c_str(), 0) == 0;
  }

  void add(const std::string& path, const std::string& name, const struct stat& info) {
    if (files_.size() >= options_.max_entries) {
      throw refusal("local.too_large", "list", root_, EFBIG,
                    quoted_path(root_) + " has more than max_entries = " + std::to_string(options_.max_entries) +
                        " entries: raise it, or narrow the list with match");
    }
    files_.push_back(describe_file(path, name, info, names_));
  }

  const ListOptions& options_;
  const StopFlag& flag_;
  std::string root_;
  OwnerNames names_;
  std::vector<FileInfo> files_;
};

}  // namespace

Awaitable<std::string> read_file(Call& call, std::string path, ReadFileOptions options) {
  check_path(path);
  auto work = [path = std::move(path), options](const StopFlag& flag) {
    return read_whole(path, options.max_size, flag);
  };
  co_return co_await on_file_thread(call, std::move(work));
}

Awaitable<std::string> checksum(Call& call, std::string path, ChecksumOptions options) {
  check_path(path);
  auto work = [path = std::move(path), options](const StopFlag& flag) {
    return checksum_of(path, options.algorithm, flag);
  };
  co_return co_await on_file_thread(call, std::move(work));
}

Awaitable<FileInfo> stat_path(Call& call, std::string path, StatOptions options) {
  check_path(path);
  auto work = [path = std::move(path), options](const StopFlag&) { return look_at(path, options.follow); };
  co_return co_await on_file_thread(call, std::move(work));
}

Awaitable<std::optional<FileInfo>> find_path(Call& call, std::string path) {
  check_path(path);
  auto work = [path = std::move(path)](const StopFlag&) { return look_for(path); };
  co_return co_await on_file_thread(call, std::move(work));
}

Awaitable<std::vector<FileInfo>> list_directory(Call& call, std::string path, ListOptions options) {
  check_path(path);
  auto work = [path = std::move(path), options = std::move(options)](const StopFlag& flag) {
    return Lister(options, flag).list(path);
  };
  co_return co_await on_file_thread(call, std::move(work));
}

}  // namespace opshost::local
