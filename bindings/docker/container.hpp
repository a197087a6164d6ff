#pragma once
// One container of an engine.
#include <memory>
#include <string>
#include <vector>

#include "bindings/docker/connection.hpp"
#include "bindings/docker/container_actions.hpp"
#include "bindings/docker/container_status.hpp"
#include "host/base/command.hpp"
#include "host/fiber/stream.hpp"
#include "host/json/document.hpp"

namespace opshost::docker {

struct RunOptions;       // exec.hpp
struct CommandResult;    // exec.hpp
struct LogOptions;       // logs.hpp
struct LogLine;          // logs.hpp
struct RecreateOptions;  // recreate.hpp
// files.hpp
struct FileInfo;
struct ReadFileOptions;
struct WriteFileOptions;
struct StatOptions;
struct MkdirOptions;
struct DeletePathOptions;  // file_commands.hpp

class Container : public std::enable_shared_from_this<Container> {
 public:
  Container(std::shared_ptr<Connection> engine, std::string id, std::string name)
      : engine_(std::move(engine)), id_(std::move(id)), name_(std::move(name)) {}

  [[nodiscard]] std::string subject() const;
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::optional<Duration> default_timeout() const { return engine_->timeout(); }
  [[nodiscard]] const std::shared_ptr<Connection>& engine() const { return engine_; }

  // All of these may throw what Connection throws; docker.not_found names the nearest containers.
  Awaitable<json::Document> inspect(Call& call);
  Awaitable<ContainerStatus> status(Call& call);
  Awaitable<void> start(Call& call);
  Awaitable<void> stop(Call& call, StopOptions options);
  Awaitable<void> restart(Call& call, StopOptions options);
  Awaitable<void> kill(Call& call, KillOptions options);
  Awaitable<void> pause(Call& call);
  Awaitable<void> unpause(Call& call);
  Awaitable<void> rename(Call& call, std::string name);
  Awaitable<void> update(Call& call, UpdateOptions options);
  Awaitable<void> delete_container(Call& call, DeleteOptions options);
  /// Also throw wait.timeout with a WaitSeen.
  Awaitable<ContainerStatus> wait_exited(Call& call, WaitOptions options);
  Awaitable<ContainerStatus> wait_running(Call& call, WaitOptions options);
  /// Throws docker.no_healthcheck where nothing tells its health.
  Awaitable<ContainerStatus> wait_healthy(Call& call, WaitOptions options);

  /// exec.hpp, logs.hpp and recreate.hpp say what they do.
  Awaitable<CommandResult> run(Call& call, Command command, RunOptions options);
  Awaitable<Stream<LogLine>> logs(Call& call, LogOptions options);
  Awaitable<std::shared_ptr<Container>> recreate(Call& call, RecreateOptions options);

  /// Paths are absolute; the container need not run.
  Awaitable<std::string> read_file(Call& call, std::string path, ReadFileOptions options);
  /// Not at once as on a local file system: the engine takes the old file away and writes the new one.
  Awaitable<void> write_file(Call& call, std::string path, std::string content, WriteFileOptions options);
  Awaitable<FileInfo> stat(Call& call, std::string path, StatOptions options);
  Awaitable<std::optional<FileInfo>> exists(Call& call, std::string path);
  Awaitable<void> mkdir(Call& call, std::string path, MkdirOptions options);
  /// These need a container that runs, and its own programs: file_commands.hpp.
  Awaitable<std::vector<FileInfo>> list(Call& call, std::string path);
  Awaitable<std::string> checksum(Call& call, std::string path);
  Awaitable<void> chmod(Call& call, std::string path, std::string mode);
  Awaitable<void> delete_path(Call& call, std::string path, DeletePathOptions options);

  /// What the engine says of it, as text.
  Awaitable<std::string> inspect_text(Call& call);
  /// A request to the container's `action`; a 404 tells the nearest names.
  Awaitable<std::string> act(Call& call, std::string action, std::string body = {});
  /// Path of it in the API: "/containers/<id>".
  [[nodiscard]] std::string path() const;

 private:
  std::shared_ptr<Connection> engine_;
  std::string id_;
  std::string name_;
};

/// The container of that name or id. Throws docker.not_found with the nearest names, docker.ambiguous.
Awaitable<std::shared_ptr<Container>> find_container(Call& call, std::shared_ptr<Connection> engine, std::string name);
/// "no container web-1; did you mean web-01?", with the engine's answer as its detail.
Awaitable<Error> container_not_found(Call& call, std::shared_ptr<Connection> engine, std::string name, Error refused);

}  // namespace opshost::docker
