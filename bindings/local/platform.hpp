#pragma once
// What the kernel offers, so that a test can take it away.

namespace opshost::local {

struct Platform {
  bool pidfd = true;        ///< pidfd_open, Linux 5.3
  bool close_range = true;  ///< Linux 5.9
};

/// Ours. Only tests change it; where the kernel lacks something, its way around is taken without being told.
Platform& platform();

}  // namespace opshost::local
