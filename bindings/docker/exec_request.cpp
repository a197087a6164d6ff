#include "bindings/docker/exec_request.hpp"

#include <charconv>
#include <sstream>

#include "bindings/docker/errors.hpp"
#include "bindings/docker/multiplex.hpp"
#include "bindings/docker/parsed.hpp"
#include "host/base/json_text.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

constexpr int kEnvSince = 1025;
constexpr int kCwdSince = 1035;

/// What runs of a run: whatever has the mark in its environment, what earlier looks found ($3 and on), and what these
/// began, which may have an environment of its own. Each as its number and the time it began, so that another process
/// that gets the number is not taken for it. Those that have ended and wait for their parent are none.
///
/// Who began whom is looked at once: something that begins one process after the other would never be done with.
constexpr const char* kSignalMarked =
    "mark=$1 signal=$2 found=' ' n=0 tree=\n"
    "shift 2\n"
    "look() {\n"
    "  line=\n"
    "  read -r line 2>/dev/null <\"/proc/$1/stat\" || return 1\n"
    "  set -- ${line##*) }\n"
    "  parent=$2 began=${20}\n"
    "  [ \"$1\" != Z ]\n"
    "}\n"
    "add() {\n"
    "  case $found in *\" $1:\"*) return 1 ;; esac\n"
    "  look \"$1\" || return 1\n"
    "  found=\"$found$1:$began \" n=$((n + 1))\n"
    "}\n"
    "for d in /proc/[0-9]*; do\n"
    "  if grep -qs \"$mark\" \"$d/environ\"; then add \"${d#/proc/}\"; fi\n"
    "done\n"
    "for known in \"$@\"; do\n"
    "  if look \"${known%%:*}\" && [ \"$began\" = \"${known#*:}\" ]; then add \"${known%%:*}\"; fi\n"
    "done\n"
    "for d in /proc/[0-9]*; do\n"
    "  if look \"${d#/proc/}\"; then tree=\"$tree ${d#/proc/}:$parent\"; fi\n"
    "done\n"
    "more=yes\n"
    "while [ -n \"$more\" ]; do\n"
    "  more=\n"
    "  for p in $tree; do\n"
    "    case $found in *\" ${p#*:}:\"*) if add \"${p%:*}\"; then more=yes; fi ;; esac\n"
    "  done\n"
    "done\n"
    "for p in $found; do\n"
    "  [ \"$signal\" = 0 ] || kill -s \"$signal\" \"${p%%:*}\" 2>/dev/null\n"
    "done\n"
    "echo \"$n$found\"\n";

/// Of some thousand processes.
constexpr std::size_t kLongestAnswer = 256U << 10U;

struct Created {
  std::string id{};
};
OPSHOST_RECORD(Created, "What was made", (id, "its id"))

struct ProcessConfig {
  std::string entrypoint{};
  std::vector<std::string> arguments{};
};
OPSHOST_RECORD(ProcessConfig, "What an exec runs", (entrypoint, ""), (arguments, ""))
struct InspectedExec {
  std::string id{};
  std::string container_id{};
  bool running = false;
  std::optional<std::int64_t> exit_code{};
  std::int64_t pid = 0;
  ProcessConfig process_config{};
};
OPSHOST_RECORD(InspectedExec, "An exec", (id, ""), (container_id, ""), (running, ""), (exit_code, ""), (pid, ""),
               (process_config, ""))

ExecStatus exec_status_of(const std::string& text) {
  auto seen = json::read<InspectedExec>(text);
  ExecStatus status{.id = std::move(seen.id), .container_id = std::move(seen.container_id), .running = seen.running};
  if (!seen.running) status.exit_code = seen.exit_code;
  if (seen.pid > 0) status.pid = seen.pid;
  status.argv = std::move(seen.process_config.arguments);
  status.argv.insert(status.argv.begin(), std::move(seen.process_config.entrypoint));
  return status;
}

/// Engines that do not set environment or directory themselves let the container's own programs do it.
void adapt(ExecRequest& request, int version) {
  if (version < kCwdSince && request.cwd) {
    std::vector<std::string> argv = {"/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", *request.cwd};
    argv.insert(argv.end(), request.argv.begin(), request.argv.end());
    request.argv = std::move(argv);
    request.cwd.reset();
  }
  if (version < kEnvSince && !request.env.empty()) {
    std::vector<std::string> argv = {"env"};
    for (const auto& [name, value] : request.env) {
      if (net::is_secret(value)) {
        throw Error("docker.api_version",
                    "env." + name +
                        " is a secret, and engines before API 1.25 are given variables on a command line, "
                        "which everybody can read: let the program read it from stdin");
      }
      argv.push_back(name + "=" + net::reveal(value));
    }
    argv.insert(argv.end(), request.argv.begin(), request.argv.end());
    request.argv = std::move(argv);
    request.env.clear();
  }
}

/// The connection behind the answer to a start. One whose body has a length or comes in chunks is no way to a program.
std::shared_ptr<net::HttpConnection> attached(net::HttpAnswer& answer, const std::string& what,
                                              const std::string& engine) {
  const auto& head = answer.head();
  const bool ends_by_itself = head.header("Content-Length") != nullptr || head.header("Transfer-Encoding") != nullptr;
  auto connection = answer.status() == 101 || !ends_by_itself ? answer.take_connection() : nullptr;
  if (connection) return connection;
  throw Error("docker.protocol", what + " was answered with status " + std::to_string(answer.status()) +
                                     " and no connection to the program: no engine does that, something else, or a "
                                     "proxy before it, listens there")
      .on(engine)
      .maybe_applied();
}

ValueList list_of(const std::vector<std::string>& words) { return {words.begin(), words.end()}; }

/// "2 71:4711 72:4712 \n"
MarkedProcesses processes_of(const std::string& said) {
  std::size_t count = 0;
  const auto [end, problem] = std::from_chars(said.data(), said.data() + said.size(), count);
  MarkedProcesses processes;
  std::istringstream rest(std::string(end, said.data() + said.size()));
  for (std::string one; rest >> one;) processes.push_back(one);
  if (problem != std::errc() || processes.size() != count) {
    throw Error("docker.server", "asking for its processes, the container said " + describe(Value(said)));
  }
  return processes;
}

}  // namespace

Awaitable<std::string> create_exec(Call& call, Container& container, ExecRequest request) {
  const int version = co_await container.engine()->version(call);
  adapt(request, version);
  ValueList env;
  for (const auto& [name, value] : request.env) env.emplace_back(name + "=" + net::reveal(value));
  ValueMap body = {{"AttachStdin", request.input},
                   {"AttachStdout", true},
                   {"AttachStderr", true},
                   {"Tty", request.tty},
                   {"Cmd", list_of(request.argv)}};
  if (!env.empty()) body.emplace_back("Env", std::move(env));
  if (request.cwd) body.emplace_back("WorkingDir", *request.cwd);
  if (request.user) body.emplace_back("User", *request.user);
  const auto answer = co_await container.act(call, "/exec", json_text(Value(std::move(body))));
  co_return parsed(container.engine()->name(), [&] { return json::read<Created>(answer).id; });
}

Awaitable<std::shared_ptr<net::HttpConnection>> start_exec(Call& call, Connection& engine, std::string id, bool tty) {
  net::HttpRequest request{.method = "POST", .target = "/exec/" + id + "/start", .observes = false, .lasts = true};
  request.headers = {{"Content-Type", "application/json"}, {"Connection", "Upgrade"}, {"Upgrade", "tcp"}};
  request.body = json_text(Value(ValueMap{{"Detach", false}, {"Tty", tty}}));
  const std::string what = request.method + " " + request.target;
  const auto answer = co_await engine.send(call, std::move(request));
  co_return attached(*answer, what, engine.name());
}

Awaitable<MarkedProcesses> signal_marked(Call& call, std::shared_ptr<Container> container, std::string mark,
                                         std::string signal, MarkedProcesses known) {
  ExecRequest request;
  request.argv = {"/bin/sh", "-c", kSignalMarked, "opshost", std::string(kMark) + "=" + mark, signal};
  request.argv.insert(request.argv.end(), known.begin(), known.end());
  request.user = "0";
  const auto id = co_await create_exec(call, *container, std::move(request));
  const auto connection = co_await start_exec(call, *container->engine(), id, false);
  const auto reaction = net::close_on_stop(call, connection->stream());
  call.saw("its processes were still looked for in container " + container->name());
  std::string said;
  std::string complaints;
  Demultiplexer demultiplexer(false);
  // Its one line is the end: while something holds the outputs of a program that was ended, the engine takes seconds to
  // see that another one is over.
  for (bool more = true; more && !said.ends_with('\n') && said.size() + complaints.size() < kLongestAnswer;) {
    if (connection->unread().empty()) more = co_await connection->more();
    demultiplexer.feed(connection->unread(), [&](Output output, std::string_view piece) {
      (output == Output::standard ? said : complaints) += piece;
    });
    connection->consume(connection->unread().size());
  }
  connection->close();
  co_return processes_of(said.ends_with('\n') ? said : said + complaints);
}

Awaitable<std::optional<ExecStatus>> find_exec(Call& call, std::shared_ptr<Connection> engine, std::string id) {
  std::string text;
  bool forgotten = false;
  try {
    text = co_await engine->get(call, "/exec/" + net::percent_encoded(id) + "/json");
  } catch (const Error& error) {
    if (error.code() != "docker.not_found") throw;
    forgotten = true;
  }
  if (forgotten) co_return std::nullopt;
  co_return parsed(engine->name(), [&] { return exec_status_of(text); });
}

}  // namespace opshost::docker
