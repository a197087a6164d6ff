#include "bindings/zk/parts.hpp"

#include "bindings/zk/client.hpp"
#include "bindings/zk/four_letters.hpp"
#include "bindings/zk/walk.hpp"

namespace opshost::zk {

// The host reads the timeout of a call from its options.
struct StepOptions {
  Duration timeout = 60s;
};
OPSHOST_RECORD(StepOptions, "How long a piece may take", (timeout, "how long to wait"))

namespace {

using namespace lua;

/// An error of a piece is one of the call a script made. `owner`: what the piece is a method of.
template <class T>
Awaitable<T> part_of(const char* op, std::shared_ptr<void> /*owner*/, Awaitable<T> piece) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(piece);
      co_return;
    } else {
      auto value = co_await std::move(piece);
      co_return value;
    }
  } catch (const Error& error) {
    throw Error(error).during(op);
  }
}

std::shared_ptr<Walk> walk_begin(const std::shared_ptr<Client>& client, std::string path, bool data) {
  return std::make_shared<Walk>(client->shared_session(), std::move(path), data);
}
Awaitable<std::optional<WalkedNode>> walk_next(Call& call, const std::shared_ptr<Walk>& walk, StepOptions /*options*/) {
  return part_of("Client:walk", walk, walk->next(call));
}
void walk_prune(const std::shared_ptr<Walk>& walk) { walk->prune(); }

std::shared_ptr<Follower> follow(const std::shared_ptr<Client>& client, std::string path) {
  return std::make_shared<Follower>(client->shared_session(), std::move(path), false);
}
Awaitable<std::optional<Change>> follow_next(Call& call, const std::shared_ptr<Follower>& follower,
                                             StepOptions /*options*/) {
  return part_of("Client:wait_node", follower, follower->next(call));
}

bool follow_fresh(const std::shared_ptr<Follower>& follower) { return follower->is_fresh(); }

Awaitable<void> lock_prepare(Call& call, const std::shared_ptr<Client>& client, std::string lock,
                             std::optional<Acl> acl, StepOptions /*options*/) {
  return part_of("Client:lock", client,
                 ensure_path(call, client->shared_session(), std::move(lock), acl.value_or(AclPreset::open)));
}
Awaitable<std::shared_ptr<LockPlace>> lock_enter(Call& call, const std::shared_ptr<Client>& client, std::string lock,
                                                 std::string owner, std::optional<Acl> acl, StepOptions /*options*/) {
  return part_of(
      "Client:lock", client,
      enter_lock(call, client->shared_session(), std::move(lock), std::move(owner), acl.value_or(AclPreset::open)));
}
Awaitable<void> lock_wait(Call& call, const std::shared_ptr<LockPlace>& place, StepOptions /*options*/) {
  return part_of("Client:lock", place, place->wait_turn(call));
}
Awaitable<LockNews> lock_news(Call& call, const std::shared_ptr<LockPlace>& place, LockState known) {
  return part_of("Client:lock", place, place->wait_news(call, known));
}
Awaitable<void> lock_leave(Call& call, const std::shared_ptr<LockPlace>& place, StepOptions /*options*/) {
  return part_of("Client:lock", place, place->leave(call));
}
std::string lock_node(const std::shared_ptr<LockPlace>& place) { return place->node(); }
std::string lock_token(const std::shared_ptr<LockPlace>& place) { return place->token(); }

std::vector<std::string> server_names(const Hosts& hosts) {
  std::vector<std::string> names;
  for (const auto& server : parse_hosts(hosts)) names.push_back(text_of(server));
  return names;
}

}  // namespace

void declare_parts(Module& module) {
  module.hidden_type<Walk>("Walk");
  module.hidden_type<Follower>("Follower");
  module.hidden_type<LockPlace>("LockPlace");
  handle_class<LockPlace>().also[&handle_class<fiber::Lease>()] = [](const std::shared_ptr<void>& place) {
    const std::shared_ptr<fiber::Lease> lease = std::static_pointer_cast<LockPlace>(place);
    return std::static_pointer_cast<void>(lease);
  };
  // A lock ends with its session, so taking one is no change that a resumed run must not repeat.
  constexpr auto kAsLongAsHeld = std::chrono::hours(24 * 365);
  module.observe("walk_begin", walk_begin, {{"client"}, {"path"}, {"data"}}, "Begin a walk", Hidden{});
  module.observe("walk_next", walk_next, {{"walk"}, {"options"}}, "Go to the next node", Hidden{});
  module.observe("walk_prune", walk_prune, {{"walk"}}, "Leave out what is below", Hidden{});
  module.observe("follow", follow, {{"client"}, {"path"}}, "Begin to follow a node", Hidden{});
  module.observe("follow_next", follow_next, {{"follower"}, {"options"}}, "Wait for the next change", Hidden{});
  module.observe("follow_fresh", follow_fresh, {{"follower"}}, "Tell whether what was seen still counts", Hidden{});
  module.observe("lock_prepare", lock_prepare, {{"client"}, {"lock"}, {"acl"}, {"options"}}, "Make the lock's node",
                 Hidden{});
  module.observe("lock_enter", lock_enter, {{"client"}, {"lock"}, {"owner"}, {"acl"}, {"options"}},
                 "Take a place in the queue", Hidden{});
  module.observe("lock_wait", lock_wait, {{"place"}, {"options"}}, "Wait for our turn", Hidden{});
  module.observe("lock_news", lock_news, {{"place"}, {"known"}}, "Wait until the lock stands otherwise", Hidden{},
                 Timeout{kAsLongAsHeld});
  module.observe("lock_leave", lock_leave, {{"place"}, {"options"}}, "Give the place back", Hidden{});
  module.observe("lock_node", lock_node, {{"place"}}, "Name the place's node", Hidden{});
  module.observe("lock_token", lock_token, {{"place"}}, "Tell the fencing token", Hidden{});
  module.observe("lock_owner", default_owner, {}, "Tell what others see of us", Hidden{});
  module.observe("server_names", server_names, {{"hosts"}}, "Split a list of servers", Hidden{});
}

}  // namespace opshost::zk
