#include "bindings/net/route.hpp"

namespace opshost::net {

namespace {

class DirectRoute final : public Route {
 public:
  Awaitable<std::unique_ptr<ByteStream>> open_tcp(Call& call, const std::string& host, std::uint16_t port,
                                                  Duration connect_timeout) override {
    auto socket = co_await connect_tcp(call, host, port, connect_timeout);
    co_return make_stream(std::move(socket));
  }
  Awaitable<std::unique_ptr<ByteStream>> open_unix(Call& call, const std::string& path,
                                                   const std::vector<std::string>&) override {
    auto socket = co_await connect_unix(call, path);
    co_return make_stream(std::move(socket));
  }
  [[nodiscard]] std::string name() const override { return {}; }
  [[nodiscard]] std::string machine() const override { return "this machine"; }
};

}  // namespace

std::shared_ptr<Route> direct_route() {
  static const auto direct = std::make_shared<DirectRoute>();
  return direct;
}

}  // namespace opshost::net
