#pragma once
// A call inside a call, for what has to be finished although the outer one was stopped.
#include <string>

#include "host/fiber/call.hpp"

namespace opshost::local {

class UnstoppableCall final : public Call {
 public:
  using Call::Call;
  void note(const std::string&, Value) override {}
  Awaitable<void> run_callback(int, ValueList) override { co_return; }
};

}  // namespace opshost::local
