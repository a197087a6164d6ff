#include "bindings/zk/client.hpp"

#include "bindings/zk/delete_tree.hpp"

namespace opshost::zk {

Awaitable<bool> Client::alive(Call& call) {
  const auto session = session_;
  try {
    co_await session->until_usable(call, Clock::now() + session->options().connect_timeout);
    co_return true;
  } catch (const Error& error) {
    if (error.code() != "zk.unreachable") throw;
  }
  co_return false;
}

Awaitable<void> Client::remove(Call& call, std::string path, DeleteOptions options) {
  const auto session = session_;
  if (options.recursive) {
    co_await delete_tree(call, session, std::move(path), options.version);
  } else {
    co_await delete_node(call, session, std::move(path), options.version);
  }
}

}  // namespace opshost::zk
