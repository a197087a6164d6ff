#include "bindings/docker/exec.hpp"

#include <array>
#include <deque>
#include <random>
#include <utility>

#include "bindings/docker/errors.hpp"
#include "bindings/docker/exec_ending.hpp"
#include "bindings/docker/exec_request.hpp"
#include "bindings/docker/multiplex.hpp"
#include "bindings/docker/pause.hpp"
#include "bindings/docker/short_id.hpp"
#include "bindings/docker/tracked.hpp"
#include "bindings/net/failure.hpp"
#include "host/base/output.hpp"
#include "host/base/output_text.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::docker {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kShownCommand = 200;
constexpr std::size_t kBeginning = 1000;
/// The exit code may be there a moment after the last byte of output.
constexpr Duration kExitCodeTakes = 10s;
constexpr Duration kFirstPause = 2ms;
constexpr Duration kLongestPause = 100ms;
/// What a terminal takes for the end of input: once ends an unfinished line, once more the input.
constexpr std::string_view kEndOfInput = "\x04\x04";

std::string shown(const Command& command) { return one_line(command.text(), kShownCommand); }

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

void check(const Command& command, const RunOptions& options) {
  const auto refuse = [](const std::string& what) { throw Error("usage.argument", what); };
  if (command.argv.empty() || command.argv.front().empty()) {
    refuse("the command is empty: give a program, as in {\"uname\", \"-a\"}");
  }
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    if (has_nul(command.argv[i])) {
      refuse("word " + std::to_string(i + 1) + " of the command has a NUL byte, which no program can be given");
    }
  }
  for (const auto& [name, value] : options.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name)) {
      refuse("env: " + describe(Value(name)) + " is no name of a variable");
    }
    if (has_nul(net::reveal(value))) refuse("env." + name + " has a NUL byte, which no program can be given");
  }
}

std::string new_mark() {
  std::random_device random;
  std::string mark;
  for (int i = 0; i < 4; ++i) {
    std::array<char, 9> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", random());
    mark += digits.data();
  }
  return mark;
}

/// What becomes of a run's output.
class Outputs {
 public:
  explicit Outputs(const RunOptions& options)
      : on_line_(options.on_line), demultiplexer_(options.tty), outputs_{Kept(options), Kept(options)} {}

  void feed(std::string_view bytes) {
    demultiplexer_.feed(bytes, [this](Output output, std::string_view piece) {
      Kept& kept = output == Output::standard ? this->output() : errors();
      kept.tail.feed(piece);
      kept.beginning.append(piece.substr(0, kBeginning - std::min(kBeginning, kept.beginning.size())));
      if (!on_line_) return;
      kept.lines.feed(piece);
      take_lines(output);
    });
  }
  /// False: the stream ended within a piece of output.
  [[nodiscard]] bool is_whole() const { return demultiplexer_.at_boundary(); }
  void end() {
    for (const auto output : {Output::standard, Output::errors}) {
      (output == Output::standard ? this->output() : errors()).lines.finish();
      take_lines(output);
    }
  }
  Awaitable<void> hand_out_lines(Call& call) {
    while (!ready_.empty() && !call.stop().stopped()) {
      auto [output, text] = std::move(ready_.front());
      ready_.pop_front();
      co_await on_line_(call, std::move(text), output == Output::standard ? "stdout" : "stderr");
    }
  }
  struct Kept {
    explicit Kept(const RunOptions& options) : tail(static_cast<std::size_t>(options.max_output.bytes)) {}
    TailBuffer tail;
    std::string beginning;  ///< where the engine says that there is no program
    LineSplitter lines;
  };
  Kept& output() { return outputs_[0]; }
  Kept& errors() { return outputs_[1]; }

 private:
  void take_lines(Output output) {
    LineSplitter& lines = (output == Output::standard ? this->output() : errors()).lines;
    while (auto text = lines.next()) ready_.emplace_back(output, std::move(*text));
  }

  const Callback<std::string, std::string>& on_line_;
  Demultiplexer demultiplexer_;
  std::array<Kept, 2> outputs_;
  std::deque<std::pair<Output, std::string>> ready_;  ///< lines in the engine's order
};

/// With a terminal the engine takes the end of our half for the end of both.
Awaitable<void> send_input(std::shared_ptr<net::HttpConnection> connection, std::string input, bool tty) {
  try {
    co_await net::write_all(connection->stream(), asio::buffer(input));
    if (!tty) connection->stream().end_writing();
  } catch (const net::Failure&) {
    // A program that does not read its stdin to the end does no harm.
  }
}

class Run {
 public:
  Run(Call& call, std::shared_ptr<Container> container, const Command& command, const RunOptions& options)
      : call_(call), container_(std::move(container)), command_(command), options_(options), outputs_(options) {}

  Awaitable<CommandResult> run() {
    co_await create();
    // A resume asks the engine what became of it: that has to be known before it starts.
    Value note = tracked_note(*container_, id_, options_.accept);
    const std::string key(kTrackedNote);
    co_await call_.note_durably(key, std::move(note));
    began_ = Clock::now();
    std::exception_ptr failure;
    try {
      co_await converse();
      auto result = co_await result_of_ended();
      co_return result;
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
    if (connection_) connection_->close();
    if (started_ && call_.stop().stopped()) co_await end_and_throw(failure);
    std::rethrow_exception(failure);
  }

 private:
  [[nodiscard]] const std::string& engine() const { return container_->engine()->name(); }
  [[nodiscard]] bool has_input() const { return !net::reveal(options_.input).empty(); }

  Awaitable<void> create() {
    ExecRequest request{.argv = command_.argv,
                        .env = options_.env,
                        .cwd = options_.cwd,
                        .user = options_.as_user,
                        .input = has_input(),
                        .tty = options_.tty};
    request.env[kMark] = mark_;
    id_ = co_await create_exec(call_, *container_, std::move(request));
  }

  Awaitable<void> converse() {
    started_ = true;
    connection_ = co_await start_exec(call_, *container_->engine(), id_, options_.tty);
    const auto reaction = net::close_on_stop(call_, connection_->stream());
    if (has_input()) {
      std::string input = net::reveal(options_.input);
      if (options_.tty) input += kEndOfInput;
      asio::co_spawn(call_.executor(), send_input(connection_, std::move(input), options_.tty), asio::detached);
    }
    for (bool more = true; more;) {
      call_.saw(shown(command_) + " was still running in container " + container_->name());
      if (connection_->unread().empty()) more = co_await receive();
      feed(connection_->unread());
      connection_->consume(connection_->unread().size());
      if (!more) outputs_.end();
      co_await outputs_.hand_out_lines(call_);
      if (call_.stop().stopped()) throw Error("cancelled", "stopped while it ran").maybe_applied();
    }
    connection_->close();
    if (outputs_.is_whole()) co_return;
    throw Error("docker.connection_lost",
                shown(command_) + ": the connection was lost in the middle of its output (exec " + short_id(id_) + ")")
        .on(engine())
        .maybe_applied();
  }

  void feed(std::string_view bytes) {
    try {
      outputs_.feed(bytes);
    } catch (const Error& error) {
      throw Error(error).on(engine()).maybe_applied();
    }
  }

  /// An engine that closes a Unix socket with input of ours unread resets it, behind all that it has sent. Over TCP
  /// what was sent may be lost with it, so there it stays an error.
  [[nodiscard]] bool ended_with_input_unread(const net::Failure& failure) const {
    const Connection& engine = *container_->engine();
    return has_input() && failure.obstacle() == net::Obstacle::cut && !engine.endpoint().path.empty() &&
           !engine.via_name();
  }

  Awaitable<bool> receive() {
    std::optional<Error> failed;
    try {
      const bool more = co_await connection_->more();
      co_return more;
    } catch (const net::Failure& failure) {
      // What became of the program is asked next.
      if (ended_with_input_unread(failure)) co_return false;
      failed = docker_error(failure, engine());
    } catch (const Error& error) {
      failed = docker_error(error, engine());
    }
    failed->set_maybe_applied(true);
    throw *failed;
  }

  /// A stream that ended while the program still runs was cut: the engine went, or the way to it.
  Awaitable<CommandResult> result_of_ended() {
    const auto give_up = Clock::now() + kExitCodeTakes;
    Duration pause = kFirstPause;
    std::optional<ExecStatus> status;
    for (;;) {
      status = co_await ask_status();
      if (!status || !status->running || Clock::now() > give_up) break;
      co_await pause_for(call_, pause);
      pause = std::min(pause * 2, kLongestPause);
    }
    if (!status || status->running || !status->exit_code) throw lost(status);
    CommandResult result{.exit_code = *status->exit_code, .duration = Clock::now() - began_, .exec_id = id_};
    result.output_dropped = outputs_.output().tail.dropped();
    result.errors_dropped = outputs_.errors().tail.dropped();
    result.output = outputs_.output().tail.take();
    result.errors = outputs_.errors().tail.take();
    throw_unless_accepted(result);
    co_return result;
  }

  /// It ran, so an engine that cannot be asked leaves us in doubt.
  Awaitable<std::optional<ExecStatus>> ask_status() {
    std::optional<Error> failed;
    try {
      auto status = co_await find_exec(call_, container_->engine(), id_);
      co_return status;
    } catch (const Error& error) {
      failed = error;
    }
    throw Error("docker.connection_lost", shown(command_) +
                                              ": the engine ended the connection, and does not tell what became of "
                                              "the program (exec " +
                                              short_id(id_) + "): " + failed->message())
        .on(engine())
        .maybe_applied()
        .because(*failed);
  }

  Error lost(const std::optional<ExecStatus>& status) {
    std::string what = shown(command_) + ": the engine ended the connection, and ";
    if (!status) {
      what += "has forgotten the run: the container ended, or the engine was restarted";
    } else {
      what += status->running ? "the program still runs" : "does not tell its exit code";
    }
    return Error("docker.connection_lost", what + " (exec " + short_id(id_) + ")").on(engine()).maybe_applied();
  }

  void throw_unless_accepted(const CommandResult& result) {
    constexpr std::string_view kRefused = "OCI runtime exec failed";
    const std::string& beginning = outputs_.output().beginning;
    if ((result.exit_code == 126 || result.exit_code == 127) && beginning.starts_with(kRefused)) {
      throw cannot_start(beginning);
    }
    if (accepts_all(options_.accept) || accepts(options_.accept, result.exit_code)) return;
    std::string message = shown(command_) + " ended with exit code " + std::to_string(result.exit_code);
    const auto* codes = std::get_if<ExitCodeList>(&options_.accept);
    if (codes != nullptr && *codes != ExitCodeList{0}) {
      message += " (accepted: " + default_text(options_.accept) + ")";
    }
    throw Error("docker.exit",
                message + " in container " + container_->name() + what_it_wrote(result.output, result.errors))
        .on(engine())
        .with(value_of(result));
  }

  /// The engine says it in the program's output.
  [[nodiscard]] Error cannot_start(const std::string& words) const {
    const std::string& program = command_.argv.front();
    const bool missing = words.find("executable file not found") != std::string::npos ||
                         words.find("no such file or directory") != std::string::npos;
    const std::string what = missing ? "there is no program " : "cannot start ";
    const EngineRefusal detail{.status = 0, .message = words, .request = "exec"};
    return Error(missing ? "docker.not_found" : "docker.invalid",
                 what + describe(Value(program)) + " in container " + container_->name() + ": " + one_line(words, 500))
        .on(engine())
        .with(value_of(detail));
  }

  Awaitable<void> end_and_throw(std::exception_ptr failure) {
    const auto ending = co_await end_exec(call_, container_, mark_, id_, options_.grace);
    StoppedCommand stopped{.exec_id = id_, .ended = ending.ended, .problem = ending.problem};
    stopped.output = outputs_.output().tail.take();
    stopped.errors = outputs_.errors().tail.take();
    stopped.duration = Clock::now() - began_;
    if (call_.stop().reason() != StopReason::timeout) std::rethrow_exception(failure);
    std::string message = shown(command_) + " in container " + container_->name() + " had not ended after " +
                          format_duration(options_.timeout);
    message += !stopped.ended     ? "; it could not be killed and may still run"
               : ending.signalled ? " and was killed"
                                  : "; when it was to be killed, it had ended";
    if (stopped.problem) message += " (" + *stopped.problem + ")";
    throw Error("docker.timeout", message + what_it_wrote(stopped.output, stopped.errors))
        .on(engine())
        .maybe_applied()
        .with(value_of(stopped));
  }

  Call& call_;
  std::shared_ptr<Container> container_;
  const Command& command_;
  const RunOptions& options_;
  Outputs outputs_;
  const std::string mark_ = new_mark();
  std::string id_;
  std::shared_ptr<net::HttpConnection> connection_;
  TimePoint began_{};
  bool started_ = false;
};

}  // namespace

Awaitable<CommandResult> Container::run(Call& call, Command command, RunOptions options) {
  check(command, options);
  Run run(call, shared_from_this(), command, options);
  auto result = co_await run.run();
  co_return result;
}

}  // namespace opshost::docker
