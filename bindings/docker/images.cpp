#include "bindings/docker/images.hpp"

#include "bindings/docker/errors.hpp"
#include "bindings/docker/filters.hpp"
#include "bindings/docker/parsed.hpp"
#include "bindings/net/file_body.hpp"
#include "host/base/names.hpp"
#include "host/base/output_text.hpp"
#include "host/json/record.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::docker {

namespace {

struct ListedImage {
  std::string id{};
  std::vector<std::string> repo_tags{};
  std::vector<std::string> repo_digests{};
  std::int64_t created = 0;
  std::uint64_t size = 0;
  std::map<std::string, std::string> labels{};
};
OPSHOST_RECORD(ListedImage, "An image as the API lists it", (id, ""), (repo_tags, ""), (repo_digests, ""),
               (created, ""), (size, ""), (labels, ""))
struct InspectedImage {
  std::string id{};
};
OPSHOST_RECORD(InspectedImage, "An inspected image", (id, ""))

/// One line of the engine's report on a load.
struct Progress {
  std::string stream{};
  std::string error{};
};
OPSHOST_RECORD(Progress, "A line of progress", (stream, ""), (error, ""))

bool is_name(const std::string& tag) { return tag.find("<none>") == std::string::npos; }

/// "lab/busybox:1" to repository and tag; a port of a registry is no tag.
std::pair<std::string, std::string> parts_of(const std::string& name) {
  const auto colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos) return {name, "latest"};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

Awaitable<std::string> inspect_image(Call& call, std::shared_ptr<Connection> engine, std::string id, std::string name) {
  std::optional<Error> failed;
  try {
    auto text = co_await engine->get(call, "/images/" + net::percent_encoded(id) + "/json");
    co_return text;
  } catch (const Error& error) {
    failed = error;
  }
  if (failed->code() == "docker.not_found") failed = co_await image_not_found(call, engine, name, *failed);
  throw *failed;
}

/// What a report says was loaded. Throws docker.server with the engine's complaint in it.
std::vector<std::string> loaded_of(const std::string& report, const std::string& engine) {
  std::vector<std::string> loaded;
  std::string_view rest = report;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.find_first_not_of("\r \t") == std::string_view::npos) continue;
    const auto progress = parsed(engine, [&] { return json::read<Progress>(line); });
    if (!progress.error.empty()) {
      throw Error("docker.load_failed", "the engine could not load the images: " + one_line(progress.error, 500))
          .on(engine)
          .maybe_applied()
          .with(value_of(EngineRefusal{.status = 200, .message = progress.error, .request = "POST /images/load"}));
    }
    for (const std::string_view start : {"Loaded image: ", "Loaded image ID: "}) {
      if (!progress.stream.starts_with(start)) continue;
      auto name = progress.stream.substr(start.size());
      name.resize(name.find_last_not_of("\r\n") + 1);
      loaded.push_back(std::move(name));
    }
  }
  return loaded;
}

}  // namespace

Awaitable<json::Document> Image::inspect(Call& call) {
  auto text = co_await inspect_image(call, engine_, id_, name_);
  co_return json::Document{.text = std::move(text), .error_code = "docker.protocol", .target = engine_->name()};
}

Awaitable<void> Image::tag(Call& call, std::string name) {
  const auto [repository, tag] = parts_of(name);
  const std::string target = "/images/" + net::percent_encoded(id_) + "/tag?repo=" + net::percent_encoded(repository) +
                             "&tag=" + net::percent_encoded(tag);
  co_await engine_->post(call, target);
}

Awaitable<void> Image::delete_image(Call& call, ImageDeleteOptions options) {
  net::HttpRequest request{.method = "DELETE", .observes = false};
  request.target = "/images/" + net::percent_encoded(name_) + "?force=" + (options.force ? "1" : "0") +
                   "&noprune=" + (options.keep_parents ? "1" : "0");
  std::optional<Error> failed;
  try {
    co_await engine_->ask(call, std::move(request));
    co_return;
  } catch (const Error& error) {
    failed = error;
  }
  if (failed->code() == "docker.not_found") failed = co_await image_not_found(call, engine_, name_, *failed);
  throw *failed;
}

Awaitable<std::vector<ImageSummary>> list_images(Call& call, std::shared_ptr<Connection> engine,
                                                 ImageListOptions options) {
  std::string target = "/images/json?all=0";
  const int version = co_await engine->version(call);
  // The name was a parameter of its own before 1.25.
  const bool filters_names = version >= 1025;
  const auto dangling = options.dangling ? std::optional<std::string>("true") : std::nullopt;
  const auto filters = filters_text(
      {{"reference", filters_names ? options.name : std::nullopt}, {"label", options.label}, {"dangling", dangling}});
  if (!filters.empty()) target += "&filters=" + filters;
  if (options.name && !filters_names) target += "&filter=" + net::percent_encoded(*options.name);
  const auto body = co_await engine->get(call, target);
  auto listed = parsed(engine->name(), [&] { return json::read<std::vector<ListedImage>>(body); });
  std::vector<ImageSummary> images;
  images.reserve(listed.size());
  for (ListedImage& one : listed) {
    std::erase_if(one.repo_tags, [](const std::string& tag) { return !is_name(tag); });
    std::erase_if(one.repo_digests, [](const std::string& digest) { return !is_name(digest); });
    images.push_back({.id = std::move(one.id),
                      .tags = std::move(one.repo_tags),
                      .digests = std::move(one.repo_digests),
                      .created = static_cast<double>(one.created),
                      .size = {one.size},
                      .labels = std::move(one.labels)});
  }
  co_return images;
}

Awaitable<Error> image_not_found(Call& call, std::shared_ptr<Connection> engine, std::string name, Error refused) {
  std::vector<std::string> names;
  try {
    const auto all = co_await list_images(call, engine, {});
    for (const auto& image : all) names.insert(names.end(), image.tags.begin(), image.tags.end());
  } catch (const Error&) {
    // The names would be a help, no more.
  }
  co_return Error("docker.not_found", "no image " + describe(Value(name)) + did_you_mean(name, names))
      .on(engine->name())
      .with(refused.detail());
}

Awaitable<std::shared_ptr<Image>> find_image(Call& call, std::shared_ptr<Connection> engine, std::string name) {
  if (name.empty()) throw Error("usage.argument", "the name of the image is empty");
  const auto text = co_await inspect_image(call, engine, name, name);
  const auto image = parsed(engine->name(), [&] { return json::read<InspectedImage>(text); });
  co_return std::make_shared<Image>(engine, image.id, name);
}

Awaitable<std::vector<std::string>> load_images(Call& call, std::shared_ptr<Connection> engine, std::string path,
                                                LoadOptions) {
  net::FileBody file;
  std::optional<Error> unreadable;
  try {
    file = co_await net::open_file_body(call, path);
  } catch (const Error& error) {
    unreadable = docker_error(error, engine->name());
  }
  if (unreadable) throw *unreadable;
  net::HttpRequest request{.method = "POST", .target = "/images/load?quiet=1", .observes = false, .lasts = true};
  request.headers = {{"Content-Type", "application/x-tar"}};
  request.body_source = file.next;
  request.body_size = file.size;
  const auto report = co_await engine->ask(call, std::move(request));
  co_return loaded_of(report, engine->name());
}

}  // namespace opshost::docker
