#include "bindings/docker/logs.hpp"

#include <array>
#include <chrono>
#include <deque>

#include "bindings/docker/multiplex.hpp"
#include "bindings/docker/parsed.hpp"
#include "host/base/output.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

struct TerminalConfig {
  bool tty = false;
};
OPSHOST_RECORD(TerminalConfig, "Config of an inspected container", (tty, ""))
struct WithTerminal {
  TerminalConfig config{};
};
OPSHOST_RECORD(WithTerminal, "An inspected container", (config, ""))

constexpr int kUntilSince = 1035;

/// A point in time before now, in the seconds with nine decimals that the engine takes.
std::string ago(Duration duration) {
  const auto time = std::chrono::system_clock::now().time_since_epoch() - duration;
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  std::string fraction = std::to_string(nanoseconds % 1'000'000'000);
  fraction.insert(0, 9 - std::min<std::size_t>(fraction.size(), 9), '0');
  return std::to_string(nanoseconds / 1'000'000'000) + "." + fraction;
}

class LogReader {
 public:
  LogReader(std::shared_ptr<Connection> engine, Answer answer, bool terminal, bool timestamps)
      : engine_(std::move(engine)),
        answer_(std::move(answer)),
        demultiplexer_(terminal),
        terminal_(terminal),
        timestamps_(timestamps) {}

  Awaitable<std::optional<LogLine>> next(Call& call) {
    while (ready_.empty() && !ended_) {
      call.saw("connected, and no line came");
      const auto piece = co_await engine_->read(call, *answer_);
      if (piece.empty()) end();
      feed(piece);
    }
    if (ready_.empty() && complaint_) throw Error(*complaint_);
    if (ready_.empty() && demultiplexer_.at_boundary()) co_return std::nullopt;
    if (ready_.empty()) {
      throw Error("docker.connection_lost", "the connection was lost in the middle of a line")
          .on(engine_->name())
          .retryable();
    }
    auto line = std::move(ready_.front());
    ready_.pop_front();
    co_return line;
  }

 private:
  /// The lines before what the engine complains of are handed out first.
  void feed(std::string_view piece) {
    try {
      demultiplexer_.feed(piece, [this](Output output, std::string_view bytes) {
        lines_of(output).feed(bytes);
        take_lines(output);
      });
    } catch (const Error& error) {
      complaint_ = Error(error).on(engine_->name());
      ended_ = true;
    }
  }

  /// What is unfinished is a line only where the engine ended the stream.
  void end() {
    ended_ = true;
    if (!demultiplexer_.at_boundary()) return;
    for (const auto output : {Output::standard, Output::errors}) {
      lines_of(output).finish();
      take_lines(output);
    }
  }
  LineSplitter& lines_of(Output output) { return lines_[output == Output::errors ? 1 : 0]; }
  void take_lines(Output output) {
    while (auto text = lines_of(output).next()) ready_.push_back(line(std::move(*text), output));
  }

  [[nodiscard]] LogLine line(std::string text, Output output) const {
    LogLine line{.output = output == Output::standard ? "stdout" : "stderr"};
    if (terminal_ && text.ends_with('\r')) text.pop_back();
    const auto space = timestamps_ ? text.find(' ') : std::string::npos;
    if (space != std::string::npos) {
      line.time = text.substr(0, space);
      text.erase(0, space + 1);
    }
    line.text = std::move(text);
    return line;
  }

  std::shared_ptr<Connection> engine_;
  Answer answer_;
  Demultiplexer demultiplexer_;
  std::array<LineSplitter, 2> lines_;
  std::deque<LogLine> ready_;  ///< in the engine's order; at most the lines of one piece
  bool terminal_;
  bool timestamps_;
  bool ended_ = false;
  std::optional<Error> complaint_;
};

}  // namespace

Awaitable<Stream<LogLine>> Container::logs(Call& call, LogOptions options) {
  if (!options.with_stdout && !options.with_stderr) {
    throw Error("usage.argument", "logs: stdout and stderr are both false, so there is nothing to read");
  }
  if (options.before) co_await engine_->needs_version(call, kUntilSince, "before");
  const auto inspected = co_await inspect_text(call);
  const auto engine = engine_;
  const bool terminal = parsed(engine->name(), [&] { return json::read<WithTerminal>(inspected).config.tty; });
  net::HttpRequest request{.target = path() + "/logs", .lasts = true};
  const auto flag = [](bool yes) { return yes ? "1" : "0"; };
  request.target += std::string("?stdout=") + flag(options.with_stdout) + "&stderr=" + flag(options.with_stderr) +
                    "&follow=" + flag(options.follow) + "&timestamps=" + flag(options.timestamps);
  if (options.since) request.target += "&since=" + ago(*options.since);
  if (options.before) request.target += "&until=" + ago(*options.before);
  if (options.tail) request.target += "&tail=" + std::to_string(*options.tail);
  auto answer = co_await engine->send(call, std::move(request));
  auto reader = std::make_shared<LogReader>(engine, std::move(answer), terminal, options.timestamps);
  co_return Stream<LogLine>([reader](Call& step) { return reader->next(step); });
}

}  // namespace opshost::docker
