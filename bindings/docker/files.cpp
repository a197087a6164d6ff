#include "bindings/docker/files.hpp"

#include <charconv>
#include <chrono>

#include "bindings/docker/errors.hpp"
#include "bindings/docker/memory_mounts.hpp"
#include "bindings/docker/parsed.hpp"
#include "bindings/docker/tar.hpp"
#include "host/base/output_text.hpp"
#include "host/json/record.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::docker {

namespace {

// The bits of Go's os.FileMode beside the permissions.
constexpr std::uint32_t kDirectory = 1U << 31U;
constexpr std::uint32_t kLink = 1U << 27U;
constexpr std::uint32_t kDevice = 1U << 26U;
constexpr std::uint32_t kFifo = 1U << 25U;
constexpr std::uint32_t kSocket = 1U << 24U;
constexpr std::uint32_t kSetuid = 1U << 23U;
constexpr std::uint32_t kSetgid = 1U << 22U;
constexpr std::uint32_t kCharDevice = 1U << 21U;
constexpr std::uint32_t kSticky = 1U << 20U;

struct PathStat {
  std::string name{};
  std::uint64_t size = 0;
  std::uint32_t mode = 0;
  std::string mtime{};
  std::string link_target{};
};
OPSHOST_RECORD(PathStat, "What the engine tells of a path", (name, ""), (size, ""), (mode, ""), (mtime, ""),
               (link_target, ""))

std::string shown_path(const std::string& path) { return '"' + one_line(path, 300) + '"'; }

std::uint32_t mode_of(const std::string& text) {
  std::uint32_t mode = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (problem != std::errc() || end != text.data() + text.size() || mode > 07777) {
    throw Error("usage.argument", "mode is " + describe(Value(text)) + "; write it as chmod takes it: \"0644\"");
  }
  return mode;
}

std::string mode_text(std::uint32_t go_mode) {
  std::uint32_t mode = go_mode & 0777U;
  if ((go_mode & kSetuid) != 0) mode |= 04000U;
  if ((go_mode & kSetgid) != 0) mode |= 02000U;
  if ((go_mode & kSticky) != 0) mode |= 01000U;
  std::string text(4, '0');
  for (std::size_t i = 4; i-- > 0; mode >>= 3U) text[i] = static_cast<char>('0' + (mode & 7U));
  return text;
}

FileType type_of_mode(std::uint32_t mode) {
  if ((mode & kDirectory) != 0) return FileType::directory;
  if ((mode & kLink) != 0) return FileType::link;
  if ((mode & kFifo) != 0) return FileType::fifo;
  if ((mode & kSocket) != 0) return FileType::socket;
  if ((mode & kCharDevice) != 0) return FileType::char_device;
  return (mode & kDevice) != 0 ? FileType::block_device : FileType::file;
}

std::string decoded_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char character : text) {
    const auto value = kAlphabet.find(character);
    if (value == std::string_view::npos) break;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU);
  }
  return bytes;
}

std::string archive_target(const Container& container, const std::string& path) {
  return container.path() + "/archive?path=" + net::percent_encoded(path);
}

bool is_refusal(const Error& error) { return error.detail().field("status") != nullptr; }

/// The answer to a HEAD has no body, so a refusal of it lacks the engine's words: a GET of the same is asked for them.
Awaitable<Error> with_words(Call& call, Container& container, std::string path, Error refused) {
  if (!is_refusal(refused)) co_return refused;
  net::HttpRequest request{.target = archive_target(container, path), .lasts = true};
  std::optional<Error> explained;
  try {
    co_await container.engine()->send(call, std::move(request));
  } catch (const Error& error) {
    explained = error;
  }
  co_return explained&& is_refusal(*explained) ? *explained : refused;
}

/// nullopt: nothing is there. A 404 does not say whether the file is missing or the container: the latter is asked for.
Awaitable<std::optional<PathStat>> look(Call& call, Container& container, std::string path) {
  net::HttpRequest request{.method = "HEAD", .target = archive_target(container, path)};
  std::optional<std::string> encoded;
  std::optional<Error> refused;
  try {
    const auto answer = co_await container.engine()->send(call, std::move(request));
    const auto* header = answer->head().header("X-Docker-Container-Path-Stat");
    if (header != nullptr) encoded = *header;
  } catch (const Error& error) {
    if (error.code() != "docker.not_found") refused = error;
  }
  if (refused) {
    const Error explained = co_await with_words(call, container, path, *refused);
    throw explained;
  }
  if (!encoded) {
    co_await container.inspect_text(call);
    co_return std::nullopt;
  }
  co_return parsed(container.engine()->name(), [&] { return json::read<PathStat>(decoded_base64(*encoded)); });
}

Error wrong_type(const Container& container, const std::string& path, const std::string& what) {
  return Error("docker.wrong_type", shown_path(path) + " in container " + container.name() + " is " + what)
      .on(container.engine()->name());
}

/// Where a path leads in the end, and what is there.
struct Found {
  std::string path;
  std::optional<PathStat> stat;
};

Awaitable<Found> follow(Call& call, Container& container, std::string path) {
  Found found{.path = std::move(path), .stat = {}};
  found.stat = co_await look(call, container, found.path);
  if (!found.stat || (found.stat->mode & kLink) == 0) co_return found;
  found.path = found.stat->link_target;
  found.stat = co_await look(call, container, found.path);
  co_return found;
}

FileInfo info_of(const PathStat& stat, const std::string& path) {
  FileInfo info{.path = path, .name = stat.name, .type = type_of_mode(stat.mode), .size = stat.size};
  info.mode = mode_text(stat.mode);
  info.mtime = stat.mtime;
  if (info.type == FileType::link) info.target = stat.link_target;
  return info;
}

/// The first entry of a path's archive; the rest is not read. Keeps what came behind its header in `rest`.
Awaitable<TarEntry> first_entry(Call& call, Connection& engine, net::HttpAnswer& answer, std::string& rest) {
  TarEntry entry;
  for (;;) {
    if (const auto length = read_tar_entry(rest, entry)) {
      rest.erase(0, *length);
      co_return entry;
    }
    const auto piece = co_await engine.read(call, answer);
    if (piece.empty()) throw Error("docker.protocol", "the engine's archive is empty").on(engine.name());
    rest += piece;
  }
}

Awaitable<TarEntry> owner_of(Call& call, Container& container, std::string path) {
  net::HttpRequest request{.target = archive_target(container, path), .lasts = true};
  const auto answer = co_await container.engine()->send(call, std::move(request));
  std::string rest;
  auto entry = co_await first_entry(call, *container.engine(), *answer, rest);
  co_return entry;
}

std::pair<std::string, std::string> split(const std::string& path) {
  std::string_view trimmed = path;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.remove_suffix(1);
  const auto slash = trimmed.rfind('/');
  const auto folder = slash == 0 ? std::string("/") : std::string(trimmed.substr(0, slash));
  return {folder, std::string(trimmed.substr(slash + 1))};
}

Awaitable<void> put_entry(Call& call, Container& container, std::string folder, TarEntry entry, std::string content) {
  net::HttpRequest request{.method = "PUT", .observes = false};
  request.target = archive_target(container, folder) + "&noOverwriteDirNonDir=1";
  request.headers = {{"Content-Type", "application/x-tar"}};
  entry.size = content.size();
  request.body = tar_header(entry);
  request.body += content;
  request.body.resize(request.body.size() + static_cast<std::size_t>(tar_padded(content.size()) - content.size()),
                      '\0');
  request.body += tar_end();
  std::optional<Error> failed;
  try {
    co_await container.engine()->ask(call, std::move(request));
    co_return;
  } catch (const Error& error) {
    failed = error;
  }
  if (failed->code() != "docker.not_found") throw *failed;
  co_await container.inspect_text(call);
  throw Error("docker.not_found",
              "the directory " + shown_path(folder) + " does not exist in container " + container.name())
      .on(container.engine()->name())
      .with(failed->detail());
}

}  // namespace

void check_path(const std::string& path) {
  if (!path.starts_with('/'))
    throw Error("usage.argument", "path is " + describe(Value(path)) + "; a path in a container begins with /");
  if (path.find('\0') != std::string::npos)
    throw Error("usage.argument", "path has a NUL byte, which no path can have");
}

Awaitable<std::optional<std::string>> link_target(Call& call, Container& container, std::string path) {
  const auto stat = co_await look(call, container, path);
  if (!stat || (stat->mode & kLink) == 0) co_return std::nullopt;
  co_return stat->link_target;
}

void check_mode(const std::string& text) { mode_of(text); }

Error no_such_path(const Container& container, const std::string& path) {
  return Error("docker.not_found", shown_path(path) + " does not exist in container " + container.name())
      .on(container.engine()->name())
      .with(value_of(EngineRefusal{.status = 404, .message = {}, .request = "HEAD " + container.path() + "/archive"}));
}

Awaitable<std::string> Container::read_file(Call& call, std::string path, ReadFileOptions options) {
  check_path(path);
  co_await refuse_in_memory(call, *this, path);
  const auto found = co_await follow(call, *this, path);
  if (!found.stat) throw no_such_path(*this, path);
  if (type_of_mode(found.stat->mode) == FileType::directory) throw wrong_type(*this, path, "a directory, not a file");
  net::HttpRequest request{.target = archive_target(*this, found.path)};
  const auto answer = co_await engine_->send(call, std::move(request));
  std::string content;
  const auto entry = co_await first_entry(call, *engine_, *answer, content);
  if (entry.type != '0') throw wrong_type(*this, path, "no regular file");
  if (entry.size > options.max_size.bytes) {
    throw Error("docker.too_large", shown_path(path) + " in container " + name_ + " has " + std::to_string(entry.size) +
                                        " bytes; raise max_size (" + format_size(options.max_size) +
                                        ") to read it into memory")
        .on(engine_->name());
  }
  content.reserve(static_cast<std::size_t>(entry.size));
  // To the archive's end, so that the connection can be used again.
  for (;;) {
    const auto piece = co_await engine_->read(call, *answer);
    if (piece.empty()) break;
    if (content.size() < entry.size) content += piece;
  }
  if (content.size() < entry.size)
    throw Error("docker.protocol", "the engine's archive ends in the middle of the file").on(engine_->name());
  content.resize(static_cast<std::size_t>(entry.size));
  co_return content;
}

Awaitable<void> Container::write_file(Call& call, std::string path, std::string content, WriteFileOptions options) {
  check_path(path);
  co_await refuse_in_memory(call, *this, path);
  TarEntry entry;
  if (options.mode) entry.mode = mode_of(*options.mode);
  const auto found = co_await follow(call, *this, path);
  if (found.stat && type_of_mode(found.stat->mode) != FileType::file) {
    throw wrong_type(*this, path, "no regular file");
  }
  if (found.stat) {
    const auto before = co_await owner_of(call, *this, found.path);
    if (!options.mode) entry.mode = before.mode;
    entry.uid = before.uid;
    entry.gid = before.gid;
  }
  entry.uid = options.uid.value_or(entry.uid);
  entry.gid = options.gid.value_or(entry.gid);
  entry.mtime =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  auto [folder, name] = split(found.path);
  if (name.empty()) throw wrong_type(*this, path, "a directory, not a file");
  entry.name = name;
  co_await put_entry(call, *this, folder, std::move(entry), std::move(content));
}

Awaitable<FileInfo> Container::stat(Call& call, std::string path, StatOptions options) {
  check_path(path);
  co_await refuse_in_memory(call, *this, path);
  auto stat = co_await look(call, *this, path);
  if (!stat) throw no_such_path(*this, path);
  if (options.follow && (stat->mode & kLink) != 0) {
    const std::string target = stat->link_target;
    stat = co_await look(call, *this, target);
    if (!stat) throw no_such_path(*this, target);
  }
  co_return info_of(*stat, path);
}

Awaitable<std::optional<FileInfo>> Container::exists(Call& call, std::string path) {
  check_path(path);
  co_await refuse_in_memory(call, *this, path);
  const auto found = co_await follow(call, *this, path);
  if (!found.stat) co_return std::nullopt;
  co_return info_of(*found.stat, path);
}

Awaitable<void> Container::mkdir(Call& call, std::string path, MkdirOptions options) {
  check_path(path);
  co_await refuse_in_memory(call, *this, path);
  TarEntry entry{.type = '5', .mode = mode_of(options.mode), .uid = options.uid, .gid = options.gid};
  const auto found = co_await follow(call, *this, path);
  if (found.stat && type_of_mode(found.stat->mode) != FileType::directory) {
    throw wrong_type(*this, path, "there, and no directory");
  }
  if (found.stat) co_return;
  auto [folder, name] = split(found.path);
  entry.name = name + "/";
  entry.mtime =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  co_await put_entry(call, *this, folder, std::move(entry), {});
}

}  // namespace opshost::docker
