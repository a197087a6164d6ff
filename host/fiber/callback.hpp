#pragma once
// A Lua function handed to a call (`on_line`), run while the call is in progress.
#include <memory>

#include "host/fiber/call.hpp"

namespace opshost {

/// Runs in the fiber that made the call, which waits for it: a slow callback slows the call down, nothing piles up.
/// `Args` are for the declaration (help and stubs); the values go over as Value.
template <class... Args>
class Callback {
 public:
  Callback() = default;
  /// `reference` is the function's slot in the Lua registry; `release` gives it back with the last copy.
  Callback(int reference, std::shared_ptr<void> release) : reference_(reference), release_(std::move(release)) {}

  explicit operator bool() const { return release_ != nullptr; }

  /// Waits until the function returned. A Lua error in it stops the call and is raised in its place.
  Awaitable<void> operator()(Call& call, Args... args) const {
    return call.run_callback(reference_, ValueList{Value(std::move(args))...});
  }

 private:
  int reference_ = 0;
  std::shared_ptr<void> release_;
};

}  // namespace opshost
