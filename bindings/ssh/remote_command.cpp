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

Awaitable<void> RemoteCommand::ask_for_terminal() {
  const auto ask = [](LIBSSH2_CHANNEL* raw) -> long {
    return libssh2_channel_request_pty_ex(raw, kTerminal.data(), kTerminal.size(), nullptr, 0, 80, 24, 0, 0);
  };
  const auto session = channel_.shared_session();
  std::optional<Error> failed;
  long answer = 0;
  try {
    answer = co_await request_on(channel_, ask, call_.stop());
  } catch (const Error& error) {
    if (error.code() != "ssh.lost") throw;
    failed = lost_error(connection_.name(), Stage::channel, error.message()).retryable();
  }
  if (failed) throw Error(*failed);
  if (answer != 0) {
    throw Error("ssh.channel", connection_.name() + ": channel: the server gives no terminal: " + session->failure())
        .on(connection_.name());
  }
}

Awaitable<void> RemoteCommand::begin(std::string line, bool waits) {
  if (waits) {
    channel_ = co_await connection_.open_channel(call_);
  } else {
    channel_ = co_await connection_.open_free_channel(call_);
  }
  const auto session = channel_.shared_session();
  if (options_.pty) co_await ask_for_terminal();
  began_ = Clock::now();
  sent_ = true;
  std::optional<Error> failed;
  long answer = 0;
  try {
    answer = co_await request_startup(channel_, "exec", std::move(line), call_.stop());
  } catch (const Error& error) {
    failed = error.code() == "ssh.lost" ? lost(error.message()) : Error(error).maybe_applied();
  }
  if (failed) throw Error(*failed);
  if (answer != 0) {
    sent_ = false;
    throw Error("ssh.channel", connection_.name() + ": command: the server runs none: " + session->failure())
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
  look_for_end();
  co_await hand_out_lines();
  co_return moved;
}

// Output may end long before the command does.
void RemoteCommand::look_for_end() {
  Session& session = channel_.session();
  if (libssh2_channel_eof(channel_.raw()) == 0) return;
  if (!session.told_end(channel_.raw()) && session.note(libssh2_channel_wait_closed(channel_.raw())) != 0) return;
  output_.lines.finish();
  errors_.lines.finish();
  complete_ = true;
}

Awaitable<bool> RemoteCommand::ends(Call& other) {
  if (!channel_) co_return false;
  Session& session = channel_.session();
  try {
    while (!complete_ && !other.stop().stopped()) {
      const std::uint64_t seen = session.input();
      const bool moved = read(output_) || read(errors_);
      look_for_end();
      if (!complete_ && !moved) co_await session.wait_for_input(seen, &other.stop());
    }
  } catch (const Error&) {
    co_return false;  // lost: nobody knows
  }
  co_return complete_;
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

CommandResult RemoteCommand::finish() {
  const Session& session = channel_.session();
  if (waits_for_sudo_) {
    throw as_user_error("sudo ended: " + one_line(from_sudo_.empty() ? "it said nothing" : from_sudo_, kMostShown));
  }
  if (session.closed_untold(channel_.raw())) {
    throw Error("ssh.lost", connection_.name() +
                                ": command: the server ended its channel and told no exit code: it may have run, and "
                                "may still run")
        .on(connection_.name())
        .maybe_applied();
  }
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
  return result;
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
