#pragma once
// A command running in a channel, until its output and its end are complete.
#include <memory>
#include <optional>
#include <string>

#include "bindings/ssh/command_line.hpp"
#include "bindings/ssh/connection.hpp"
#include "host/base/output.hpp"

namespace opshost::ssh {

class RemoteCommand {
 public:
  /// `mark`: from it on, a line of stdout is not for `on_line`; empty: there is none.
  RemoteCommand(Call& call, Connection& connection, const RunOptions& options, const CommandToken& token,
                std::string mark = {});

  /// Opens a channel and sends the command; `waits`: for a free channel. Throws Error: nothing was begun, unless it
  /// says maybe_applied.
  Awaitable<void> begin(std::string line, bool waits = true);
  /// The host may have begun it.
  [[nodiscard]] bool was_sent() const { return sent_; }
  /// Returns when it has ended, or the call was stopped. Throws Error("ssh.lost"), maybe_applied; Error("ssh.as_user")
  /// where sudo does not let us.
  Awaitable<void> hold();
  /// It ended, its output is complete.
  [[nodiscard]] bool complete() const { return complete_; }
  /// Of a complete one. Throws Error("ssh.lost") where the server told no end, Error("ssh.as_user").
  CommandResult finish();
  /// Of a stopped one that was killed: whether it ends until the other call is stopped too.
  Awaitable<bool> ends(Call& other);
  [[nodiscard]] StoppedCommand stopped();
  /// What sudo or our own words on stderr tell: the command's directory is not there.
  [[nodiscard]] bool found_no_directory() const;

 private:
  struct Stream {
    Stream(int id, const char* name, std::size_t keep) : id(id), name(name), kept(keep) {}
    int id;
    const char* name;
    TailBuffer kept;
    LineSplitter lines;
  };

  Awaitable<void> ask_for_terminal();
  Awaitable<bool> exchange();
  void look_for_end();
  bool read(Stream& stream);
  bool write();
  void take(Stream& stream, std::string_view bytes);
  void take_from_sudo(std::string_view bytes);
  Awaitable<void> hand_out_lines();
  [[nodiscard]] Error lost(const std::string& why) const;
  [[nodiscard]] Error as_user_error(const std::string& what) const;

  Call& call_;
  Connection& connection_;
  const RunOptions& options_;
  const CommandToken& token_;
  std::string mark_;
  Channel channel_;
  TimePoint began_{};
  Stream output_;
  Stream errors_;
  std::string from_sudo_;  ///< before the command begins
  std::string input_;
  std::size_t written_ = 0;
  bool waits_for_sudo_ = false;
  bool gave_password_ = false;
  bool input_ended_ = false;
  bool complete_ = false;
  bool sent_ = false;
};

}  // namespace opshost::ssh
