#pragma once
// One request on its way to the ensemble, and what came back.
#include <zookeeper/zookeeper.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bindings/zk/records.hpp"
#include "host/fiber/call.hpp"

namespace opshost::zk {

/// "0x1a": as ZooKeeper's own tools print transaction and session ids.
std::string id_text(std::int64_t number);

NodeStat stat_from(const Stat& stat);

/// Kept alive by itself while the library holds its address: the one who waits may have gone by then.
class Reply {
 public:
  explicit Reply(const asio::any_io_executor& executor) : answered_(executor, TimePoint::max()) {}

  /// From here on the library has the address.
  static void handed_over(const std::shared_ptr<Reply>& reply);
  /// How many the library has the address of, of all sessions.
  static std::size_t under_way();
  /// The library did not take the request.
  void refused(int code_of_library);

  /// Runs once with the code, inside the library, when the answer comes; also where nobody waits for it any more.
  void when_done(std::function<void(int)> react) { react_ = std::move(react); }

  [[nodiscard]] bool done() const { return done_; }
  /// False: it never left this process.
  [[nodiscard]] bool sent() const { return sent_; }
  /// Until the answer is there or the call is stopped.
  static Awaitable<void> wait(Call& call, std::shared_ptr<Reply> reply);

  // Completions for the library; `data` is the Reply.
  static void on_data(int code, const char* value, int length, const Stat* stat, const void* data);
  static void on_stat(int code, const Stat* stat, const void* data);
  static void on_string(int code, const char* value, const void* data);
  static void on_strings(int code, const String_vector* strings, const void* data);
  static void on_children(int code, const String_vector* strings, const Stat* stat, const void* data);
  static void on_acl(int code, ACL_vector* acl, Stat* stat, const void* data);
  static void on_void(int code, const void* data);

  int code = ZOK;
  std::string text{};
  std::vector<std::string> names{};
  std::vector<AclEntry> acl{};
  Stat stat{};
  /// What the library writes to until the answer is there.
  std::shared_ptr<void> keeps{};

 private:
  static Reply& of(const void* data);
  void finish(int code_of_library);

  bool done_ = false;
  bool sent_ = true;
  asio::steady_timer answered_;
  std::function<void(int)> react_;
  std::shared_ptr<Reply> self_;
};

}  // namespace opshost::zk
