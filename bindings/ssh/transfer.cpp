// put and get: many pieces in flight, the local file read and written on the file thread.
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <utility>

#include "bindings/ssh/file_commands.hpp"
#include "bindings/ssh/remote_file.hpp"
#include "host/base/descriptor.hpp"
#include "host/base/follow_links.hpp"
#include "host/base/write_all.hpp"
#include "host/fiber/blocking.hpp"

namespace opshost::ssh {

namespace {

using namespace sftp;

/// Read or written here at once.
constexpr std::size_t kBlock = 1024U * 1024U;
/// What a copy may do as somebody else is for the one who copies it to say.
constexpr std::uint32_t kCopiedMode = 0777;
/// Of copies that take their time, since others are hardly ever cut off.
constexpr std::uint64_t kMayLeave = 1024U * 1024U;
constexpr std::uint32_t kMostLooked = 10'000;
constexpr double kLeftAfter = 3600;  // seconds
constexpr Duration kProgressEvery = std::chrono::seconds(1);

Error local_error(const std::string& path, const char* doing, const std::string& why) {
  return Error("ssh.local_file", std::string("cannot ") + doing + " " + describe(Value(path), 300) + " here: " + why)
      .on(path);
}

Error local_error(const std::string& path, const char* doing, int number) {
  return local_error(path, doing, errno_text(number));
}

/// What else there may be keeps its reader waiting, has no end, or is no place for a file.
void refuse_unless_file(const std::string& path, const char* doing, mode_t mode) {
  if (S_ISDIR(mode)) throw local_error(path, doing, EISDIR);
  if (!S_ISREG(mode)) throw local_error(path, doing, "it is " + words_for(file_type(mode)));
}

/// Used by one thread at a time: the file thread while a block is with it, else the loop's.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string digits() {
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

/// A file of this machine and what its content has come to.
struct LocalFile {
  std::string path;
  std::string temporary;  ///< of one being written: what it is until it is complete
  Descriptor descriptor;
  std::uint64_t size = 0;
  std::uint32_t mode = 0644;
  std::optional<Sha256> sha;  ///< of a copy that is to be compared

  ~LocalFile() {
    if (!temporary.empty()) unlink(temporary.c_str());
  }
};

std::shared_ptr<LocalFile> open_to_read(const std::string& path, bool checksum) {
  auto file = std::make_shared<LocalFile>();
  if (checksum) file->sha.emplace();
  file->path = path;
  file->descriptor = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat info{};
  // A socket cannot be opened at all.
  if (!file->descriptor && errno == ENXIO && stat(path.c_str(), &info) == 0) {
    refuse_unless_file(path, "read", info.st_mode);
  }
  if (!file->descriptor || fstat(file->descriptor.get(), &info) != 0) throw local_error(path, "read", errno);
  refuse_unless_file(path, "read", info.st_mode);
  file->size = static_cast<std::uint64_t>(info.st_size);
  file->mode = info.st_mode & kCopiedMode;
  return file;
}

std::string read_block(LocalFile& file) {
  std::string block(kBlock, '\0');
  std::size_t filled = 0;
  while (filled < block.size()) {
    const auto size = read(file.descriptor.get(), block.data() + filled, block.size() - filled);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw local_error(file.path, "read", errno);
    if (size == 0) break;
    filled += static_cast<std::size_t>(size);
  }
  block.resize(filled);
  if (file.sha) file.sha->add(block);
  return block;
}

std::shared_ptr<LocalFile> open_to_write(const std::string& path, std::uint32_t mode, bool checksum) {
  auto file = std::make_shared<LocalFile>();
  if (checksum) file->sha.emplace();
  auto target = follow_links(path);
  if (!target) throw local_error(path, "write", errno);
  struct stat info{};
  if (stat(target->c_str(), &info) == 0) {
    refuse_unless_file(path, "write", info.st_mode);
  } else if (errno != ENOENT) {
    throw local_error(path, "write", errno);
  }
  file->path = std::move(*target);
  file->mode = mode;
  std::string temporary = file->path + ".opshost-XXXXXX";
  file->descriptor = Descriptor(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file->descriptor) throw local_error(path, "write", errno);
  file->temporary = temporary;
  return file;
}

void write_block(LocalFile& file, const std::string& block) {
  if (file.sha) file.sha->add(block);
  const int failed = write_all(file.descriptor.get(), block);
  if (failed != 0) throw local_error(file.path, "write", failed);
}

void put_in_place(LocalFile& file) {
  const int fd = file.descriptor.get();
  if (fchmod(fd, file.mode) != 0 || fsync(fd) != 0 || rename(file.temporary.c_str(), file.path.c_str()) != 0) {
    throw local_error(file.path, "write", errno);
  }
  file.temporary.clear();
}

class CopyProgress {
 public:
  CopyProgress(const SftpClient& client, const Callback<std::uint64_t, std::uint64_t>& callback, std::uint64_t total)
      : name_(client.name()), callback_(callback), total_(total), next_(Clock::now() + kProgressEvery) {}
  Awaitable<void> at(Call& call, std::uint64_t done) {
    call.saw(name_ + ": channel: " + format_size(Size{done}) + " of " + format_size(Size{total_}) + " copied");
    if (!callback_ || (Clock::now() < next_ && done < total_)) co_return;
    next_ = Clock::now() + kProgressEvery;
    co_await callback_(call, done, total_);
  }

 private:
  std::string name_;
  const Callback<std::uint64_t, std::uint64_t>& callback_;
  std::uint64_t total_;
  TimePoint next_;
};

/// What copies left behind whose connection was lost: nobody has written to it for a long time, by the host's clock. It
/// is no matter of this copy's if that cannot be seen.
Awaitable<void> delete_leftovers(Call& call, std::shared_ptr<Connection> connection, std::string temporary,
                                 std::string prefix) {
  const std::size_t slash = temporary.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : temporary.substr(0, slash + 1);
  std::vector<FileInfo> entries;
  try {
    entries = co_await list_directory(call, connection, folder, ListOptions{.match = {}, .max_entries = kMostLooked});
  } catch (const Error& error) {
    if (call.stop().stopped() || error.code() == "ssh.lost") throw;
  }
  std::erase_if(entries, [&](const FileInfo& entry) { return !entry.name.starts_with(prefix); });
  const auto own = std::find_if(entries.begin(), entries.end(),
                                [&](const FileInfo& entry) { return temporary.ends_with("/" + entry.name); });
  if (own == entries.end()) co_return;
  const double now = own->mtime;
  for (const FileInfo& entry : entries) {
    if (now - entry.mtime < kLeftAfter || entry.type != FileType::file) continue;
    try {
      co_await delete_path(call, connection, entry.path, DeleteOptions());
    } catch (const Error& error) {
      if (call.stop().stopped() || error.code() == "ssh.lost") throw;
    }
  }
}

/// Both sides have the same; throws where they differ. `copy`: where the bytes of `path` are now.
Awaitable<void> compare(Call& call, std::shared_ptr<Connection> connection, std::string path, std::string copy,
                        std::string expected) {
  const std::string digits = co_await checksum(call, connection, copy, ChecksumOptions());
  if (digits != expected) {
    throw Error("ssh.checksum", connection->name() + ": " + describe(Value(path), 300) + " has SHA-256 " + digits +
                                    " there, " + expected + " here: it was changed on the way or meanwhile")
        .on(connection->name());
  }
}

}  // namespace

Awaitable<TransferResult> put_file(Call& call, std::shared_ptr<Connection> connection, std::string local_path,
                                   std::string path, TransferOptions options) {
  check_path(path);
  const TimePoint began = Clock::now();
  const auto wanted_mode = options.mode ? std::optional(parse_mode(*options.mode)) : std::nullopt;
  auto open = [local_path, checksum = options.checksum] { return open_to_read(local_path, checksum); };
  const auto file = co_await call.blocking().run_file_work(call, std::move(open));
  const auto client = co_await SftpClient::of(call, *connection);
  const auto replacement = co_await Replacement::begin(call, client, path, wanted_mode.value_or(file->mode));

  if (file->size >= kMayLeave) {
    const std::string name = path.substr(path.rfind('/') + 1);
    std::string temporary = replacement->temporary();
    co_await delete_leftovers(call, connection, std::move(temporary), temporary_prefix(name));
  }

  CopyProgress progress(*client, options.on_progress, file->size);
  std::deque<std::pair<SftpClient::Ticket, std::size_t>> asked;
  std::string block;
  std::size_t used = 0;
  std::uint64_t at = 0;
  std::uint64_t written = 0;
  for (bool more = true; more || !asked.empty();) {
    if (more && asked.size() < kMostInFlight) {
      if (used == block.size()) {
        auto work = [file] { return read_block(*file); };
        block = co_await call.blocking().run_file_work(call, std::move(work));
        used = 0;
        more = !block.empty();
        continue;
      }
      const std::string_view piece = std::string_view(block).substr(used, kPiece);
      asked.emplace_back(
          client->send(Request::write, WireWriter().string(replacement->handle()).uint64(at).string(piece).take()),
          piece.size());
      used += piece.size();
      at += piece.size();
      continue;
    }
    auto [first, size] = std::move(asked.front());
    asked.pop_front();
    Reply reply = co_await first.answer(call);
    co_await throw_unless_written(call, client, path, replacement->temporary(), std::move(reply));
    written += size;
    co_await progress.at(call, written);
  }
  co_await replacement->complete(call);
  TransferResult result{.size = written, .sha256 = {}, .duration = {}};
  if (file->sha) {
    result.sha256 = file->sha->digits();
    co_await compare(call, connection, path, replacement->temporary(), *result.sha256);
  }
  co_await replacement->put_in_place(call);
  result.duration = Clock::now() - began;
  co_return result;
}

Awaitable<TransferResult> get_file(Call& call, std::shared_ptr<Connection> connection, std::string path,
                                   std::string local_path, TransferOptions options) {
  check_path(path);
  const TimePoint began = Clock::now();
  const auto wanted_mode = options.mode ? std::optional(parse_mode(*options.mode)) : std::nullopt;
  const auto client = co_await SftpClient::of(call, *connection);
  const auto there = co_await attributes_of_file(call, client, path);
  const RemoteHandle handle = co_await open_file(call, client, path, kOpenRead, 0);
  const std::uint32_t mode = wanted_mode.value_or(there ? there->mode.value_or(0644) & kCopiedMode : 0644U);
  auto open = [local_path, mode, checksum = options.checksum] { return open_to_write(local_path, mode, checksum); };
  const auto file = co_await call.blocking().run_file_work(call, std::move(open));

  CopyProgress progress(*client, options.on_progress, there ? there->size.value_or(0) : 0);
  std::deque<SftpClient::Ticket> asked;
  std::string block;
  std::uint64_t next = 0;
  std::uint64_t received = 0;
  for (bool more = true; more;) {
    while (asked.size() < kMostInFlight) {
      asked.push_back(
          client->send(Request::read, WireWriter().string(handle.text()).uint64(next).uint32(kPiece).take()));
      next += kPiece;
    }
    SftpClient::Ticket first = std::move(asked.front());
    asked.pop_front();
    const Reply reply = co_await first.answer(call);
    more = reply.answer != Answer::status || reply.status() != Status::eof;
    if (more) {
      throw_unless_ok(*client, "read", path, reply);
      WireReader reader(reply.body);
      const std::string_view piece = reader.string();
      block.append(piece);
      received += piece.size();
      if (piece.size() < kPiece) {
        asked.clear();  // what was asked for behind a short answer does not join on
        next = received;
      }
    }
    if (block.size() >= kBlock || (!more && !block.empty())) {
      auto work = [file, full = std::exchange(block, {})] { write_block(*file, full); };
      co_await call.blocking().run_file_work(call, std::move(work));
      co_await progress.at(call, received);
    }
  }
  TransferResult result{.size = received, .sha256 = {}, .duration = {}};
  if (file->sha) {
    result.sha256 = file->sha->digits();
    co_await compare(call, connection, path, path, *result.sha256);
  }
  auto finish = [file] { put_in_place(*file); };
  co_await call.blocking().run_file_work(call, std::move(finish));
  result.duration = Clock::now() - began;
  co_return result;
}

}  // namespace opshost::ssh
