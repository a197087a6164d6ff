#include "bindings/local/files.hpp"

#include <doctest/doctest.h>
#include <sys/xattr.h>

#include <atomic>
#include <thread>

#include "tests/bindings/local/file_fixture.hpp"

using namespace opshost;
using namespace opshost::local;
using namespace opshost::local::test;
using namespace std::chrono_literals;

namespace {

std::string binary() {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 7);
  return bytes;
}

mode_t mode_of(const std::string& path) {
  struct stat info = {};
  lstat(path.c_str(), &info);
  return info.st_mode & 07777U;
}

}  // namespace

TEST_CASE_FIXTURE(FileFixture, "read_file gives every byte") {
  CHECK((read(put("binary", binary())) == binary()));
  CHECK(read(put("empty", "")).empty());
  CHECK(read(put("exact", "12345"), {.max_size = {5}}) == "12345");
  CHECK(read("/proc/self/status").starts_with("Name:"));  // a file that says its size is 0
}

TEST_CASE_FIXTURE(FileFixture, "write_file makes a file") {
  write(folder / "new", binary());
  CHECK((content_of(folder / "new") == binary()));
  CHECK(mode_of(folder / "new") == 0644);
  write(folder / "empty", "");
  CHECK(content_of(folder / "empty").empty());
  write(folder / "tight", "x", {.mode = "0600"});
  CHECK(mode_of(folder / "tight") == 0600);
  write(folder / "a/b/c", "deep", {.parents = true});
  CHECK(content_of(folder / "a/b/c") == "deep");
  write(folder / std::string(255, 'n'), "long name");
  CHECK(content_of(folder / std::string(255, 'n')) == "long name");
  CHECK(list(folder.path()) == std::vector<std::string>{"a", "empty", "new", std::string(255, 'n'), "tight"});
}

TEST_CASE_FIXTURE(FileFixture, "write_file keeps what the file was") {
  const std::string path = put("config", "old", 0640);
  if (is_root()) REQUIRE(chown(path.c_str(), 1, 2) == 0);
  REQUIRE(chmod(path.c_str(), 04640) == 0);
  const bool has_attributes = setxattr(path.c_str(), "user.opshost", "kept", 4, 0) == 0;
  write(path, "new");
  struct stat info = {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK(content_of(path) == "new");
  CHECK((info.st_mode & 07777U) == 04640);
  if (is_root()) {
    CHECK(info.st_uid == 1);
    CHECK(info.st_gid == 2);
  }
  std::string value(10, '\0');
  if (has_attributes) CHECK(getxattr(path.c_str(), "user.opshost", value.data(), value.size()) == 4);
  write(path, "new", {.mode = "0600"});
  CHECK(mode_of(path) == 0600);
}

TEST_CASE_FIXTURE(FileFixture, "write_file gives a file away" * doctest::skip(!is_root())) {
  write(folder / "theirs", "x", {.owner = "nobody", .group = "daemon"});
  const auto info = look(folder / "theirs");
  CHECK(info.owner == "nobody");
  CHECK(info.group == "daemon");
}

TEST_CASE_FIXTURE(FileFixture, "write_file writes where a link leads, and leaves the link") {
  ::mkdir((folder / "real").c_str(), 0755);
  put("real/file", "old");
  REQUIRE(symlink("real/file", (folder / "link").c_str()) == 0);
  REQUIRE(symlink("link", (folder / "link-to-link").c_str()) == 0);
  REQUIRE(symlink((folder / "later").c_str(), (folder / "dangling").c_str()) == 0);
  write(folder / "link-to-link", "new");
  write(folder / "dangling", "made");
  CHECK(content_of(folder / "real/file") == "new");
  CHECK(content_of(folder / "later") == "made");
  CHECK(look(folder / "link", {.follow = false}).type == FileType::link);
  CHECK(look(folder / "dangling", {.follow = false}).type == FileType::link);
}

TEST_CASE_FIXTURE(FileFixture, "write_file parts hard links") {
  const std::string path = put("one", "old");
  REQUIRE(link(path.c_str(), (folder / "other").c_str()) == 0);
  write(path, "new");
  CHECK(content_of(folder / "other") == "old");
}

TEST_CASE_FIXTURE(FileFixture, "a reader sees the old content or the new, never anything between") {
  const std::string path = put("shared", std::string(100'000, 'a'));
  std::atomic<bool> stop{false};
  std::atomic<int> broken{0};
  std::atomic<int> looks{0};
  std::thread reader([&] {
    while (!stop) {
      const std::string content = content_of(path);
      ++looks;
      if (content.size() != 100'000 || content.find_first_not_of(content.front()) != std::string::npos) ++broken;
    }
  });
  REQUIRE(eventually([&] { return looks > 0; }));
  for (char c = 'b'; c <= 'z'; ++c) write(path, std::string(100'000, c));
  stop = true;
  reader.join();
  CHECK(broken == 0);
}

TEST_CASE_FIXTURE(FileFixture, "stat says what a path leads to") {
  const std::string path = put("file", "12345", 0640);
  REQUIRE(symlink("file", (folder / "link").c_str()) == 0);
  const timespec when[2] = {{1'000'000'000, 500'000'000}, {1'000'000'000, 500'000'000}};
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), when, 0) == 0);
  auto info = look(path);
  CHECK(info.path == path);
  CHECK(info.name == "file");
  CHECK(info.type == FileType::file);
  CHECK(info.size == 5);
  CHECK(info.mode == "0640");
  CHECK(info.owner == user_name(geteuid()));
  CHECK(info.group == group_name(getegid()));
  CHECK(info.mtime == 1'000'000'000.5);
  CHECK_FALSE(info.target);
  CHECK(look(folder / "link").type == FileType::file);
  info = look(folder / "link", {.follow = false});
  CHECK(info.type == FileType::link);
  CHECK(info.target == "file");
  CHECK(look("/").type == FileType::directory);
  CHECK(look("/").name == "/");
  CHECK(look("/dev/null").type == FileType::char_device);
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(look(folder / "pipe").type == FileType::fifo);
}

TEST_CASE_FIXTURE(FileFixture, "an owner without a name is a number" * doctest::skip(!is_root())) {
  const std::string path = put("file", "");
  REQUIRE(chown(path.c_str(), 4'123'456, 4'123'457) == 0);
  CHECK(look(path).owner == "4123456");
  CHECK(look(path).group == "4123457");
}

TEST_CASE_FIXTURE(FileFixture, "exists is nil where nothing is") {
  CHECK(loop.run(find_path(call, put("file", "x")))->size == 1);
  CHECK_FALSE(loop.run(find_path(call, folder / "none")));
  CHECK_FALSE(loop.run(find_path(call, folder / "none/below")));
  CHECK_FALSE(loop.run(find_path(call, folder / "file/below")));
  REQUIRE(symlink("nowhere", (folder / "dangling").c_str()) == 0);
  CHECK_FALSE(loop.run(find_path(call, folder / "dangling")));
}

TEST_CASE_FIXTURE(FileFixture, "list gives the entries by name") {
  ::mkdir((folder / "sub").c_str(), 0755);
  ::mkdir((folder / "sub/deep").c_str(), 0755);
  put("b.log", "");
  put("a.txt", "");
  put(".hidden", "");
  put("new\nline", "");
  put("\xff\xfe", "");
  put("sub/c.log", "");
  REQUIRE(symlink("sub", (folder / "link").c_str()) == 0);
  CHECK(list(folder.path()) ==
        std::vector<std::string>{".hidden", "a.txt", "b.log", "link", "new\nline", "sub", "\xff\xfe"});
  CHECK(list(folder.path(), {.match = "*.log"}) == std::vector<std::string>{"b.log"});
  CHECK(list(folder.path(), {.recursive = true, .match = "*.log"}) == std::vector<std::string>{"b.log", "sub/c.log"});
  CHECK(list(folder.path() + "/", {.recursive = true}).size() == 9);
  CHECK(list(folder / "sub/deep").empty());
  CHECK(loop.run(list_directory(call, folder / "sub", {})).at(0).path == folder / "sub/c.log");
}

TEST_CASE_FIXTURE(FileFixture, "checksums are those of the standard tools") {
  const auto sum = [&](const std::string& path, ChecksumAlgorithm algorithm) {
    return loop.run(checksum(call, path, {.algorithm = algorithm}));
  };
  CHECK(sum(put("empty", ""), ChecksumAlgorithm::sha256) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string path = put("abc", "abc");
  CHECK(sum(path, ChecksumAlgorithm::sha256) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sum(path, ChecksumAlgorithm::md5) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(sum(path, ChecksumAlgorithm::sha1) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(sum(path, ChecksumAlgorithm::sha512).starts_with("ddaf35a193617abacc417349ae204131"));
  const std::string big = put("big", std::string(3'000'000, 'x'));
  CHECK(run({"sha256sum", big}).output == sum(big, ChecksumAlgorithm::sha256) + "  " + big + "\n");
}

TEST_CASE_FIXTURE(FileFixture, "mkdir makes a directory and says whether it did") {
  CHECK(mkdir(folder / "one"));
  CHECK(mode_of(folder / "one") == 0755);
  CHECK_FALSE(mkdir(folder / "one"));
  CHECK_FALSE(mkdir(folder / "one", {.mode = "0700"}));
  CHECK(mode_of(folder / "one") == 0700);
  CHECK(mkdir(folder / "a/b/c/", {.mode = "2750", .parents = true}));
  CHECK(mode_of(folder / "a/b/c") == 02750);
  CHECK(mode_of(folder / "a") == 0755);
  CHECK_FALSE(mkdir(folder / "a/b/c", {.parents = true}));
}

TEST_CASE_FIXTURE(FileFixture, "chmod sets the mode") {
  const std::string path = put("file", "");
  loop.run(change_mode(call, path, "4711"));
  CHECK(mode_of(path) == 04711);
  loop.run(change_mode(call, path, "600"));
  CHECK(mode_of(path) == 0600);
}

TEST_CASE_FIXTURE(FileFixture, "delete takes files, links and empty directories away") {
  CHECK(remove(put("file", "x")));
  CHECK_FALSE(remove(folder / "file"));
  CHECK_FALSE(remove(folder / "none/below"));
  ::mkdir((folder / "empty").c_str(), 0755);
  REQUIRE(symlink("empty", (folder / "link").c_str()) == 0);
  CHECK(remove(folder / "link"));
  CHECK(remove(folder / "empty"));
  CHECK(list(folder.path()).empty());
}

TEST_CASE_FIXTURE(FileFixture, "a recursive delete takes all below, and follows no link") {
  ::mkdir((folder / "kept").c_str(), 0755);
  put("kept/file", "x");
  ::mkdir((folder / "tree").c_str(), 0755);
  std::string deep = "tree";
  for (int i = 0; i < 100; ++i) {
    deep += "/d";
    ::mkdir((folder / deep).c_str(), 0755);
    put(deep + "/file", "x");
  }
  REQUIRE(symlink("../kept", (folder / "tree/link").c_str()) == 0);
  CHECK(remove(folder / "tree", {.recursive = true}));
  CHECK(list(folder.path(), {.recursive = true}) == std::vector<std::string>{"kept", "kept/file"});
}

TEST_CASE_FIXTURE(FileFixture, "temp makes a place of our own") {
  const auto made = loop.run(make_temp(call, {.parent = folder.path()}));
  CHECK(made.starts_with(folder / "opshost-"));
  CHECK(mode_of(made) == 0700);
  const auto file = loop.run(make_temp(call, {.type = TempType::file, .prefix = "dump-", .parent = folder.path()}));
  CHECK(file.starts_with(folder / "dump-"));
  CHECK(mode_of(file) == 0600);
  setenv("TMPDIR", folder.path().c_str(), 1);
  CHECK(loop.run(make_temp(call, {})).starts_with(folder.path() + "/opshost-"));
  unsetenv("TMPDIR");
}

TEST_CASE_FIXTURE(FileFixture, "long work ends soon after its call was stopped") {
  const std::string path = put("huge", "");
  REQUIRE(truncate(path.c_str(), 200'000'000'000) == 0);  // sparse; hashing it takes minutes
  auto& stopped = loop.call();
  Loop::Outcome<std::string> outcome;
  loop.spawn(checksum(stopped, path, {}), outcome);
  loop.after(20ms, [&] { stopped.stop().stop(StopReason::timeout); });
  loop.run_until([&] { return outcome.done; });
  CHECK(error_of([&] { outcome.take(); }).code() == "cancelled");
  CHECK(read(put("next", "served")) == "served");  // the one file thread is free again
}
