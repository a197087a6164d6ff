#pragma once
// SFTP version 3 (draft-ietf-secsh-filexfer-02) over one channel, many requests in flight. Our own rather than
// libssh2's, which allows one request at a time and keeps the server's words for itself.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/ssh/connection.hpp"
#include "bindings/ssh/wire.hpp"

namespace opshost::ssh {

namespace sftp {

enum class Request : std::uint8_t {
  init = 1,
  open = 3,
  close = 4,
  read = 5,
  write = 6,
  lstat = 7,
  fstat = 8,
  setstat = 9,
  fsetstat = 10,
  opendir = 11,
  readdir = 12,
  remove = 13,
  mkdir = 14,
  rmdir = 15,
  realpath = 16,
  stat = 17,
  rename = 18,
  readlink = 19,
  extended = 200,
};

enum class Answer : std::uint8_t {
  version = 2,
  status = 101,
  handle = 102,
  data = 103,
  name = 104,
  attrs = 105,
  extended = 201
};

enum class Status : std::uint32_t {
  ok = 0,
  eof = 1,
  no_such_file = 2,
  permission_denied = 3,
  failure = 4,
  unsupported = 8
};

inline constexpr std::uint32_t kOpenRead = 1;
inline constexpr std::uint32_t kOpenWrite = 2;
inline constexpr std::uint32_t kOpenCreate = 8;
inline constexpr std::uint32_t kOpenTruncate = 16;
inline constexpr std::uint32_t kOpenExclusive = 32;

struct Attributes {
  std::optional<std::uint64_t> size;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  std::optional<std::uint32_t> mode;  ///< with the type's bits
  std::optional<std::uint32_t> modified;

  void write(WireWriter& writer) const;
  static Attributes read(WireReader& reader);
};

struct Reply {
  Answer answer = Answer::status;
  std::string body;  ///< after the id

  /// Of a status.
  [[nodiscard]] Status status() const;
  [[nodiscard]] std::string message() const;
};

}  // namespace sftp

/// Belongs to the loop's thread.
class SftpClient : public std::enable_shared_from_this<SftpClient> {
 public:
  /// The connection's, opened where there is none. Throws Error("ssh.channel") where the host has no SFTP.
  static Awaitable<std::shared_ptr<SftpClient>> of(Call& call, Connection& connection);

  SftpClient(Channel channel, std::string name) : channel_(std::move(channel)), name_(std::move(name)) {}

  /// A request in flight; its answer is dropped with it.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(std::shared_ptr<SftpClient> client, std::uint32_t id, bool changes)
        : client_(std::move(client)), id_(id), changes_(changes) {}
    Ticket(Ticket&& other) noexcept : client_(std::move(other.client_)), id_(other.id_), changes_(other.changes_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(client_, other.client_);
      std::swap(id_, other.id_);
      std::swap(changes_, other.changes_);
      return *this;
    }
    ~Ticket() {
      if (client_) client_->forget(id_);
    }
    /// Waits for the answer. Throws Error("ssh.lost"), or "cancelled"; of a change with maybe_applied.
    Awaitable<sftp::Reply> answer(Call& call);

   private:
    std::shared_ptr<SftpClient> client_;
    std::uint32_t id_ = 0;
    bool changes_ = false;
  };

  /// `body`: what follows the id. `changes`: what scripts know of, no temporary file.
  Ticket send(sftp::Request request, std::string_view body, bool changes = false);
  Awaitable<sftp::Reply> ask(Call& call, sftp::Request request, std::string body);
  Awaitable<sftp::Reply> change(Call& call, sftp::Request request, std::string body);

  [[nodiscard]] bool is_lost() const { return channel_.session().is_lost() || ended_; }
  /// An extension that the server offers: "posix-rename@openssh.com".
  [[nodiscard]] bool has(const std::string& extension) const { return extensions_.contains(extension); }
  /// The host, for messages.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Awaitable<void> start(Call& call);
  void pump(bool changes);
  [[nodiscard]] Error lost(const std::string& why, bool changes) const;
  void read_packets();
  void flush();
  void take_packet(std::string_view packet);
  void forget(std::uint32_t id);
  /// Whether the server has answered what stopped calls asked for; waits a while for it.
  Awaitable<bool> has_caught_up(Call& call);
  /// Whether it is alive, where that is in doubt after a long silence.
  Awaitable<bool> is_alive(Call& call);

  Channel channel_;
  std::string name_;
  std::string input_;
  std::string output_;
  std::uint32_t next_id_ = 1;
  std::map<std::uint32_t, sftp::Reply> answers_;
  std::set<std::uint32_t> forgotten_;
  std::set<std::uint32_t> given_up_;  ///< by calls that were stopped; not answered yet
  TimePoint gave_up_{};               ///< the first of them
  std::set<std::string> extensions_;
  bool versioned_ = false;
  bool ended_ = false;
};

}  // namespace opshost::ssh
