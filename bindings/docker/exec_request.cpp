#include "bindings/docker/exec_request.hpp"

#include <charconv>

#include "bindings/docker/container_list.hpp"
#include "bindings/docker/errors.hpp"
#include "bindings/docker/multiplex.hpp"
#include "host/base/json_text.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

constexpr int kEnvSince = 1025;
constexpr int kCwdSince = 1035;

/// Counts processes whose environment has the mark, and signals them. A process that has ended has no environment.
constexpr const char* kSignalMarked =
    "n=0\n"
    "for d in /proc/[0-9]*; do\n"
    "  if grep -qs \"$1\" \"$d/environ\"; then\n"
    "    n=$((n + 1))\n"
    "    [ \"$2\" = 0 ] || kill -s \"$2\" \"${d#/proc/}\" 2>/dev/null\n"
    "  fi\n"
    "done\n"
    "echo $n\n";

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
    for (const auto& [name, value] : request.env) argv.push_back(name + "=" + value);
    argv.insert(argv.end(), request.argv.begin(), request.argv.end());
    request.argv = std::move(argv);
    request.env.clear();
  }
}

ValueList list_of(const std::vector<std::string>& words) { return {words.begin(), words.end()}; }

}  // namespace

Awaitable<std::string> create_exec(Call& call, Container& container, ExecRequest request) {
  const int version = co_await container.engine()->version(call);
  adapt(request, version);
  ValueList env;
  for (const auto& [name, value] : request.env) env.emplace_back(name + "=" + value);
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
  const auto answer = co_await engine.send(call, std::move(request));
  co_return answer->take_connection();
}

Awaitable<std::size_t> signal_marked(Call& call, std::shared_ptr<Container> container, std::string mark,
                                     std::string signal) {
  ExecRequest request;
  request.argv = {"/bin/sh", "-c", kSignalMarked, "opshost", std::string(kMark) + "=" + mark, signal};
  request.user = "0";
  const auto id = co_await create_exec(call, *container, std::move(request));
  const auto connection = co_await start_exec(call, *container->engine(), id, false);
  const auto reaction = net::close_on_stop(call, connection->stream());
  std::string said;
  Demultiplexer demultiplexer(false);
  for (bool more = true; more && said.size() < 1024;) {
    if (connection->unread().empty()) more = co_await connection->more();
    demultiplexer.feed(connection->unread(), [&said](Output, std::string_view piece) { said += piece; });
    connection->consume(connection->unread().size());
  }
  connection->close();
  std::size_t count = 0;
  const auto [end, problem] = std::from_chars(said.data(), said.data() + said.size(), count);
  if (problem != std::errc())
    throw Error("docker.server", "asking for its processes, the container said " + describe(Value(said)));
  co_return count;
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
