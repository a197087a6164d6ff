#include "host/base/huge_pages.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace opshost {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr int kReservedHeap = 512 << 20;
/// glibc's own, and the most it lets a block grow to before it asks the kernel for it alone.
constexpr int kTopPad = 128 << 10;
constexpr int kMmapThreshold = 32 << 20;

bool is_limited(__rlimit_resource_t resource) {
  rlimit limit{};
  return getrlimit(resource, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY;
}

/// Whether addresses that nothing is stored at are as good as used, here or (vm.overcommit_memory = 2) by the kernel.
bool addresses_are_counted() {
  constexpr int kNever = 2;
  int overcommit = kNever;
  std::ifstream("/proc/sys/vm/overcommit_memory") >> overcommit;
  return overcommit == kNever || is_limited(RLIMIT_AS) || is_limited(RLIMIT_DATA);
}

char* end_of_heap() { return static_cast<char*>(sbrk(0)); }

char* next_huge_page(char* address) {
  void* aligned = address;
  std::size_t room = 2 * kHugePage;
  return static_cast<char*>(std::align(kHugePage, kHugePage, aligned, room));
}

}  // namespace

void use_huge_pages() noexcept {
  if (addresses_are_counted()) return;
  // Above the reservation, or the first free() gives it back.
  mallopt(M_TRIM_THRESHOLD, 2 * (kReservedHeap - kTopPad));
  // Setting any of these ends that glibc adapts this one.
  mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
  char* const begin = next_huge_page(end_of_heap());
  mallopt(M_TOP_PAD, kReservedHeap);
  // volatile: a block that nobody looks at is never asked for.
  void* volatile grows_the_heap = std::malloc(kHugePage);
  mallopt(M_TOP_PAD, kTopPad);
  std::free(grows_the_heap);
  char* const end = end_of_heap();
  if (end > begin) madvise(begin, static_cast<std::size_t>(end - begin), MADV_HUGEPAGE);
}

}  // namespace opshost
