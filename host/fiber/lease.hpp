#pragma once
// What a Hold asks by itself: whether that which the fibers under it rely on may have ended while nobody looked.

namespace opshost::fiber {

class Lease {
 public:
  Lease() = default;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  virtual ~Lease() = default;

  /// Asked each time before a fiber goes on, so it has to be quick, and must not throw. True: the fiber is kept until
  /// the hold is set to off, which is for whoever looks after it to do once the lease has told them of its doubt.
  virtual bool in_doubt() = 0;
};

}  // namespace opshost::fiber
