#pragma once
// Temporary files and directories of this process; they end with it.
#include <mutex>
#include <string>
#include <vector>

namespace opshost::local {

class TempPlaces {
 public:
  static TempPlaces& of_this_process();

  /// From any thread, as soon as it is made.
  void add(std::string path);
  /// Deletes them with all that is in them, and from then on what is added. What cannot be deleted is logged and left.
  void delete_all();

  TempPlaces(const TempPlaces&) = delete;
  TempPlaces& operator=(const TempPlaces&) = delete;

 private:
  TempPlaces() = default;
  std::mutex mutex_;
  std::vector<std::string> paths_;
  bool deleted_ = false;
};

}  // namespace opshost::local
