#pragma once
// One LIBSSH2_SESSION and its only owner. Belongs to the loop's thread.
#include <libssh2.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "bindings/ssh/transport.hpp"
#include "bindings/ssh/wait_list.hpp"

namespace opshost::ssh {

/// What a channel leads to.
struct ChannelTarget {
  std::string tcp_host{};
  int tcp_port = 0;
  std::string unix_path{};

  /// For a command or a subsystem: neither of the others.
  [[nodiscard]] bool is_session() const { return tcp_host.empty() && unix_path.empty(); }
};

/// Unix sockets of the host, asked for as such.
inline constexpr bool kHasUnixChannels = LIBSSH2_VERSION_NUM >= 0x010b00;

/// The server did not open a channel.
struct ChannelRefused {
  std::string why;
};
/// Another opening has held the session up for a while, and nothing was asked for: libssh2 knows of one at a time, and
/// a server that connects to a silent address on our behalf may be minutes at it.
struct ChannelBusy {};
using OpenedChannel = std::variant<LIBSSH2_CHANNEL*, ChannelRefused, ChannelBusy>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const asio::any_io_executor& executor, std::shared_ptr<Transport> transport);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] LIBSSH2_SESSION* raw() const { return raw_; }
  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }

  /// libssh2's key exchange, for `repeat`.
  [[nodiscard]] long handshake() const { return libssh2_session_handshake(raw_, stand_in_.get()); }
  /// What came in first, to tell what answers there where it is no SSH server.
  [[nodiscard]] std::string_view first_bytes() const { return first_bytes_; }
  /// What keyboard-interactive questions are answered with, while a login is in progress.
  void set_answer(const std::string* answer) { answer_ = answer; }
  [[nodiscard]] const std::string* answer() const { return answer_; }
  /// Asks the server for a sign of life while somebody waits for it; three without an answer lose the connection.
  void keep_alive(Duration every);
  /// Where nothing was heard for long, since nobody waited for anything: asks for a sign of life, and gives the
  /// connection up soon where there is none. Whoever is about to ask for something calls it.
  void doubt_silence();
  /// No answer has come to that yet.
  [[nodiscard]] bool is_doubted() const { return doubt_ && received_ == received_before_doubt_; }

  /// Begins to listen to the transport; once, after a shared_ptr owns the session.
  void start();

  /// Makes a call of libssh2 and repeats it, as it stands, until its answer is not EAGAIN. Throws Error("ssh.lost")
  /// once the connection is, Error("cancelled") when the call is stopped.
  template <class Attempt>
  Awaitable<long> repeat(Attempt attempt, StopToken* stop = nullptr) {
    for (;;) {
      throw_if_lost();
      const long answer = note(attempt());
      if (answer != LIBSSH2_ERROR_EAGAIN) co_return answer;
      if (stop != nullptr && stop->stopped()) throw_stopped();
      co_await wait_for_input(input_, stop);
    }
  }

  /// The same for a request on a channel. Where libssh2 reads the answer to another channel's request first, it takes
  /// that for the failure of this one (_libssh2_packet_requirev looks for the type alone, in 1.10 and 1.11): so what
  /// has come is sorted to its channels before, and nothing is read meanwhile.
  template <class Attempt>
  Awaitable<long> repeat_request(LIBSSH2_CHANNEL* channel, Attempt attempt, StopToken* stop = nullptr) {
    return repeat(
        [this, channel, attempt = std::move(attempt)]() -> long {
          sort_input(channel);
          throw_if_lost();
          reads_nothing_ = true;
          const long answer = attempt();
          reads_nothing_ = false;
          return answer;
        },
        stop);
  }

  /// For callers that ask several things in turn: take `input()` before, wait where none of them had an answer.
  [[nodiscard]] std::uint64_t input() const { return input_; }
  /// After a call of libssh2 outside of `repeat`: others may have to look at what this one read, and a failure of the
  /// connection is one for all. Returns the answer.
  long note(long answer);
  /// Until something came in after `seen` was taken, what was unsent has gone out, or the session is lost.
  Awaitable<void> wait_for_input(std::uint64_t seen, StopToken* stop = nullptr);

  /// A channel, or why the server refuses one; one after the other, since libssh2 keeps what it knows of a channel
  /// being opened in the session. A stopped call leaves the opening to finish by itself.
  Awaitable<OpenedChannel> open_channel(ChannelTarget target, StopToken& stop);
  /// The server has told how what ran in a channel ended.
  [[nodiscard]] bool told_end(LIBSSH2_CHANNEL* channel) const;
  /// It has closed the channel and told nothing: libssh2 calls that exit code 0.
  [[nodiscard]] bool closed_untold(LIBSSH2_CHANNEL* channel) const;
  /// Closes and frees a channel; goes on by itself while the server has not answered.
  void dispose(LIBSSH2_CHANNEL* channel);

  /// Bytes libssh2 has written that are still here: writers stop at kMostUnsent.
  static constexpr std::size_t kMostUnsent = std::size_t{256} * 1024;
  [[nodiscard]] bool may_write() const { return transport_->unsent() < kMostUnsent; }

  [[nodiscard]] bool is_lost() const { return lost_.has_value(); }
  [[nodiscard]] const std::string& why_lost() const { return *lost_; }
  /// It was lost because the other side, or the network, ended it.
  [[nodiscard]] bool was_cut() const { return cut_; }
  /// What the server said when it ended the connection; empty: nothing.
  [[nodiscard]] const std::string& last_words() const { return last_words_; }
  void throw_if_lost() const;
  [[noreturn]] static void throw_stopped();
  /// Gives the connection up: every call on it ends with Error("ssh.lost").
  void lose(std::string why);
  /// Says goodbye where that needs no waiting, and closes.
  void close();
  /// The loop has ended: nothing is resumed any more.
  void abandon();

  /// libssh2's words for its last failure.
  [[nodiscard]] std::string failure() const;
  /// Of commands and subsystems: what MaxSessions counts.
  [[nodiscard]] std::size_t open_sessions() const { return open_sessions_; }
  /// Nothing of it is in use.
  [[nodiscard]] bool is_idle() const { return open_channels_ == 0 && openings_.empty(); }
  /// Resumes when a channel was closed.
  WaitList& channel_closed() { return channel_closed_; }

 private:
  struct Opening;

  static Awaitable<void> open_in_turn(std::shared_ptr<Session> self);
  static Awaitable<void> open_one(Session& self, Opening& opening);
  static Awaitable<void> bury(std::shared_ptr<Session> self, LIBSSH2_CHANNEL* channel, bool is_session);
  void count_closed(bool is_session);
  void watch_front();
  void front_holds_up();
  void wake_openings();
  void abandon_openings();
  void ready();
  void cut(std::string why);
  void spread_input();
  void sort_input(LIBSSH2_CHANNEL* channel);
  void look_alive(Duration every);
  void ask_for_life();
  std::ptrdiff_t receive(std::span<char> buffer);
  void free_raw();

  /// What the server has said of a channel's end.
  struct Ending {
    bool told = false;
    bool closed = false;
  };
  void look_at(std::string_view block);
  [[nodiscard]] Ending ending_of(LIBSSH2_CHANNEL* channel) const;

  static void* allocate(size_t size, void** self);
  static void* reallocate(void* block, size_t size, void** self);
  static void release(void* block, void** self);
  static ssize_t receive_callback(libssh2_socket_t, void* buffer, size_t size, int, void** self);
  static void disconnect_callback(LIBSSH2_SESSION*, int, const char* words, int size, const char*, int, void** self);
  static ssize_t send_callback(libssh2_socket_t, const void* bytes, size_t size, int, void** self);

  asio::any_io_executor executor_;
  std::shared_ptr<Transport> transport_;
  LIBSSH2_SESSION* raw_ = nullptr;
  Descriptor stand_in_;  ///< what libssh2 takes for its socket: it looks at its flags
  std::optional<std::string> lost_;
  bool cut_ = false;
  std::string last_words_;
  std::uint64_t input_ = 0;   ///< grows with everything received
  std::uint64_t spread_ = 0;  ///< how much of that those who wait know of
  std::size_t turn_ = 0;      ///< bytes received since the loop last had its turn
  bool turn_posted_ = false;
  bool reads_nothing_ = false;
  std::string first_bytes_;
  const std::string* answer_ = nullptr;
  std::optional<asio::steady_timer> alive_;
  std::uint64_t received_ = 0;  ///< bytes
  std::uint64_t received_before_ = 0;
  TimePoint heard_ = Clock::now();
  Duration alive_every_{};
  std::optional<asio::steady_timer> doubt_;  ///< runs while an answer to `doubt_silence` is waited for
  std::uint64_t received_before_doubt_ = 0;
  int unanswered_ = 0;
  WaitList waiting_;
  WaitList channel_closed_;
  std::deque<std::shared_ptr<Opening>> openings_;
  bool opening_ = false;
  bool held_up_ = false;  ///< by the first of the openings
  asio::steady_timer patience_;
  std::size_t open_channels_ = 0;
  std::size_t open_sessions_ = 0;
  std::uint32_t opened_number_ = 0;  ///< ours, of the channel that was asked for last
  struct Number {
    std::uint32_t ours = 0;
    bool is_session = true;
  };
  std::map<LIBSSH2_CHANNEL*, Number> numbers_;
  std::map<std::uint32_t, Ending> endings_;
};

}  // namespace opshost::ssh
