#pragma once
// What ssh.connect returns: one script's hold on a connection. Also a way into the host's network.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/net/route.hpp"
#include "bindings/ssh/command_options.hpp"
#include "bindings/ssh/connection.hpp"
#include "bindings/ssh/file_commands.hpp"
#include "bindings/ssh/files.hpp"
#include "bindings/ssh/forward.hpp"
#include "bindings/ssh/jobs.hpp"
#include "host/base/command.hpp"

namespace opshost::ssh {

class Host final : public net::Route {
 public:
  explicit Host(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

  [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }
  [[nodiscard]] std::string subject() const { return connection_ ? "host " + connection_->options().host : "host"; }
  /// The connection ends with the last handle. As `via` of others it opens nothing any more.
  void close() {
    drop_kept();
    connection_.reset();
  }

  /// For its calls that say none.
  [[nodiscard]] std::optional<Duration> default_timeout() const {
    return connection_ ? connection_->options().timeout : std::nullopt;
  }

  Awaitable<bool> alive(Call& call);
  Awaitable<CommandResult> run(Call& call, Command command, RunOptions options);
  Awaitable<CommandResult> read(Call& call, Command command, RunOptions options);

  Awaitable<std::shared_ptr<Forward>> forward(Call& call, ForwardOptions options);
  Awaitable<std::shared_ptr<Job>> start_job(Call& call, std::string name, Command command, JobOptions options) {
    return ssh::start_job(call, connection_, std::move(name), std::move(command), std::move(options));
  }
  [[nodiscard]] std::shared_ptr<Job> job(std::string name, JobOwner owner) const {
    return std::make_shared<Job>(connection_, std::move(name), std::move(owner));
  }
  Awaitable<std::string> read_file(Call& call, std::string path, ReadFileOptions options) {
    return ssh::read_file(call, connection_, std::move(path), options);
  }
  Awaitable<void> write_file(Call& call, std::string path, std::string content, WriteFileOptions options) {
    return ssh::write_file(call, connection_, std::move(path), std::move(content), std::move(options));
  }
  Awaitable<FileInfo> stat(Call& call, std::string path, StatOptions options) {
    return stat_path(call, connection_, std::move(path), options);
  }
  Awaitable<std::optional<FileInfo>> exists(Call& call, std::string path) {
    return find_path(call, connection_, std::move(path));
  }
  Awaitable<std::vector<FileInfo>> list(Call& call, std::string path, ListOptions options) {
    return list_directory(call, connection_, std::move(path), std::move(options));
  }
  Awaitable<std::string> checksum(Call& call, std::string path, ChecksumOptions options) {
    return ssh::checksum(call, connection_, std::move(path), options);
  }
  Awaitable<std::string> temp(Call& call, TempOptions options) {
    return make_temp(call, connection_, std::move(options));
  }
  Awaitable<void> mkdir(Call& call, std::string path, MkdirOptions options) {
    return make_directory(call, connection_, std::move(path), std::move(options));
  }
  Awaitable<void> chmod(Call& call, std::string path, std::string mode) {
    return change_mode(call, connection_, std::move(path), std::move(mode));
  }
  Awaitable<void> delete_path(Call& call, std::string path, DeleteOptions options) {
    return ssh::delete_path(call, connection_, std::move(path), options);
  }
  Awaitable<TransferResult> put(Call& call, std::string local_path, std::string path, TransferOptions options) {
    return put_file(call, connection_, std::move(local_path), std::move(path), std::move(options));
  }
  Awaitable<TransferResult> get(Call& call, std::string path, std::string local_path, TransferOptions options) {
    return get_file(call, connection_, std::move(path), std::move(local_path), std::move(options));
  }

  // net::Route
  Awaitable<std::unique_ptr<net::ByteStream>> open_tcp(Call& call, const std::string& host, std::uint16_t port,
                                                       Duration connect_timeout) override;
  Awaitable<std::unique_ptr<net::ByteStream>> open_unix(Call& call, const std::string& path,
                                                        const std::vector<std::string>& carrier) override;
  [[nodiscard]] std::string name() const override { return connection_ ? connection_->name() : std::string(); }
  [[nodiscard]] std::string machine() const override { return subject(); }
  [[nodiscard]] const void* identity() const override {
    return connection_ ? static_cast<const void*>(connection_.get()) : this;
  }

 private:
  /// For those who hold it as a route. Throws Error("closed").
  [[nodiscard]] std::shared_ptr<Connection> open_connection() const;

  std::shared_ptr<Connection> connection_;
};

}  // namespace opshost::ssh
