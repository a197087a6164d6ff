#pragma once
// Watches set with the servers. The library keeps one alive over reconnects and tells of it once.
#include <zookeeper/zookeeper.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "host/fiber/call.hpp"

namespace opshost::zk {

class Watches;

/// One watch of a node (its data, its coming and going) or of its children.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  enum class Kind : std::uint8_t { node, children };

  Watch(const asio::any_io_executor& executor, Watches& home, Kind kind, std::string path)
      : changed_(executor, TimePoint::max()), home_(home), kind_(kind), path_(std::move(path)) {}

  [[nodiscard]] bool fired() const { return fired_; }
  /// What the server told: ZOO_DELETED_EVENT and its like; 0 before, and where the library lost the watch.
  [[nodiscard]] int event() const { return event_; }
  /// The session it belonged to has ended: nobody will tell any more.
  [[nodiscard]] bool orphaned() const { return orphaned_; }
  /// Runs once when it fires; the latest one counts.
  void on_fire(std::function<void()> react) { react_ = std::move(react); }
  /// Until it fires, is orphaned, or the call is stopped.
  static Awaitable<void> wait(Call& call, std::shared_ptr<Watch> watch);

  /// For zoo_aw...: the context is the Watch.
  static void on_event(zhandle_t* handle, int type, int state, const char* path, void* context);

 private:
  friend class Watches;
  void fire();

  asio::steady_timer changed_;
  Watches& home_;
  Kind kind_;
  std::string path_;
  bool fired_ = false;
  int event_ = 0;
  bool orphaned_ = false;
  std::function<void()> react_;
};

/// Those of one session.
class Watches {
 public:
  explicit Watches(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;
  ~Watches() { orphan_all(); }

  /// One that is set with the servers already and has not fired: a change after any read from now on fires it.
  std::shared_ptr<Watch> find(Watch::Kind kind, const std::string& path) const;
  /// A new one, to be given to the library with a read. Kept until it fires, since the library has its address then.
  std::shared_ptr<Watch> add(Watch::Kind kind, const std::string& path);
  /// The read it went with succeeded: the servers know it now.
  void is_set(const std::shared_ptr<Watch>& watch);
  /// That read failed: the library has forgotten it.
  void forget(const std::shared_ptr<Watch>& watch);
  /// The library lost them with its handle: whoever waits has to look again.
  void fire_all();
  /// The session has ended.
  void orphan_all();

 private:
  friend class Watch;
  using Key = std::pair<Watch::Kind, std::string>;

  asio::any_io_executor executor_;
  std::set<std::shared_ptr<Watch>> kept_;
  std::map<Key, std::shared_ptr<Watch>> set_;
};

}  // namespace opshost::zk
