// A Unix socket of the host as a stream.
#include <array>
#include <utility>

#include "bindings/net/failure.hpp"
#include "bindings/ssh/channel_stream.hpp"
#include "bindings/ssh/command_line.hpp"
#include "bindings/ssh/errors.hpp"
#include "bindings/ssh/host.hpp"
#include "host/base/output_text.hpp"

namespace opshost::ssh {

namespace {

/// In an address of socat these mean something.
std::string for_socat(const std::string& path) {
  std::string text;
  for (const char letter : path) {
    if (std::string_view(":,!\"'\\(){}[]").find(letter) != std::string_view::npos) text += '\\';
    text += letter;
  }
  return text;
}

// Where libssh2 (before 1.11) asks for no Unix socket, or sshd opens none, a program there carries the bytes. It says
// "ready" once it knows that it can begin.
std::string helper_script(const std::string& path, const std::vector<std::string>& carrier) {
  const std::string socket = quoted(path);
  std::string others;
  // Before nc, of which some know no Unix sockets.
  if (!carrier.empty()) {
    others = "if command -v " + quoted(carrier.front()) + " >/dev/null; then echo ready >&2; exec";
    for (const auto& word : carrier) others += " " + quoted(word);
    others += "; fi\n";
  }
  return "if [ ! -e " + socket + " ]; then echo absent >&2; exit 1; fi\n" + "if [ ! -w " + socket +
         " ]; then echo permission >&2; exit 1; fi\n" +
         "if command -v socat >/dev/null; then echo ready >&2; exec socat STDIO " +
         quoted("UNIX-CONNECT:" + for_socat(path)) + "; fi\n" + others +
         "if command -v nc >/dev/null; then echo ready >&2; exec nc -U " + socket + "; fi\necho helper >&2; exit 1\n";
}

net::Failure unix_failure(const std::string& via, const std::string& path, const std::vector<std::string>& carrier,
                          const std::string& said) {
  const std::string where = path + " on " + via;
  if (said == "absent") return {net::Obstacle::absent, where + " does not exist"};
  if (said == "permission") return {net::Obstacle::permission, where + ": the login may not write to it"};
  if (said == "helper") {
    return {net::Obstacle::other, where + " needs socat" + (carrier.empty() ? " or nc" : ", nc or " + carrier.front()) +
                                      " there, to carry its bytes, and none is installed: install one"};
  }
  return {net::Obstacle::other, where + ": " + one_line(said.empty() ? "the helper ended" : said, 200)};
}

/// The first line on stderr.
Awaitable<std::string> first_word(Call& call, Channel& channel) {
  std::string said;
  while (said.find('\n') == std::string::npos) {
    std::array<char, 512> buffer{};
    const auto attempt = [&]() -> long {
      const auto answer = libssh2_channel_read_stderr(channel.raw(), buffer.data(), buffer.size());
      if (answer == 0 && libssh2_channel_eof(channel.raw()) == 0) return LIBSSH2_ERROR_EAGAIN;
      return answer;
    };
    const long answer = co_await channel.session().repeat(attempt, &call.stop());
    if (answer <= 0) co_return said;
    said.append(buffer.data(), static_cast<std::size_t>(answer));
  }
  co_return said.substr(0, said.find('\n'));
}

/// What waits on stderr would keep the end of the stream from being seen.
Awaitable<void> ignore_errors(Call& call, Channel& channel) {
  const auto attempt = [&]() -> long {
    return libssh2_channel_handle_extended_data2(channel.raw(), LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE);
  };
  co_await channel.session().repeat(attempt, &call.stop());
}

}  // namespace

Awaitable<std::unique_ptr<net::ByteStream>> Host::open_unix(Call& call, const std::string& path,
                                                            const std::vector<std::string>& carrier) {
  const auto connection = open_connection();
  if constexpr (kHasUnixChannels) {
    try {
      Channel direct = co_await connection->open_unix_channel(call, path);
      co_return make_channel_stream(std::move(direct), connection);
    } catch (const Error& error) {
      if (error.code() != "ssh.channel") throw;
      // A refusal does not say whether the socket is missing, not ours, or sshd forwards none: the helper does.
    }
  }
  Channel channel = co_await connection->open_channel(call);
  const std::string line = "exec /bin/sh -c " + quoted(helper_script(path, carrier));
  std::string said = "the server runs no commands";
  std::optional<Error> lost;
  try {
    const long answer = co_await request_startup(channel, "exec", line, call.stop());
    if (answer == 0) said = co_await first_word(call, channel);
    if (said == "ready") co_await ignore_errors(call, channel);
  } catch (const Error& error) {
    if (error.code() != "ssh.lost") throw;
    lost = lost_error(connection->name(), Stage::channel, error.message()).retryable();
  }
  if (lost) throw Error(*lost);
  if (said != "ready") throw unix_failure(connection->name(), path, carrier, said);
  co_return make_channel_stream(std::move(channel), connection);
}

}  // namespace opshost::ssh
