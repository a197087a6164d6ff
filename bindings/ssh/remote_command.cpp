#include "bindings/ssh/remote_command.hpp"

#include <array>
#include <utility>

#include "bindings/ssh/errors.hpp"
#include "host/base/output_text.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kMostShown = 300;
constexpr std::string_view kTerminal = "xterm";

}  // namespace

RemoteCommand::RemoteCommand(Call& call, Connection& connection, const RunOptions& options, const CommandToken& token,
                             std::string mark)
    : call_(call),
      connection_(connection),
      options_(options),
      token_(token),
      mark_(std::move(mark)),
      output_(0, "stdout", static_cast<std::size_t>(options.max_output.bytes)),
      errors_(SSH_EXTENDED_DATA_STDERR, "stderr", static_cast<std::size_t>(options.max_output.bytes)),
      input_(options.input),
      waits_for_sudo_(options.as_user.has_value()) {}

Awaitable<void> RemoteCommand::begin(std::string line) {
  channel_ = co_await connection_.open_channel(call_);
  Session& session = channel_.session();
  if (options_.pty) {
    const auto request = [&]() -> long {
      return libssh2_channel_request_pty_ex(channel_.raw(), kTerminal.data(), kTerminal.size(), nullptr, 0, 80, 24, 0,
                                            0);
    };
    const long answer = co_await session.repeat_request(channel_.raw(), request, &call_.stop());
    if (answer != 0) {
      throw Error("ssh.channel", connection_.name() + ": channel: the server gives no terminal: " + session.failure())
          .on(connection_.name());
    }
  }
  began_ = Clock::now();
  const auto request = [&]() -> long {
    return libssh2_channel_process_startup(channel_.raw(), "exec", 4, line.data(), static_cast<unsigned>(line.size()));
  };
  std::optional<Error> failed;
  long answer = 0;
  try {
    answer = co_await session.repeat_request(channel_.raw(), request);
  } catch (const Error& error) {
    failed = lost(error.message());
  }
  if (failed) throw Error(*failed);
  if (answer != 0) {
    throw Error("ssh.channel", connection_.name() + ": command: the server runs none: " + session.failure())
        .on(connection_.name());
  }
}

Awaitable<void> RemoteCommand::hold() {
  Session& session = channel_.session();
  while (!call_.stop().stopped()) {
    const std::uint64_t seen = session.input();
    const bool moved = co_await exchange();
    if (complete_ || call_.stop().stopped()) co_return;
    if (!moved) co_await session.wait_for_input(seen, &call_.stop());
  }
}

Awaitable<bool> RemoteCommand::exchange() {
  bool moved = read(output_);
  moved = read(errors_) || moved;
  moved = write() || moved;
  if (libssh2_channel_eof(channel_.raw()) != 0) {
    output_.lines.finish();
    errors_.lines.finish();
    complete_ = true;
  }
  co_await hand_out_lines();
  co_return moved;
}

bool RemoteCommand::read(Stream& stream) {
  static thread_local std::array<char, 64U * 1024U> buffer;
  Session& session = channel_.session();
  if (session.is_lost()) throw lost(session.why_lost());
  const long answer = session.note(libssh2_channel_read_ex(channel_.raw(), stream.id, buffer.data(), buffer.size()));
  if (answer > 0) {
    take(stream, {buffer.data(), static_cast<std::size_t>(answer)});
    return true;
  }
  if (answer == 0 || answer == LIBSSH2_ERROR_EAGAIN) return false;
  throw lost(session.is_lost() ? session.why_lost() : session.failure());
}

void RemoteCommand::take(Stream& stream, std::string_view bytes) {
  // On a terminal sudo speaks where everything goes.
  if (waits_for_sudo_ && (options_.pty || &stream == &errors_)) {
    take_from_sudo(bytes);
    return;
  }
  stream.kept.feed(bytes);
  if (options_.on_line) stream.lines.feed(bytes);
}

void RemoteCommand::take_from_sudo(std::string_view bytes) {
  from_sudo_.append(bytes);
  const std::string wanted = token_.password_wanted();
  if (const std::size_t at = from_sudo_.find(wanted); at != std::string::npos) {
    from_sudo_.erase(0, at + wanted.size());
    if (options_.as_user_password.empty()) throw as_user_error("sudo asks for a password: give as_user_password");
    if (gave_password_) throw as_user_error("sudo does not take the password");
    gave_password_ = true;
    const std::string line = options_.as_user_password.reveal() + "\n";
    // The window is fresh and large: it takes the line whole.
    channel_.session().note(libssh2_channel_write(channel_.raw(), line.data(), line.size()));
  }
  const std::string began = token_.began();
  const std::size_t at = from_sudo_.find(began);
  const std::size_t end = at == std::string::npos ? at : from_sudo_.find('\n', at);
  if (end == std::string::npos) return;
  waits_for_sudo_ = false;
  const std::string rest = from_sudo_.substr(end + 1);
  from_sudo_.clear();
  if (!rest.empty()) take(options_.pty ? output_ : errors_, rest);
}

bool RemoteCommand::write() {
  if (input_ended_ || waits_for_sudo_) return false;
  Session& session = channel_.session();
  if (written_ < input_.size()) {
    if (!session.may_write()) return false;
    const auto answer = session.note(libssh2_channel_write(channel_.raw(), input_.data() + written_,
                                                           std::min(input_.size() - written_, std::size_t{32768})));
    if (answer == 0 || answer == LIBSSH2_ERROR_EAGAIN) return false;
    if (answer > 0) {
      written_ += static_cast<std::size_t>(answer);
      return true;
    }
    // It does not read on: that is its own business.
    written_ = input_.size();
  }
  session.note(libssh2_channel_send_eof(channel_.raw()));
  input_ended_ = true;
  return true;
}

Awaitable<void> RemoteCommand::hand_out_lines() {
  if (!options_.on_line) co_return;
  for (Stream* stream : {&output_, &errors_}) {
    while (auto line = stream->lines.next()) {
      if (const std::size_t at = mark_.empty() ? std::string::npos : line->find(mark_); at != std::string::npos) {
        if (at == 0) continue;
        line->resize(at);
      }
      co_await options_.on_line(call_, std::move(*line), stream->name);
      if (call_.stop().stopped()) co_return;
    }
  }
}

Awaitable<CommandResult> RemoteCommand::finish() {
  Session& session = channel_.session();
  if (waits_for_sudo_) {
    throw as_user_error("sudo ended: " + one_line(from_sudo_.empty() ? "it said nothing" : from_sudo_, kMostShown));
  }
  std::optional<Error> failed;
  try {
    co_await session.repeat([this]() -> long { return libssh2_channel_close(channel_.raw()); }, &call_.stop());
  } catch (const Error& error) {
    failed = error.code() == "ssh.lost" ? lost(error.message()) : error;
  }
  if (failed) throw Error(*failed);
  CommandResult result;
  char* signal = nullptr;
  std::size_t size = 0;
  libssh2_channel_get_exit_signal(channel_.raw(), &signal, &size, nullptr, nullptr, nullptr, nullptr);
  if (signal != nullptr) {
    result.signal = "SIG" + std::string(signal, size);
    libssh2_free(session.raw(), signal);
  } else {
    result.exit_code = libssh2_channel_get_exit_status(channel_.raw());
  }
  result.output_dropped = output_.kept.dropped();
  result.errors_dropped = errors_.kept.dropped();
  result.output = output_.kept.take();
  result.errors = errors_.kept.take();
  result.duration = Clock::now() - began_;
  channel_.close();
  co_return result;
}

StoppedCommand RemoteCommand::stopped() {
  StoppedCommand stopped;
  stopped.output = output_.kept.take();
  stopped.errors = errors_.kept.take();
  stopped.duration = Clock::now() - began_;
  return stopped;
}

bool RemoteCommand::found_no_directory() const {
  return errors_.kept.view().ends_with(token_.no_directory() + "\n") ||
         (options_.pty && output_.kept.view().ends_with(token_.no_directory() + "\r\n"));
}

Error RemoteCommand::lost(const std::string& why) const {
  return Error("ssh.lost", connection_.name() + ": command: the connection was lost: " + why +
                               "; the command had been sent: it may have run, and may still run")
      .on(connection_.name())
      .maybe_applied();
}

Error RemoteCommand::as_user_error(const std::string& what) const {
  return Error("ssh.as_user", connection_.name() + ": command: cannot become " + *options_.as_user + ": " + what)
      .on(connection_.name());
}

}  // namespace opshost::ssh
