#pragma once
#include <sys/resource.h>

#include <optional>

namespace opshost {

/// Lets this process have as many descriptors open as it may: what a login shell starts with (1024) is soon used up by
/// many connections. Of the loop's thread, as the other.
void raise_descriptor_limit();
/// What it was before it was raised: that of programs that are started, some of which keep a table of as many entries,
/// or use select(2). nullopt: it is as it was.
std::optional<rlimit> descriptor_limit_before();

}  // namespace opshost
