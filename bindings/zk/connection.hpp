#pragma once
// One zhandle_t on the loop: one session with the ensemble, from its first connection to its end. The library opens,
// closes and changes its socket inside its own calls, so the loop watches a duplicate of it and drops that as soon as
// the library reports an error or a state without a connection.
#include <zookeeper/zookeeper.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bindings/zk/addresses.hpp"
#include "bindings/zk/reply.hpp"

namespace opshost::zk {

class Watches;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Settings {
    Addresses addresses{};       ///< the library shuffles them
    Duration session_timeout{};  ///< asked for
    Duration attempt_timeout{};  ///< what one server gets to let us in before the next is tried
    std::string digest_login{};  ///< "user:password"; empty: none
    bool read_only = false;
  };
  enum class State : std::uint8_t { connecting, connected, read_only, suspended, expired, auth_failed };

  /// `on_change` runs after each change of state, never inside the library. Call start() next.
  Connection(asio::any_io_executor executor, Settings settings, std::function<void()> on_change);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  /// Ends the session: tells the server where one is connected, waits for nothing.
  ~Connection();

  /// Throws Error("zk.system") where the library cannot make a handle.
  void start();

  /// Hands one request to the library: `begin(handle)` calls zoo_a... with the Reply. Only while connected.
  template <class Begin>
  void send(const std::shared_ptr<Reply>& reply, Begin begin) {
    gather();
    Reply::handed_over(reply);
    const int code = begin(handle_.get());
    if (code != ZOK) reply->refused(code);
    after_library();
  }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool usable() const { return state_ == State::connected || state_ == State::read_only; }
  [[nodiscard]] bool ended() const { return state_ == State::expired || state_ == State::auth_failed; }
  /// 0 before the first connection.
  [[nodiscard]] std::int64_t session_id() const;
  /// What the servers granted, or what was asked for.
  [[nodiscard]] Duration session_timeout() const;
  /// "127.0.0.1:2181".
  [[nodiscard]] std::string server() const { return settings_.addresses.server_at(server_); }
  [[nodiscard]] TimePoint last_heard() const { return last_heard_; }
  /// The latest moment of which is known that a server with a quorum (those without keep no session alive) heard from
  /// us since. Not when its answer was read: that may have waited here while this process stood still.
  [[nodiscard]] TimePoint last_served() const { return last_served_; }
  /// How often a server has let us in.
  [[nodiscard]] unsigned connections() const { return connections_; }
  /// What became of the attempts since the last connection: "10.0.0.1:2181: Connection refused". Empty: none failed.
  [[nodiscard]] std::string failures() const;
  [[nodiscard]] Watches& watches() { return *watches_; }

 private:
  struct CloseHandle {
    void operator()(zhandle_t* handle) const { zookeeper_close(handle); }
  };
  using Handle = std::unique_ptr<zhandle_t, CloseHandle>;
  /// The duplicate of the library's socket.
  struct Socket {
    explicit Socket(const asio::any_io_executor& executor, int descriptor) : stream(executor, descriptor) {}
    asio::posix::stream_descriptor stream;
    bool reading = false;
    bool writing = false;
    bool corked = false;
  };

  static void on_event(zhandle_t* handle, int type, int state, const char* path, void* context);
  static void on_log(const char* message);

  [[nodiscard]] Handle open(const clientid_t* session) const;
  void replace_handle();
  void catch_up();
  void connected();
  void heard();
  void gather();
  void flush();
  void process(int events);
  void refresh();
  void stay_read_only();
  void follow_socket(int descriptor, int interest);
  void wait_readable();
  void wait_writable();
  void ready(const std::weak_ptr<Socket>& socket, bool Socket::* waiting, int events,
             const boost::system::error_code& failure);
  void wake_at(TimePoint at);
  void timer_fired();
  void give_up_attempt();
  void after_library();
  void update_state();
  void close_session();
  [[nodiscard]] bool unsent();

  asio::any_io_executor executor_;
  Settings settings_;
  std::function<void()> on_change_;
  std::unique_ptr<Watches> watches_;
  Handle handle_;
  std::shared_ptr<Socket> socket_;
  asio::steady_timer timer_;
  TimePoint timer_at_ = kNoDeadline;
  TimePoint attempt_ends_ = kNoDeadline;
  TimePoint last_heard_{};
  TimePoint last_served_{};
  TimePoint looked_at_{};  ///< what is read next came after that, and answers what left before it or later
  bool behind_ = false;    ///< not all is read that came while this process stood still
  TimePoint leave_read_only_at_ = kNoDeadline;
  TimePoint keep_alive_at_{};
  State state_ = State::connecting;
  std::string server_;
  std::map<std::string, std::string> failures_;
  bool was_connected_ = false;
  bool logged_in_ = false;  ///< the handle in use has our login; it repeats it on each connection
  bool replaced_ = false;   ///< the handle in use has forgotten what it saw, until catch_up_ is answered
  std::shared_ptr<Reply> catch_up_;
  unsigned connections_ = 0;
  bool change_unsaid_ = false;
};

}  // namespace opshost::zk
