#include "bindings/local/temp_places.hpp"

#include <cstdlib>
#include <filesystem>

#include "host/log/log.hpp"

namespace opshost::local {

namespace {

void delete_place(const std::string& path) {
  std::error_code problem;
  std::filesystem::remove_all(path, problem);
  if (problem)
    log(Level::warn, "cannot delete the temporary " + path + ": " + problem.message() + "; delete it by hand");
}

}  // namespace

/// Never destroyed: a thread stuck in the file system may add to it while the process exits.
TempPlaces& TempPlaces::of_this_process() {
  static TempPlaces& places = *new TempPlaces;
  [[maybe_unused]] static const int registered = std::atexit([] { of_this_process().delete_all(); });
  return places;
}

void TempPlaces::add(std::string path) {
  const std::lock_guard lock(mutex_);
  if (deleted_) return delete_place(path);
  paths_.push_back(std::move(path));
}

void TempPlaces::delete_all() {
  const std::lock_guard lock(mutex_);
  deleted_ = true;
  for (const auto& path : paths_) delete_place(path);
}

}  // namespace opshost::local
