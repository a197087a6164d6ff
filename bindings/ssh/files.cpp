#include "bindings/ssh/files.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "bindings/ssh/remote_file.hpp"
#include "bindings/ssh/wildcard.hpp"

namespace opshost::ssh {

namespace {

using namespace sftp;

std::string path_body(const std::string& path) { return WireWriter().string(path).take(); }

std::string last_part(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return "/";
  const std::size_t slash = path.rfind('/', end);
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(begin, end + 1 - begin);
}

FileInfo info_of(std::string path, const Attributes& attributes) {
  FileInfo info;
  info.name = last_part(path);
  info.path = std::move(path);
  info.type = file_type(attributes.mode.value_or(0));
  info.size = attributes.size.value_or(0);
  info.mode = mode_text(attributes.mode.value_or(0));
  info.uid = attributes.uid.value_or(0);
  info.gid = attributes.gid.value_or(0);
  info.mtime = attributes.modified.value_or(0);
  return info;
}

/// nullopt: it is gone meanwhile, or may not be read.
Awaitable<std::optional<std::string>> link_target(Call& call, std::shared_ptr<SftpClient> client, std::string path) {
  const Reply reply = co_await client->ask(call, Request::readlink, path_body(path));
  if (reply.answer != Answer::name) co_return std::nullopt;
  WireReader reader(reply.body);
  reader.uint32();
  co_return std::string(reader.string());
}

Error too_large(const SftpClient& client, const std::string& path, const std::string& what) {
  return Error("ssh.too_large", client.name() + ": " + describe(Value(path), 300) + " " + what).on(client.name());
}

Error missing(const SftpClient& client, const std::string& path) {
  return Error("ssh.not_found", client.name() + ": " + describe(Value(path), 300) + " does not exist")
      .on(client.name());
}

/// The pieces of a file in order, several asked for ahead.
Awaitable<std::string> read_all(Call& call, std::shared_ptr<SftpClient> client, std::string path, std::uint64_t limit) {
  co_await attributes_of_file(call, client, path);
  const RemoteHandle handle = co_await open_file(call, client, path, kOpenRead, 0);
  std::deque<SftpClient::Ticket> asked;
  std::string content;
  std::uint64_t next = 0;
  constexpr std::size_t kAhead = 8;
  for (;;) {
    while (asked.size() < kAhead) {
      asked.push_back(
          client->send(Request::read, WireWriter().string(handle.text()).uint64(next).uint32(kPiece).take()));
      next += kPiece;
    }
    SftpClient::Ticket first = std::move(asked.front());
    asked.pop_front();
    const Reply reply = co_await first.answer(call);
    if (reply.answer == Answer::status && reply.status() == Status::eof) co_return content;
    throw_unless_ok(*client, "read", path, reply);
    WireReader reader(reply.body);
    const std::string_view piece = reader.string();
    content.append(piece);
    if (content.size() > limit) {
      throw too_large(*client, path, "has more than " + format_size(Size{limit}) + " (max_size)");
    }
    if (piece.size() < kPiece) {
      // A short answer: what was asked for behind it does not join on.
      asked.clear();
      next = content.size();
    }
  }
}

Awaitable<void> make_one_directory(Call& call, std::shared_ptr<SftpClient> client, std::string path,
                                   std::optional<std::uint32_t> mode) {
  Attributes attributes;
  attributes.mode = mode.value_or(0755);
  WireWriter body;
  body.string(path);
  attributes.write(body);
  const Reply reply = co_await client->change(call, Request::mkdir, body.take());
  if (reply.status() == Status::ok) co_return;
  const auto there = co_await attributes_of(call, client, path, true);
  if (!there) throw file_error(*client, "make the directory", path, reply);
  if (file_type(there->mode.value_or(0)) != FileType::directory) {
    throw Error("ssh.wrong_type", client->name() + ": " + describe(Value(path), 300) + " is there and no directory")
        .on(client->name());
  }
  if (!mode) co_return;
  WireWriter setting;
  setting.string(path);
  attributes.write(setting);
  const Reply set = co_await client->change(call, Request::setstat, setting.take());
  throw_unless_ok(*client, "set the mode of", path, set);
}

Awaitable<std::vector<FileInfo>> entries_of(Call& call, std::shared_ptr<SftpClient> client, std::string path,
                                            std::size_t limit) {
  const Reply opened = co_await client->ask(call, Request::opendir, path_body(path));
  if (opened.answer != Answer::handle) {
    const auto there = co_await attributes_of(call, client, path, true);
    if (there && file_type(there->mode.value_or(0)) != FileType::directory) {
      throw Error("ssh.wrong_type", client->name() + ": " + describe(Value(path), 300) + " is no directory")
          .on(client->name());
    }
    throw file_error(*client, "list", path, opened);
  }
  WireReader handle_reader(opened.body);
  const RemoteHandle handle(client, std::string(handle_reader.string()));
  const std::string before = path.ends_with('/') ? path : path + "/";
  std::vector<FileInfo> entries;
  for (;;) {
    const Reply reply = co_await client->ask(call, Request::readdir, path_body(handle.text()));
    if (reply.answer == Answer::status && reply.status() == Status::eof) co_return entries;
    throw_unless_ok(*client, "list", path, reply);
    WireReader reader(reply.body);
    for (std::uint32_t left = reader.uint32(); left > 0 && reader.good(); --left) {
      const std::string name(reader.string());
      reader.string();  // "ls -l" for people
      const Attributes attributes = Attributes::read(reader);
      if (name == "." || name == "..") continue;
      if (entries.size() >= limit) throw too_large(*client, path, "has more entries than max_entries");
      entries.push_back(info_of(before + name, attributes));
    }
  }
}

Awaitable<void> delete_tree(Call& call, std::shared_ptr<SftpClient> client, std::string path) {
  constexpr std::size_t kMostEntries = 1'000'000;
  const auto entries = co_await entries_of(call, client, path, kMostEntries);
  for (const FileInfo& entry : entries) {
    if (entry.type == FileType::directory) {
      co_await delete_tree(call, client, entry.path);
      continue;
    }
    const Reply reply = co_await client->change(call, Request::remove, path_body(entry.path));
    if (reply.status() != Status::no_such_file) throw_unless_ok(*client, "delete", entry.path, reply);
  }
  const Reply reply = co_await client->change(call, Request::rmdir, path_body(path));
  if (reply.status() != Status::no_such_file) throw_unless_ok(*client, "delete", path, reply);
}

}  // namespace

Awaitable<std::string> read_file(Call& call, std::shared_ptr<Connection> connection, std::string path,
                                 ReadFileOptions options) {
  check_path(path);
  const auto client = co_await SftpClient::of(call, *connection);
  auto content = co_await read_all(call, client, path, options.max_size.bytes);
  co_return content;
}

Awaitable<void> write_file(Call& call, std::shared_ptr<Connection> connection, std::string path, std::string content,
                           WriteFileOptions options) {
  check_path(path);
  const auto mode = options.mode ? std::optional(parse_mode(*options.mode)) : std::nullopt;
  const auto client = co_await SftpClient::of(call, *connection);
  const auto replacement = co_await Replacement::begin(call, client, path, mode);
  std::deque<SftpClient::Ticket> asked;
  for (std::size_t at = 0; at < content.size() || !asked.empty();) {
    if (at < content.size() && asked.size() < kMostInFlight) {
      const std::string_view piece = std::string_view(content).substr(at, kPiece);
      asked.push_back(
          client->send(Request::write, WireWriter().string(replacement->handle()).uint64(at).string(piece).take()));
      at += piece.size();
      continue;
    }
    SftpClient::Ticket first = std::move(asked.front());
    asked.pop_front();
    Reply reply = co_await first.answer(call);
    co_await throw_unless_written(call, client, path, replacement->temporary(), std::move(reply));
  }
  co_await replacement->complete(call);
  co_await replacement->put_in_place(call);
}

Awaitable<FileInfo> stat_path(Call& call, std::shared_ptr<Connection> connection, std::string path,
                              StatOptions options) {
  check_path(path);
  const auto client = co_await SftpClient::of(call, *connection);
  const auto attributes = co_await attributes_of(call, client, path, options.follow);
  if (!attributes) throw missing(*client, path);
  FileInfo info = info_of(path, *attributes);
  if (info.type == FileType::link) info.target = co_await link_target(call, client, path);
  co_return info;
}

Awaitable<std::optional<FileInfo>> find_path(Call& call, std::shared_ptr<Connection> connection, std::string path) {
  check_path(path);
  const auto client = co_await SftpClient::of(call, *connection);
  const auto attributes = co_await attributes_of(call, client, path, true);
  if (!attributes) co_return std::nullopt;
  co_return info_of(path, *attributes);
}

Awaitable<std::vector<FileInfo>> list_directory(Call& call, std::shared_ptr<Connection> connection, std::string path,
                                                ListOptions options) {
  check_path(path);
  const auto client = co_await SftpClient::of(call, *connection);
  auto entries = co_await entries_of(call, client, path, options.max_entries);
  if (options.match) {
    std::erase_if(entries, [&](const FileInfo& entry) { return !matches_pattern(*options.match, entry.name); });
  }
  for (FileInfo& entry : entries) {
    if (entry.type == FileType::link) entry.target = co_await link_target(call, client, entry.path);
  }
  std::sort(entries.begin(), entries.end(), [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
  co_return entries;
}

Awaitable<void> make_directory(Call& call, std::shared_ptr<Connection> connection, std::string path,
                               MkdirOptions options) {
  check_path(path);
  const auto mode = options.mode ? std::optional(parse_mode(*options.mode)) : std::nullopt;
  const auto client = co_await SftpClient::of(call, *connection);
  if (options.parents) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      std::string above = path.substr(0, slash);
      co_await make_one_directory(call, client, std::move(above), std::nullopt);
    }
  }
  co_await make_one_directory(call, client, path, mode);
}

Awaitable<void> change_mode(Call& call, std::shared_ptr<Connection> connection, std::string path, std::string mode) {
  check_path(path);
  Attributes attributes;
  attributes.mode = parse_mode(mode);
  const auto client = co_await SftpClient::of(call, *connection);
  WireWriter body;
  body.string(path);
  attributes.write(body);
  const Reply reply = co_await client->change(call, Request::setstat, body.take());
  throw_unless_ok(*client, "set the mode of", path, reply);
}

Awaitable<void> delete_path(Call& call, std::shared_ptr<Connection> connection, std::string path,
                            DeleteOptions options) {
  check_path(path);
  const auto client = co_await SftpClient::of(call, *connection);
  const auto there = co_await attributes_of(call, client, path, false);
  if (!there) co_return;
  if (file_type(there->mode.value_or(0)) != FileType::directory) {
    const Reply reply = co_await client->change(call, Request::remove, path_body(path));
    if (reply.status() != Status::no_such_file) throw_unless_ok(*client, "delete", path, reply);
    co_return;
  }
  if (options.recursive) {
    co_await delete_tree(call, client, path);
    co_return;
  }
  const Reply reply = co_await client->change(call, Request::rmdir, path_body(path));
  if (reply.status() == Status::failure) {
    throw Error("ssh.not_empty", client->name() + ": " + describe(Value(path), 300) +
                                     " is not empty: say recursive = true if all of it shall go")
        .on(client->name());
  }
  throw_unless_ok(*client, "delete", path, reply);
}

}  // namespace opshost::ssh
