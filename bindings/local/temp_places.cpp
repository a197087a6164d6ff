#include "bindings/local/temp_places.hpp"

#include <filesystem>

#include "host/log/log.hpp"

namespace opshost::local {

TempPlaces& TempPlaces::of_this_process() {
  static TempPlaces places;
  return places;
}

void TempPlaces::add(std::string path) {
  const std::lock_guard lock(mutex_);
  paths_.push_back(std::move(path));
}

TempPlaces::~TempPlaces() {
  for (const auto& path : paths_) {
    std::error_code problem;
    std::filesystem::remove_all(path, problem);
    if (problem)
      log(Level::warn, "cannot delete the temporary " + path + ": " + problem.message() + "; delete it by hand");
  }
}

}  // namespace opshost::local
