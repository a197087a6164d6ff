// A folder's names are made durable, or it is said why not.
#include "host/base/sync_folder.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace opshost {

TEST_CASE("a folder is synced; what is none, or not there, is said") {
  const auto folder = std::filesystem::temp_directory_path() / "sync-folder-test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "file") << "x";
  CHECK(sync_folder(folder.string()) == 0);
  CHECK(sync_folder("") == 0);
  CHECK(sync_folder((folder / "file").string()) == ENOTDIR);
  CHECK(sync_folder((folder / "absent").string()) == ENOENT);
  std::filesystem::remove_all(folder);
}

}  // namespace opshost
