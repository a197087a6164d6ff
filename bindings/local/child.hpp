#pragma once
// One running child process: its pipes and its end, as the loop sees them.
#include <sys/types.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "bindings/local/process_tree.hpp"
#include "bindings/local/spawn.hpp"
#include "host/base/output.hpp"
#include "host/fiber/blocking.hpp"

namespace opshost::local {

/// Belongs to the loop's thread. Whatever happens is noted here and wakes whoever waits in `changed`.
class Child : public std::enable_shared_from_this<Child> {
 public:
  struct Options {
    std::string input;        ///< written to its stdin, which is then closed
    std::size_t keep = 0;     ///< bytes of each output kept
    bool cuts_lines = false;  ///< lines are waiting for next_line, and no more is read before they were taken
  };
  struct Line {
    std::string text;
    const char* stream = "";  ///< "stdout" or "stderr"
  };

  Child(Call& call, Spawned spawned, Options options);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Begins to watch it; once, after it is owned by a shared_ptr.
  void start();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool exited() const { return exited_; }
  [[nodiscard]] TimePoint exited_at() const { return exited_at_; }
  /// Some process still holds its stdout or stderr.
  [[nodiscard]] bool output_open() const { return output_.open || errors_.open; }

  /// Resumes when something happened since the last time, or at `until`. Throws what kept it from being watched.
  Awaitable<void> changed(TimePoint until = kNoDeadline);
  void wake();

  std::optional<Line> next_line();
  /// Reads on where lines had to be taken first.
  void read_on();
  /// Reads what is there now of the outputs still open. False: nothing was.
  bool read_what_is_there();
  /// From here on lines are kept but not waited for.
  void stop_cutting_lines();

  /// To its group; to itself where it has none yet.
  void signal_group(int signal) const;
  /// Of a child that has exited: its wait status.
  int reap();
  /// Of a child that will not end: it is reaped when it does.
  void reap_later();
  /// Nobody waits for it any more: gives back every descriptor, and what has not been reaped is killed with its group.
  void abandon();

  struct Output {
    Output(const asio::any_io_executor& executor, const char* stream, std::size_t keep)
        : pipe(executor), name(stream), kept(keep) {}
    asio::posix::stream_descriptor pipe;
    const char* name;
    TailBuffer kept;
    LineSplitter lines;
    bool open = true;
    bool waiting = false;  ///< a read is armed
  };
  [[nodiscard]] Output& output() { return output_; }
  [[nodiscard]] Output& errors() { return errors_; }
  [[nodiscard]] const Descriptor& report() const { return report_; }

 private:
  void watch_exit();
  static Awaitable<void> watch_exit_on_thread(std::shared_ptr<Child> self);
  void note_exit();
  void arm_read(Output& output);
  void read_turn(Output& output);
  std::size_t read_once(Output& output);
  void end_of(Output& output);
  void arm_write();
  void write_turn();
  void close();

  asio::any_io_executor executor_;
  BlockingThreads& blocking_;
  const pid_t pid_;
  Descriptor report_;
  asio::posix::stream_descriptor exit_;  ///< the pidfd
  asio::posix::stream_descriptor stdin_;
  Output output_;
  Output errors_;
  asio::steady_timer change_;
  std::string input_;
  std::size_t written_ = 0;
  bool cuts_lines_;
  bool changed_ = false;
  bool exited_ = false;
  bool reaped_ = false;
  bool reap_on_exit_ = false;
  TimePoint exited_at_{};
  std::exception_ptr watch_error_;
};

/// Ends it and everything that belongs to it: SIGTERM, after `grace` SIGKILL. Returns what could not be killed.
/// Goes on although the call was stopped, and takes at most `grace` and two seconds.
Awaitable<std::vector<ProcessEntry>> terminate(Call& call, std::shared_ptr<Child> child, Duration grace);

}  // namespace opshost::local
