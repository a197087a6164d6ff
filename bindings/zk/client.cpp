#include "bindings/zk/client.hpp"

namespace opshost::zk {

Awaitable<bool> Client::alive(Call& call) {
  const auto session = session_;
  try {
    co_await session->until_usable(call);
    co_return true;
  } catch (const Error& error) {
    if (error.code() != "zk.unreachable") throw;
  }
  co_return false;
}

Awaitable<void> Client::remove(Call& call, std::string path, DeleteOptions options) {
  co_await delete_node(call, session_, std::move(path), options.version);
}

}  // namespace opshost::zk
