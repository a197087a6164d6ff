#pragma once
// A loop, a directory and short names for the file functions.
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "bindings/local/files.hpp"
#include "tests/bindings/local/support.hpp"

namespace opshost::local::test {

struct FileFixture : Fixture {
  TempFolder folder;

  std::string read(const std::string& path, ReadFileOptions options = {}) {
    return loop.run(read_file(call, path, options));
  }
  void write(const std::string& path, const std::string& content, WriteFileOptions options = {}) {
    loop.run(write_file(call, path, content, std::move(options)));
  }
  FileInfo look(const std::string& path, StatOptions options = {}) { return loop.run(stat_path(call, path, options)); }
  std::vector<std::string> list(const std::string& path, ListOptions options = {}) {
    std::vector<std::string> names;
    for (const FileInfo& file : loop.run(list_directory(call, path, std::move(options)))) names.push_back(file.name);
    return names;
  }
  bool mkdir(const std::string& path, MkdirOptions options = {}) {
    return loop.run(make_directory(call, path, std::move(options)));
  }
  bool remove(const std::string& path, DeleteOptions options = {}) {
    return loop.run(delete_path(call, path, options));
  }

  /// Makes a file without the code under test.
  std::string put(const std::string& name, const std::string& content, mode_t mode = 0644) {
    std::ofstream(folder / name, std::ios::binary) << content;
    ::chmod((folder / name).c_str(), mode);
    return folder / name;
  }
  static std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// The file thread works as nobody from here on: these rights belong to the thread alone.
  void file_thread_as_nobody() {
    loop.run(loop.threads.run_file_work(call, [] {
      setfsgid(65534);
      setfsuid(65534);
    }));
  }
  /// The file thread alone sees a small file system at the path.
  void mount_for_file_thread(const std::string& path, unsigned long flags, const std::string& options) {
    const bool mounted = loop.run(loop.threads.run_file_work(call, [=] {
      return unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
             mount("opshost-test", path.c_str(), "tmpfs", flags, options.c_str()) == 0;
    }));
    REQUIRE(mounted);
  }
};

}  // namespace opshost::local::test
