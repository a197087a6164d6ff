#pragma once
// The VM's memory: counted, limited, with a reserve so that running out can still be reported.
#include <cstddef>

#include "host/base/size.hpp"

namespace opshost::lua {

class Vm;

class Allocator {
 public:
  Allocator(Vm& vm, Size limit) : vm_(vm), limit_(limit.bytes), collect_at_(limit_ / 2) {}

  /// For lua_newstate; `self` is an Allocator.
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);

  [[nodiscard]] Vm& vm() const { return vm_; }
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t peak() const { return peak_; }

  /// Half of what was left is in use, or nothing is left: LuaJIT itself collects only when memory has doubled, and
  /// would meet the limit with garbage in it.
  [[nodiscard]] bool wants_collection() const { return wants_collection_; }
  /// All garbage is gone.
  void collected();

 private:
  void ask_for_collection();

  /// Left for error objects, tracebacks and clean-ups once the limit was hit.
  static constexpr std::size_t kReserve = 1U << 20U;

  Vm& vm_;
  std::size_t limit_;
  std::size_t collect_at_;
  std::size_t used_ = 0;
  std::size_t peak_ = 0;
  bool limit_hit_ = false;
  bool wants_collection_ = false;
};

}  // namespace opshost::lua
