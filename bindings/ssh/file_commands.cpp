#include "bindings/ssh/file_commands.hpp"

#include <utility>

#include "bindings/ssh/command.hpp"
#include "bindings/ssh/command_line.hpp"
#include "bindings/ssh/remote_file.hpp"
#include "host/base/output_text.hpp"

namespace opshost::ssh {

namespace {

std::string program_of(ChecksumAlgorithm algorithm) {
  std::string name;
  opshost_enum_choices(&algorithm, [&](ChecksumAlgorithm choice, const char* text) {
    if (choice == algorithm) name = text;
  });
  return name + "sum";
}

/// Opened by SFTP, so that a path that is not there, is a directory or may not be read fails as everywhere.
Awaitable<void> check_readable(Call& call, std::shared_ptr<Connection> connection, std::string path) {
  const auto client = co_await SftpClient::of(call, *connection);
  co_await attributes_of_file(call, client, path);
  const RemoteHandle handle = co_await open_file(call, client, path, sftp::kOpenRead, 0);
}

}  // namespace

Awaitable<std::string> checksum(Call& call, std::shared_ptr<Connection> connection, std::string path,
                                ChecksumOptions options) {
  check_path(path);
  co_await check_readable(call, connection, path);
  const std::string program = program_of(options.algorithm);
  RunOptions how;
  how.accept = AnyExitCode::any;
  Command command{{program, "--", path}, {}};
  const CommandResult result = co_await run_quietly(call, connection, std::move(command), std::move(how));
  if (result.exit_code != 0) {
    throw Error("ssh.checksum", connection->name() + ": " + program + " there gives none of " +
                                    describe(Value(path), 300) + what_it_wrote(result.output, result.errors))
        .on(connection->name());
  }
  // A name with a backslash or a newline makes it begin with a backslash.
  const std::size_t begin = result.output.starts_with('\\') ? 1 : 0;
  co_return result.output.substr(begin, result.output.find(' ') - begin);
}

Awaitable<std::string> make_temp(Call& call, std::shared_ptr<Connection> connection, TempOptions options) {
  if (options.prefix.find('/') != std::string::npos || options.prefix.find('\0') != std::string::npos) {
    throw Error("usage.argument", "prefix is " + describe(Value(options.prefix)) + "; it is the beginning of a name");
  }
  const std::string parent = options.parent.value_or("/tmp");
  check_path(parent);
  std::string path = (parent.ends_with('/') ? parent : parent + "/") + options.prefix + random_token();
  const auto client = co_await SftpClient::of(call, *connection);
  if (options.type == TempType::file) {
    const RemoteHandle handle =
        co_await open_file(call, client, path, sftp::kOpenWrite | sftp::kOpenCreate | sftp::kOpenExclusive, 0600);
    co_return path;
  }
  sftp::Attributes attributes;
  attributes.mode = 0700;
  WireWriter body;
  body.string(path);
  attributes.write(body);
  const sftp::Reply reply = co_await client->change(call, sftp::Request::mkdir, body.take());
  throw_unless_ok(*client, "make a temporary directory", path, reply);
  co_return path;
}

}  // namespace opshost::ssh
