#include "host/lua/allocator.hpp"

#include <algorithm>
#include <cstdlib>

#include "host/lua/interrupt.hpp"

namespace opshost::lua {

void* Allocator::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto& allocator = *static_cast<Allocator*>(self);
  if (new_size == 0) {
    std::free(block);
    allocator.used_ -= old_size;
    return nullptr;
  }
  const auto used = allocator.used_ - old_size + new_size;
  if (new_size > old_size) {
    // Small blocks of the error path may use the reserve; the big one that hit the limit may not.
    const auto limit = allocator.limit_ + (allocator.limit_hit_ && new_size - old_size < kReserve / 8 ? kReserve : 0);
    if (used > limit) {
      allocator.limit_hit_ = true;
      allocator.ask_for_collection();
      return nullptr;
    }
    if (used > allocator.collect_at_) allocator.ask_for_collection();
    if (used + kReserve < allocator.limit_) allocator.limit_hit_ = false;
  }
  void* result = std::realloc(block, new_size);
  if (result == nullptr) return nullptr;
  allocator.used_ = used;
  allocator.peak_ = std::max(allocator.peak_, used);
  return result;
}

// LuaJIT calls from within whatever it was doing: the collection itself waits for the script's next instruction.
void Allocator::ask_for_collection() {
  if (wants_collection_) return;
  wants_collection_ = true;
  request_collection();
}

void Allocator::collected() {
  wants_collection_ = false;
  collect_at_ = used_ + (limit_ - std::min(used_, limit_)) / 2;
}

}  // namespace opshost::lua
