#include "bindings/docker/file_commands.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string_view>

#include "bindings/docker/exec.hpp"
#include "bindings/docker/memory_mounts.hpp"

namespace opshost::docker {

namespace {

/// A name may hold anything but NUL. One that goes meanwhile is left out; one that is there and cannot be looked at is
/// an error, as is a directory that cannot be read.
constexpr const char* kList =
    "cd \"$1\" || exit 1\n"
    "[ -r . ] || { echo \"$1: permission denied\" >&2; exit 1; }\n"
    "there() { [ -e \"./$1\" ] || [ -L \"./$1\" ]; }\n"
    "for name in .* *; do\n"
    "  if [ \"$name\" = . ] || [ \"$name\" = .. ] || ! there \"$name\"; then continue; fi\n"
    "  if stat -c '%f %s %Y' \"./$name\" && printf '%s\\0' \"$name\"; then continue; fi\n"
    "  if there \"$name\"; then exit 1; fi\n"
    "done\n"
    "exit 0\n";

constexpr const char* kDeleteOne = "if [ -d \"$1\" ] && [ ! -L \"$1\" ]; then rmdir \"$1\"; else rm \"$1\"; fi\n";

FileType type_of(unsigned mode) {
  if (S_ISDIR(mode)) return FileType::directory;
  if (S_ISLNK(mode)) return FileType::link;
  if (S_ISFIFO(mode)) return FileType::fifo;
  if (S_ISSOCK(mode)) return FileType::socket;
  if (S_ISBLK(mode)) return FileType::block_device;
  return S_ISCHR(mode) ? FileType::char_device : FileType::file;
}

std::string octal(unsigned mode) {
  std::string text(4, '0');
  for (std::size_t i = 4; i-- > 0; mode >>= 3U) text[i] = static_cast<char>('0' + (mode & 7U));
  return text;
}

/// As the engine writes times.
std::string time_text(std::time_t seconds) {
  struct tm parts = {};
  gmtime_r(&seconds, &parts);
  std::string text(32, '\0');
  text.resize(strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
  return text;
}

/// Takes a number and what is behind it; false: there is none.
template <class Number>
bool take(std::string_view& text, Number& number, int base, char behind) {
  const char* last = text.data() + text.size();
  const auto [end, problem] = std::from_chars(text.data(), last, number, base);
  if (problem != std::errc() || end == last || *end != behind) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

Awaitable<CommandResult> run_on(Call& call, Container& container, std::vector<std::string> argv, std::string path) {
  check_path(path);
  const bool unseen = co_await is_in_memory(call, container, path);
  if (!unseen) {
    const auto found = co_await container.exists(call, path);
    if (!found) throw no_such_path(container, path);
  }
  argv.push_back(std::move(path));
  Command command;
  command.argv = std::move(argv);
  RunOptions options;
  auto result = co_await container.run(call, std::move(command), std::move(options));
  co_return result;
}

}  // namespace

std::vector<FileInfo> entries_of(const std::string& output, const std::string& directory) {
  std::vector<FileInfo> entries;
  for (std::string_view rest = output; !rest.empty();) {
    unsigned mode = 0;
    std::uint64_t size = 0;
    std::int64_t mtime = 0;
    const bool fine = take(rest, mode, 16, ' ') && take(rest, size, 10, ' ') && take(rest, mtime, 10, '\n');
    const auto end = rest.find('\0');
    if (!fine || end == std::string_view::npos) {
      throw Error("docker.protocol", "listing " + describe(Value(directory)) + ", the container said " +
                                         describe(Value(std::string(rest.substr(0, 80)))));
    }
    FileInfo info{.name = std::string(rest.substr(0, end)), .type = type_of(mode), .size = size};
    info.path = directory + (directory.ends_with('/') ? "" : "/") + info.name;
    info.mode = octal(mode & 07777U);
    info.mtime = time_text(mtime);
    entries.push_back(std::move(info));
    rest.remove_prefix(end + 1);
  }
  std::sort(entries.begin(), entries.end(), [](const auto& one, const auto& other) { return one.name < other.name; });
  return entries;
}

Awaitable<std::vector<FileInfo>> Container::list(Call& call, std::string path) {
  std::vector<std::string> argv = {"/bin/sh", "-c", kList, "opshost"};
  const auto result = co_await run_on(call, *this, std::move(argv), path);
  if (result.output_dropped > 0) {
    throw Error("docker.too_large", "the list of " + describe(Value(path)) + " in container " + name_ +
                                        " has more than 16MiB: ask for what is needed of it with read")
        .on(engine_->name());
  }
  co_return entries_of(result.output, path);
}

Awaitable<std::string> Container::checksum(Call& call, std::string path) {
  std::vector<std::string> argv = {"sha256sum", "--"};
  const auto result = co_await run_on(call, *this, std::move(argv), std::move(path));
  // With a backslash in front where the name has one.
  auto sum = result.output.substr(result.output.starts_with('\\') ? 1 : 0);
  sum.resize(std::min(sum.find(' '), sum.size()));
  co_return sum;
}

Awaitable<void> Container::chmod(Call& call, std::string path, std::string mode) {
  check_mode(mode);
  std::vector<std::string> argv = {"chmod", std::move(mode)};
  co_await run_on(call, *this, std::move(argv), std::move(path));
}

Awaitable<void> Container::delete_path(Call& call, std::string path, DeletePathOptions options) {
  check_path(path);
  if (path.find_first_not_of('/') == std::string::npos) {
    throw Error("usage.argument", "path is " + describe(Value(path)) + ", all there is in the container");
  }
  const bool unseen = co_await is_in_memory(call, *this, path);
  bool is_directory = false;
  if (!unseen) {
    const StatOptions link_itself{.follow = false};
    const auto found = co_await stat(call, path, link_itself);
    is_directory = found.type == FileType::directory;
  }
  Command command;
  command.argv = {is_directory ? "rmdir" : "rm", path};
  if (unseen) command.argv = {"/bin/sh", "-c", kDeleteOne, "opshost", path};
  if (options.recursive) command.argv = {"rm", "-r", path};
  RunOptions plain;
  co_await run(call, std::move(command), std::move(plain));
}

}  // namespace opshost::docker
