#pragma once
// Many results one after the other, in constant memory. In Lua: for line in file:lines() do ... end
#include <functional>
#include <memory>
#include <optional>

#include "host/fiber/call.hpp"

namespace opshost {

template <class T>
class Stream {
 public:
  using Next = std::function<Awaitable<std::optional<T>>(Call&)>;

  Stream() = default;
  /// `next` yields nullopt at the end, for ever after. What it captures is closed when the stream is dropped.
  explicit Stream(Next next) : next_(std::make_shared<Next>(std::move(next))) {}

  [[nodiscard]] Awaitable<std::optional<T>> next(Call& call) const { return (*next_)(call); }

 private:
  std::shared_ptr<Next> next_;
};

}  // namespace opshost
