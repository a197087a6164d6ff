#include "bindings/ssh/remote_file.hpp"

#include <sys/stat.h>

#include <array>
#include <charconv>
#include <utility>

#include "bindings/ssh/command_line.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::ssh {

namespace {

using namespace sftp;

constexpr std::uint32_t kPermissions = 07777;
constexpr std::uint32_t kNewFileMode = 0644;

const char* code_for(Status status) {
  switch (status) {
    case Status::no_such_file:
      return "ssh.not_found";
    case Status::permission_denied:
      return "ssh.permission";
    default:
      return "ssh.file";
  }
}

std::string reason(const Reply& reply) {
  switch (reply.status()) {
    case Status::no_such_file:
      return "it does not exist";
    case Status::permission_denied:
      return "the login may not";
    case Status::failure:
      return "the server says no more than \"" + reply.message() + "\"";
    default:
      return "the server says \"" + reply.message() + "\"";
  }
}

FileFailure record_of(const std::string& path, const Reply& reply) {
  return {.path = path, .status = static_cast<std::uint32_t>(reply.status()), .said = reply.message()};
}

std::string path_body(const std::string& path) { return WireWriter().string(path).take(); }

void refuse_unless_file(const SftpClient& client, const std::string& path, const Attributes& attributes) {
  const FileType type = attributes.mode ? file_type(*attributes.mode) : FileType::file;
  if (type == FileType::file) return;
  throw Error("ssh.wrong_type", client.name() + ": " + describe(Value(path), 300) + " is " + words_for(type))
      .on(client.name());
}

}  // namespace

RemoteHandle::~RemoteHandle() {
  if (!client_ || handle_.empty() || client_->is_lost()) return;
  const SftpClient::Ticket closing = client_->send(Request::close, path_body(handle_));
}

Awaitable<Reply> RemoteHandle::close(Call& call) {
  const auto client = std::exchange(client_, nullptr);
  std::string body = path_body(std::exchange(handle_, {}));
  Reply reply = co_await client->ask(call, Request::close, std::move(body));
  co_return reply;
}

Error file_error(const SftpClient& client, const std::string& doing, const std::string& path, const Reply& reply) {
  return Error(code_for(reply.status()),
               client.name() + ": cannot " + doing + " " + describe(Value(path), 300) + ": " + reason(reply))
      .on(client.name())
      .with(value_of(record_of(path, reply)));
}

void throw_unless_ok(const SftpClient& client, const std::string& doing, const std::string& path, const Reply& reply) {
  if (reply.answer == Answer::status && reply.status() != Status::ok) throw file_error(client, doing, path, reply);
}

Awaitable<void> throw_unless_written(Call& call, std::shared_ptr<SftpClient> client, std::string path,
                                     std::string place, Reply reply) {
  if (reply.answer != Answer::status || reply.status() == Status::ok) co_return;
  if (reply.status() == Status::failure && client->has("statvfs@openssh.com")) {
    std::string body = WireWriter().string("statvfs@openssh.com").string(place).take();
    const Reply answer = co_await client->ask(call, Request::extended, std::move(body));
    WireReader reader(answer.body);
    for (int skipped = 0; skipped < 4; ++skipped) reader.uint64();  // sizes of blocks, all blocks, free blocks
    const std::uint64_t available = reader.uint64();
    if (answer.answer == Answer::extended && reader.good() && available == 0) {
      throw Error("ssh.no_space", client->name() + ": cannot write " + describe(Value(path), 300) +
                                      ": the file system there is full: make room")
          .on(client->name())
          .with(value_of(record_of(path, reply)));
    }
  }
  throw file_error(*client, "write", path, reply);
}

Awaitable<RemoteHandle> open_file(Call& call, std::shared_ptr<SftpClient> client, std::string path, std::uint32_t flags,
                                  std::uint32_t mode) {
  WireWriter body;
  body.string(path).uint32(flags);
  Attributes attributes;
  if ((flags & kOpenCreate) != 0) attributes.mode = mode;
  attributes.write(body);
  const Reply reply = co_await client->ask(call, Request::open, body.take());
  if (reply.answer != Answer::handle) throw file_error(*client, "open", path, reply);
  WireReader reader(reply.body);
  co_return RemoteHandle(client, std::string(reader.string()));
}

Awaitable<std::optional<Attributes>> attributes_of(Call& call, std::shared_ptr<SftpClient> client, std::string path,
                                                   bool follow) {
  const Reply reply = co_await client->ask(call, follow ? Request::stat : Request::lstat, path_body(path));
  if (reply.answer == Answer::status && reply.status() == Status::no_such_file) co_return std::nullopt;
  throw_unless_ok(*client, "look at", path, reply);
  WireReader reader(reply.body);
  co_return Attributes::read(reader);
}

Awaitable<std::optional<Attributes>> attributes_of_file(Call& call, std::shared_ptr<SftpClient> client,
                                                        std::string path) {
  const auto there = co_await attributes_of(call, client, path, true);
  if (there) refuse_unless_file(*client, path, *there);
  co_return there;
}

Awaitable<std::string> real_path(Call& call, std::shared_ptr<SftpClient> client, std::string path) {
  const Reply reply = co_await client->ask(call, Request::realpath, path_body(path));
  throw_unless_ok(*client, "follow", path, reply);
  WireReader reader(reply.body);
  reader.uint32();
  co_return std::string(reader.string());
}

std::string temporary_prefix(const std::string& name) { return "." + name + ".opshost-"; }

Awaitable<std::unique_ptr<Replacement>> Replacement::begin(Call& call, std::shared_ptr<SftpClient> client,
                                                           std::string path, std::optional<std::uint32_t> mode) {
  const auto there = co_await attributes_of_file(call, client, path);
  std::unique_ptr<Replacement> replacement(new Replacement());  // NOLINT(cppcoreguidelines-owning-memory): private
  replacement->client_ = client;
  replacement->target_ = path;
  if (there) replacement->target_ = co_await real_path(call, client, path);
  const std::string& target = replacement->target_;
  const std::size_t slash = target.rfind('/') + 1;
  const std::string temporary = target.substr(0, slash) + temporary_prefix(target.substr(slash)) + random_token();
  const std::uint32_t wanted = mode.value_or(there && there->mode ? *there->mode & kPermissions : kNewFileMode);
  // A call that is stopped before the answer deletes it, too.
  replacement->temporary_ = temporary;
  std::optional<Error> refused;
  try {
    // Nobody else may read it before it has its final mode.
    replacement->handle_ =
        co_await open_file(call, client, temporary, kOpenWrite | kOpenCreate | kOpenExclusive, wanted & 0600U);
  } catch (const Error& error) {
    refused = error;
  }
  if (refused) {
    if (!call.stop().stopped()) replacement->temporary_.clear();
    throw Error(*refused);
  }
  Attributes attributes;
  attributes.mode = wanted;
  if (there) {
    attributes.uid = there->uid;
    attributes.gid = there->gid;
  }
  WireWriter body;
  body.string(replacement->handle());
  attributes.write(body);
  const Reply reply = co_await client->ask(call, Request::fsetstat, body.take());
  throw_unless_ok(*client, "give its owner and mode to", path, reply);
  co_return replacement;
}

Replacement::~Replacement() {
  if (!client_ || temporary_.empty() || client_->is_lost()) return;
  const SftpClient::Ticket removing = client_->send(Request::remove, path_body(temporary_));
}

Awaitable<void> Replacement::complete(Call& call) {
  if (client_->has("fsync@openssh.com")) {
    std::string body = WireWriter().string("fsync@openssh.com").string(handle()).take();
    Reply reply = co_await client_->ask(call, Request::extended, std::move(body));
    co_await throw_unless_written(call, client_, target_, temporary_, std::move(reply));
  }
  Reply closed = co_await handle_.close(call);
  co_await throw_unless_written(call, client_, target_, temporary_, std::move(closed));
}

Awaitable<void> Replacement::put_in_place(Call& call) {
  if (client_->has("posix-rename@openssh.com")) {
    std::string body = WireWriter().string("posix-rename@openssh.com").string(temporary_).string(target_).take();
    const Reply reply = co_await client_->change(call, Request::extended, std::move(body));
    throw_unless_ok(*client_, "replace", target_, reply);
  } else {
    // Version 3 has no rename that replaces: there is a moment without the file.
    const Reply removed = co_await client_->change(call, Request::remove, path_body(target_));
    if (removed.status() != Status::no_such_file) throw_unless_ok(*client_, "replace", target_, removed);
    std::string body = WireWriter().string(temporary_).string(target_).take();
    const Reply reply = co_await client_->change(call, Request::rename, std::move(body));
    throw_unless_ok(*client_, "replace", target_, reply);
  }
  temporary_.clear();
}

std::uint32_t parse_mode(const std::string& text) {
  std::uint32_t mode = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, mode, 8);
  if (text.empty() || error != std::errc() || stop != end || mode > kPermissions) {
    throw Error("usage.argument", "mode is " + describe(Value(text)) + ", which is none: give octal digits, \"0644\"");
  }
  return mode;
}

void check_path(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    throw Error("usage.argument", "path is " + describe(Value(path)) + ", which is no path");
  }
}

std::string words_for(FileType type) {
  if (type == FileType::directory) return "a directory";
  std::string name;
  opshost_enum_choices(&type, [&](FileType choice, const char* text) {
    if (choice == type) name = text;
  });
  return "no regular file (" + name + ")";
}

FileType file_type(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileType::file;
    case S_IFDIR:
      return FileType::directory;
    case S_IFLNK:
      return FileType::link;
    case S_IFIFO:
      return FileType::fifo;
    case S_IFSOCK:
      return FileType::socket;
    case S_IFBLK:
      return FileType::block_device;
    case S_IFCHR:
      return FileType::char_device;
    default:
      return FileType::other;
  }
}

std::string mode_text(std::uint32_t mode) {
  std::array<char, 8> digits{};
  (void)snprintf(digits.data(), digits.size(), "%04o", mode & kPermissions);
  return digits.data();
}

}  // namespace opshost::ssh
