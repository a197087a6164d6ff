#pragma once
// After a file was made or renamed, its folder has to reach the disk too: else a power cut takes the name away.
#include <string>

namespace opshost {

/// Waits until the folder's names are durable; "", which is the parent of a plain name, is the current folder. 0, or
/// the errno that says why not. A folder that may not be opened for reading (EACCES) and a file system that knows no
/// such sync (EINVAL) count as done: there is nothing else to do.
int sync_folder(const std::string& path) noexcept;

}  // namespace opshost
