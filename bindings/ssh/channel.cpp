#include "bindings/ssh/channel.hpp"

#include "host/base/error.hpp"

namespace opshost::ssh {

namespace {

struct Request {
  Channel channel;
  std::function<long(LIBSSH2_CHANNEL*)> ask;

  static Awaitable<long> answer(std::shared_ptr<Request> self, StopToken* stop) {
    LIBSSH2_CHANNEL* raw = self->channel.raw();
    const auto attempt = [self, raw]() -> long { return self->ask(raw); };
    const long answer = co_await self->channel.session().repeat_request(raw, attempt, stop);
    co_return answer;
  }
  static Awaitable<void> finish(std::shared_ptr<Request> self) {
    try {
      co_await answer(self, nullptr);
    } catch (const Error&) {
      co_return;  // the channel went with its session
    }
  }
};

}  // namespace

Awaitable<long> request_on(Channel& channel, std::function<long(LIBSSH2_CHANNEL*)> ask, StopToken& stop) {
  const auto request = std::make_shared<Request>();
  request->ask = std::move(ask);
  std::optional<Error> failed;
  request->channel = std::move(channel);
  long answer = 0;
  try {
    answer = co_await Request::answer(request, &stop);
  } catch (const Error& error) {
    failed = error;
  }
  if (failed) {
    if (stop.stopped()) asio::co_spawn(request->channel.session().executor(), Request::finish(request), asio::detached);
    throw Error(*failed);
  }
  channel = std::move(request->channel);
  co_return answer;
}

}  // namespace opshost::ssh
