#include <doctest/doctest.h>

#include "tests/bindings/local/file_fixture.hpp"

using namespace opshost;
using namespace opshost::local;
using namespace opshost::local::test;
using namespace std::string_literals;

namespace {

struct FileErrors : FileFixture {
  template <class Act>
  Error failing(const Act& act) {
    return error_of(act);
  }
  std::string in_quotes(const std::string& name) { return "\"" + (folder / name) + "\""; }
};

}  // namespace

TEST_CASE_FIXTURE(FileErrors, "a path that does not exist, with the nearest that does") {
  put("hosts", "");
  const auto error = failing([&] { read(folder / "hots"); });
  CHECK_ERROR(error, "local.not_found",
              in_quotes("hots") + " does not exist; did you mean " + in_quotes("hosts") + "?");
  CHECK(error.target() == folder / "hots");
  CHECK(*error.detail().field("errno") == Value(2));
  CHECK(*error.detail().field("operation") == Value("read"));
  CHECK_ERROR(failing([&] { look(folder / "zzzzzz"); }), "local.not_found", in_quotes("zzzzzz") + " does not exist");
  CHECK_ERROR(failing([&] { list(folder / "some/where"); }), "local.not_found",
              in_quotes("some/where") + " does not exist; there is no " + in_quotes("some"));
  CHECK_ERROR(failing([&] { read("~/.bashrc"); }), "local.not_found",
              "\"~/.bashrc\" does not exist; \"~\" is not expanded: write os.getenv(\"HOME\") .. \"/...\"");
  CHECK_ERROR(failing([&] { loop.run(change_mode(call, folder / "no", "0644")); }), "local.not_found",
              in_quotes("no") + " does not exist");
  CHECK_ERROR(
      failing([&] { write(folder / "no/file", "x"); }), "local.not_found",
      "cannot write " + in_quotes("no/file") + ": " + in_quotes("no") + " does not exist; parents = true makes it");
  CHECK_ERROR(failing([&] { mkdir(folder / "a/b/c"); }), "local.not_found",
              "cannot create " + in_quotes("a/b/c") + ": " + in_quotes("a/b") + " does not exist; there is no " +
                  in_quotes("a") + "; parents = true makes it");
  CHECK_ERROR(failing([&] { loop.run(make_temp(call, {.parent = folder / "gone"})); }), "local.not_found",
              in_quotes("gone") + " does not exist");
}

TEST_CASE_FIXTURE(FileErrors, "the wrong type of file") {
  put("file", "x");
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_ERROR(failing([&] { read(folder.path()); }), "local.wrong_type",
              "cannot read \"" + folder.path() + "\": it is a directory, not a file");
  CHECK_ERROR(failing([&] { read(folder / "pipe"); }), "local.wrong_type",
              "cannot read " + in_quotes("pipe") + ": it is a named pipe, not a file");
  CHECK_ERROR(failing([&] { loop.run(checksum(call, "/dev/zero", {})); }), "local.wrong_type",
              "cannot read \"/dev/zero\": it is a device, not a file");
  CHECK_ERROR(failing([&] { write(folder.path(), "x"); }), "local.wrong_type",
              "cannot write \"" + folder.path() + "\": it is a directory, not a file");
  CHECK_ERROR(failing([&] { write(folder / "pipe", "x"); }), "local.wrong_type",
              "cannot write " + in_quotes("pipe") + ": it is a named pipe, not a file");
  CHECK_ERROR(failing([&] { list(folder / "file"); }), "local.wrong_type",
              "cannot list " + in_quotes("file") + ": " + in_quotes("file") + " is no directory");
  CHECK_ERROR(failing([&] { read(folder / "file/below"); }), "local.wrong_type",
              "cannot read " + in_quotes("file/below") + ": " + in_quotes("file") + " is no directory");
  CHECK_ERROR(failing([&] { mkdir(folder / "file"); }), "local.wrong_type",
              "cannot create " + in_quotes("file") + ": it is a file, not a directory");
}

TEST_CASE_FIXTURE(FileErrors, "a folder of the kernel's own, where nobody makes files" * doctest::skip(!is_root())) {
  CHECK_ERROR(failing([&] { write("/proc/none-of-it", "x"); }), "local.wrong_type",
              "cannot write \"/proc/none-of-it\": \"/proc\" takes no new files (it is the kernel's own); run a program "
              "that writes into the old one, such as tee");
}

TEST_CASE_FIXTURE(FileErrors, "more than there may be") {
  put("big", "123456");
  CHECK_ERROR(
      failing([&] { read(folder / "big", {.max_size = {5}}); }), "local.too_large",
      in_quotes("big") +
          " has 6 bytes, more than max_size = \"5B\": raise it, or take a part with a program (head, tail, grep)");
  CHECK_ERROR(failing([&] { read("/proc/self/status", {.max_size = {10}}); }), "local.too_large",
              "\"/proc/self/status\" has more than 10 bytes, more than max_size = \"10B\": raise it, or take a part "
              "with a program "
              "(head, tail, grep)");
  put("two", "");
  CHECK_ERROR(
      failing([&] { list(folder.path(), {.max_entries = 1}); }), "local.too_large",
      "\"" + folder.path() + "\" has more than max_entries = 1 entries: raise it, or narrow the list with match");
}

TEST_CASE_FIXTURE(FileErrors, "arguments that cannot be meant") {
  CHECK_ERROR(failing([&] { read(""); }), "usage.argument", "the path is empty");
  CHECK_ERROR(failing([&] { read("a\0b"s); }), "usage.argument",
              "the path \"a\\x00b\" has a NUL byte, which no file name can have");
  CHECK_ERROR(failing([&] { write(folder / "x/", "y"); }), "usage.argument",
              "the path " + in_quotes("x/") + " names a directory, not a file");
  for (const std::string mode : {"rw-r--r--", "0888", "44", "00644", ""}) {
    CHECK_ERROR(failing([&] { loop.run(change_mode(call, folder.path(), mode)); }), "usage.argument",
                "mode \"" + mode + "\": expected three or four octal digits, like \"0644\"");
  }
  CHECK_ERROR(failing([&] { write(folder / "x", "y", {.mode = "u+x"}); }), "usage.argument",
              "mode \"u+x\": expected three or four octal digits, like \"0644\"");
  CHECK_ERROR(failing([&] { loop.run(make_temp(call, {.prefix = "a/b"})); }), "usage.argument",
              "prefix \"a/b\" cannot begin a name: it has a \"/\" or a NUL byte");
  CHECK_ERROR(failing([&] { remove(folder / ".."); }), "usage.argument",
              "the path " + in_quotes("..") + " ends in \"..\": name what is to be deleted");
  CHECK_ERROR(failing([&] { write(folder / "x", "y", {.owner = "nobdy"}); }), "local.user_unknown",
              "this machine has no user \"nobdy\"; did you mean \"nobody\"?");
  CHECK_ERROR(failing([&] { write(folder / "x", "y", {.group = "nogruop"}); }), "local.user_unknown",
              "this machine has no group \"nogruop\"; did you mean \"nogroup\"?");
  CHECK(list(folder.path()).empty());
}

TEST_CASE_FIXTURE(FileErrors, "delete refuses what nobody deletes on purpose") {
  file_thread_as_nobody();  // should it ever not refuse
  const auto refused = [&](const std::string& path) { return failing([&] { remove(path, {.recursive = true}); }); };
  const std::string precious = ": the system or somebody's home is in it; name what in it has to go";
  CHECK_ERROR(refused("/"), "local.refused", "delete does not take \"/\" away" + precious);
  CHECK_ERROR(refused("/tmp/../etc//"), "local.refused", "delete does not take \"/etc\" away" + precious);
  CHECK_ERROR(refused("/usr/bin"), "local.refused", "delete does not take \"/usr/bin\" away" + precious);
  CHECK_ERROR(refused("/var/lib"), "local.refused", "delete does not take \"/var/lib\" away" + precious);

  chmod(folder.path().c_str(), 0755);
  ::mkdir((folder / "here").c_str(), 0755);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder / "here");
  const auto error = refused(folder.path());
  std::filesystem::current_path(before);
  CHECK_ERROR(error, "local.refused",
              "delete does not take \"" + folder.path() + "\" away: opshost's own working directory is in it");
}

TEST_CASE_FIXTURE(FileErrors, "a directory that is not empty takes more to delete") {
  ::mkdir((folder / "here").c_str(), 0755);
  put("here/a", "");
  put("here/b", "");
  CHECK_ERROR(
      failing([&] { remove(folder / "here"); }), "local.not_empty",
      in_quotes("here") + " is not empty: it has \"a\", \"b\"; recursive = true deletes it with all that is in it");
}

TEST_CASE_FIXTURE(FileErrors, "delete stops before what is mounted" * doctest::skip(!is_root())) {
  ::mkdir((folder / "tree").c_str(), 0755);
  ::mkdir((folder / "tree/disk space").c_str(), 0755);
  put("tree/file", "x");
  mount_for_file_thread(folder / "tree/disk space", 0, "size=64k");
  CHECK_ERROR(failing([&] { remove(folder / "tree", {.recursive = true}); }), "local.refused",
              "delete does not take " + in_quotes("tree") + " away: something is mounted at " +
                  in_quotes("tree/disk space") + "; unmount it first");
  CHECK(content_of(folder / "tree/file") == "x");
}

TEST_CASE_FIXTURE(FileErrors, "what we may not" * doctest::skip(!is_root())) {
  put("secret", "x", 0600);
  ::mkdir((folder / "closed").c_str(), 0700);
  put("closed/file", "x");
  chmod(folder.path().c_str(), 0755);
  file_thread_as_nobody();
  const std::string owned = "owner root:root): see its mode and that of the directories above it";
  CHECK_ERROR(failing([&] { read(folder / "secret"); }), "local.permission",
              "root may not read " + in_quotes("secret") + " (mode 0600, " + owned);
  CHECK_ERROR(
      failing([&] { read(folder / "closed/file"); }), "local.permission",
      "root may not read " + in_quotes("closed/file") + " (" + in_quotes("closed") + " has mode 0700, " + owned);
  CHECK_ERROR(failing([&] { write(folder / "secret", "y"); }), "local.permission",
              "root may not create anything in \"" + folder.path() + "\" (mode 0755, " + owned);
  CHECK_ERROR(failing([&] { remove(folder / "secret"); }), "local.permission",
              "root may not delete anything in \"" + folder.path() + "\" (mode 0755, " + owned);
  CHECK_ERROR(failing([&] { loop.run(change_mode(call, folder / "secret", "0644")); }), "local.permission",
              "root may not change the mode of " + in_quotes("secret") +
                  " (mode 0600, owner root:root): only its owner may, and nobody while it is immutable (see lsattr)");
  CHECK_ERROR(
      failing([&] { (void)loop.run(find_path(call, folder / "closed/file")); }), "local.permission",
      "root may not look at " + in_quotes("closed/file") + " (" + in_quotes("closed") + " has mode 0700, " + owned);
}

TEST_CASE_FIXTURE(FileErrors, "a full file system keeps the old content" * doctest::skip(!is_root())) {
  ::mkdir((folder / "small").c_str(), 0755);
  mount_for_file_thread(folder / "small", 0, "size=64k");
  write(folder / "small/file", "old");
  const auto error = failing([&] { write(folder / "small/file", std::string(200'000, 'x')); });
  CHECK_ERROR(error, "local.no_space",
              "no space left for " + in_quotes("small/file") +
                  " on its file system of 64KiB: free some (see df, df -i), or write elsewhere");
  CHECK(read(folder / "small/file") == "old");
  CHECK(list(folder / "small") == std::vector<std::string>{"file"});
}

TEST_CASE_FIXTURE(FileErrors, "a read-only file system" * doctest::skip(!is_root())) {
  ::mkdir((folder / "fixed").c_str(), 0755);
  mount_for_file_thread(folder / "fixed", MS_RDONLY, "size=64k");
  const std::string rest =
      ": its file system is mounted read-only; see dmesg for why, remount it read-write, or write elsewhere";
  CHECK_ERROR(failing([&] { write(folder / "fixed/file", "x"); }), "local.read_only",
              "cannot write " + in_quotes("fixed/file") + rest);
  CHECK_ERROR(failing([&] { mkdir(folder / "fixed/sub"); }), "local.read_only",
              "cannot create " + in_quotes("fixed/sub") + rest);
}

TEST_CASE_FIXTURE(FileErrors, "links that lead in a circle, names that are too long") {
  REQUIRE(symlink("round", (folder / "round").c_str()) == 0);
  CHECK_ERROR(
      failing([&] { read(folder / "round"); }), "local.system",
      "cannot read " + in_quotes("round") + ": Too many levels of symbolic links; symbolic links lead in a circle");
  CHECK_ERROR(
      failing([&] { write(folder / "round", "x"); }), "local.system",
      "cannot write " + in_quotes("round") + ": Too many levels of symbolic links; symbolic links lead in a circle");
  const auto error = failing([&] { write(folder / std::string(300, 'n'), "x"); });
  CHECK(error.code() == "local.system");
  CHECK(error.message().ends_with(": File name too long; a name may have 255 bytes, a path 4095"));
}
