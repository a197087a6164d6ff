#pragma once
// The images of an engine.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/docker/connection.hpp"
#include "host/json/document.hpp"
#include "host/lua/record.hpp"

namespace opshost::docker {

struct ImageListOptions {
  std::optional<std::string> name{};
  std::optional<std::string> label{};
  bool dangling = false;
};
OPSHOST_RECORD(ImageListOptions, "Which images to list", (name, "\"lab/busybox\", \"lab/*\", \"lab/busybox:1\""),
               (label, "\"role\" or \"role=broker\""), (dangling, "only those without a name"))

struct ImageSummary {
  std::string id{};
  std::vector<std::string> tags{};
  std::vector<std::string> digests{};
  double created = 0;
  Size size{};
  std::map<std::string, std::string> labels{};
};
OPSHOST_RECORD(ImageSummary, "An image, as a list shows it", (id, "its id: \"sha256:...\""),
               (tags, "its names: \"lab/busybox:1\""), (digests, "its names by content: \"lab/busybox@sha256:...\""),
               (created, "when it was made, in seconds since 1970"), (size, "of all its layers"),
               (labels, "its labels"))

struct ImageDeleteOptions {
  bool force = false;
  bool keep_parents = false;
};
OPSHOST_RECORD(ImageDeleteOptions, "How to delete an image", (force, "also where stopped containers were made from it"),
               (keep_parents, "leave the layers below it that have no name"))

struct LoadOptions {
  Duration timeout = std::chrono::minutes(10);
};
OPSHOST_RECORD(LoadOptions, "How to load images", (timeout, "how long we wait for the engine to take all of it"))

class Image {
 public:
  Image(std::shared_ptr<Connection> engine, std::string id, std::string name)
      : engine_(std::move(engine)), id_(std::move(id)), name_(std::move(name)) {}

  [[nodiscard]] std::string subject() const { return engine_->subject() + " > image " + name_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::optional<Duration> default_timeout() const { return engine_->timeout(); }

  Awaitable<json::Document> inspect(Call& call);
  /// `name`: "repository:tag"; without a tag it is "latest".
  Awaitable<void> tag(Call& call, std::string name);
  /// Takes away the name this handle was asked for by; the image goes with its last one.
  Awaitable<void> delete_image(Call& call, ImageDeleteOptions options);

 private:
  std::shared_ptr<Connection> engine_;
  std::string id_;
  std::string name_;
};

Awaitable<std::vector<ImageSummary>> list_images(Call& call, std::shared_ptr<Connection> engine,
                                                 ImageListOptions options);
/// Throws docker.not_found with the nearest names.
Awaitable<std::shared_ptr<Image>> find_image(Call& call, std::shared_ptr<Connection> engine, std::string name);
/// "no image lab/busybax:1; did you mean lab/busybox:1?", with the engine's answer as its detail.
Awaitable<Error> image_not_found(Call& call, std::shared_ptr<Connection> engine, std::string name, Error refused);
/// Loads what `docker save` wrote into a file of this machine. Returns the names or ids of what was loaded.
Awaitable<std::vector<std::string>> load_images(Call& call, std::shared_ptr<Connection> engine, std::string path,
                                                LoadOptions options);

}  // namespace opshost::docker
