#pragma once
// An open folder, closed by its end.
#include <dirent.h>

#include <memory>

namespace opshost::local {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

}  // namespace opshost::local
