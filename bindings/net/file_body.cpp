#include "bindings/net/file_body.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "host/base/descriptor.hpp"
#include "host/fiber/blocking.hpp"

namespace opshost::net {

namespace {

constexpr std::size_t kPiece = 256U << 10U;

struct Opened {
  Descriptor file;
  std::uint64_t size = 0;
};

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error("net.file", describe(Value(path)) + " of this machine: " + errno_text(error));
}

std::shared_ptr<Opened> open_now(const std::string& path) {
  auto opened = std::make_shared<Opened>();
  opened->file = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info = {};
  if (!opened->file || fstat(opened->file.get(), &info) != 0) fail(path, errno);
  if (!S_ISREG(info.st_mode)) throw Error("net.file", describe(Value(path)) + " of this machine is no regular file");
  opened->size = static_cast<std::uint64_t>(info.st_size);
  return opened;
}

std::string read_now(const Opened& opened, const std::string& path) {
  std::string piece(kPiece, '\0');
  for (;;) {
    const auto count = read(opened.file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, errno);
    piece.resize(static_cast<std::size_t>(count));
    return piece;
  }
}

}  // namespace

Awaitable<FileBody> open_file_body(Call& call, std::string path) {
  auto open_it = [path] { return open_now(path); };
  auto opened = co_await call.blocking().run_file_work(call, std::move(open_it));
  FileBody body{.size = opened->size};
  body.next = [opened, path](Call& reading) {
    auto read_piece = [opened, path] { return read_now(*opened, path); };
    return reading.blocking().run_file_work(reading, std::move(read_piece));
  };
  co_return body;
}

}  // namespace opshost::net
