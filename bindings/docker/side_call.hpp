#pragma once
// A call beside another, for what has to be finished although that one was stopped. It has a time of its own.
#include <memory>
#include <string>

#include "host/fiber/call.hpp"

namespace opshost::docker {

class SideCall {
 public:
  SideCall(Call& beside, Duration timeout)
      : call_(std::make_shared<Unstopped>(beside.executor(), beside.blocking())), timer_(beside.executor(), timeout) {
    timer_.async_wait([call = std::weak_ptr(call_)](const boost::system::error_code& cancelled) {
      if (const auto alive = call.lock(); alive && !cancelled) alive->stop().stop(StopReason::timeout);
    });
  }
  [[nodiscard]] Call& call() { return *call_; }

 private:
  class Unstopped final : public Call {
   public:
    using Call::Call;
    void note(const std::string&, Value) override {}
    Awaitable<void> run_callback(int, ValueList) override { co_return; }
  };

  std::shared_ptr<Unstopped> call_;
  asio::steady_timer timer_;
};

}  // namespace opshost::docker
