#include "bindings/docker/recreate.hpp"

#include "bindings/docker/blueprint.hpp"
#include "bindings/docker/create.hpp"
#include "bindings/docker/images.hpp"
#include "bindings/docker/parsed.hpp"
#include "bindings/docker/pause.hpp"
#include "bindings/docker/short_id.hpp"
#include "bindings/net/background_call.hpp"
#include "host/base/json_text.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

using namespace std::chrono_literals;

/// Beside the grace: putting the old one back. A call that was told to stop is given up after five seconds.
constexpr Duration kPuttingBackTakes = 30s;
constexpr Duration kStoppedPuttingBackTakes = 4s;
/// An engine that carries out a stop whose answer was lost.
constexpr Duration kStopOverrun = 1s;
constexpr Duration kPause = 100ms;

struct Old {
  std::string name;
  bool running = false;
};

class Recreation {
 public:
  Recreation(Call& call, std::shared_ptr<Container> old, const RecreateOptions& options)
      : call_(call),
        old_(std::move(old)),
        options_(options),
        name_(old_->name()),
        aside_(name_ + ".old-" + short_id(old_->id())) {}

  Awaitable<std::shared_ptr<Container>> run() {
    co_await look();
    std::optional<Error> failure;
    std::shared_ptr<Container> made;
    try {
      made = co_await make();
    } catch (const Error& error) {
      failure = error;
    }
    if (failure && !may_have_changed(*failure)) throw Error(*failure);
    if (failure) co_await put_back(*failure);
    if (!options_.keep_old) co_await delete_old();
    co_return made;
  }

 private:
  [[nodiscard]] Connection& engine() { return *old_->engine(); }

  /// False where the first request of all was refused.
  [[nodiscard]] bool may_have_changed(const Error& failure) const {
    return stop_answered_ || create_sent_ || (was_running_ && rename_sent_) || failure.is_maybe_applied();
  }

  Awaitable<void> look() {
    const auto text = co_await old_->inspect_text(call_);
    const auto inspected = parsed(engine().name(), [&] { return json::read<Value>(text); });
    was_running_ = true_at(inspected, {"State", "Running"});
    if (true_at(inspected, {"HostConfig", "AutoRemove"})) {
      throw Error("docker.conflict",
                  "container " + name_ + " was made to go when it ends (--rm), so nothing would be left to put back")
          .on(engine().name());
    }
    blueprint_ = blueprint_of(inspected, old_->id());
    std::string image_id = text_at(inspected, {"Image"});
    std::string image_name = text_at(inspected, {"Config", "Image"});
    if (options_.image) {
      co_await take_other_image(std::move(image_id));
    } else {
      co_await keep_image(std::move(image_name), std::move(image_id));
    }
    set_variables(blueprint_.config, options_.env);
  }

  /// An image that is not there is found out before anything is changed.
  Awaitable<void> take_other_image(std::string old_id) {
    co_await find_image(call_, old_->engine(), *options_.image);
    const auto text = co_await engine().get(call_, "/images/" + net::percent_encoded(old_id) + "/json");
    const auto image = parsed(engine().name(), [&] { return json::read<Value>(text); });
    drop_what_is_the_images(blueprint_.config, map_at(image, {"Config"}));
    set_field(blueprint_.config, "Image", *options_.image);
  }

  /// Its name stays only where it still means the same image.
  Awaitable<void> keep_image(std::string name, std::string id) {
    if (name.empty() || id.empty()) co_return;
    std::string means;
    try {
      const auto image = co_await find_image(call_, old_->engine(), name);
      means = image->id();
    } catch (const Error& error) {
      if (error.code() != "docker.not_found" && error.code() != "docker.ambiguous") throw;
    }
    if (means == id) co_return;
    co_await find_image(call_, old_->engine(), id);
    set_field(blueprint_.config, "Image", id);
  }

  Awaitable<std::shared_ptr<Container>> make() {
    if (was_running_) {
      stop_sent_ = Clock::now();
      co_await old_->stop(call_, {.grace = options_.grace});
      stop_answered_ = true;
    }
    rename_sent_ = true;
    co_await old_->rename(call_, aside_);
    create_sent_ = true;
    new_id_ = co_await create_from(call_, old_->engine(), Value(blueprint_.config), name_);
    call_.note("container_id", new_id_);
    for (const auto& [network, endpoint] : blueprint_.more_networks) {
      ValueMap body = {{"Container", new_id_}};
      if (!endpoint.empty()) body.emplace_back("EndpointConfig", endpoint);
      co_await engine().post(call_, "/networks/" + net::percent_encoded(network) + "/connect",
                             json_text(Value(std::move(body))));
    }
    auto made = std::make_shared<Container>(old_->engine(), new_id_, name_);
    if (options_.start && was_running_) co_await made->start(call_);
    co_return made;
  }

  /// Undoes what was done, as far as the engine shows it, and throws what failed with how the old one is now.
  Awaitable<void> put_back(Error cause) {
    const bool stopped = call_.stop().stopped();
    const auto side = std::make_shared<net::BackgroundCall>(call_);
    side->stop_after((stopped ? kStoppedPuttingBackTakes : kPuttingBackTakes) + options_.grace, side);
    std::string trouble;
    try {
      co_await undo(*side, cause);
    } catch (const Error& error) {
      trouble = error.message();
    }
    std::string outcome;
    if (trouble.empty()) {
      outcome = was_running_ ? "the old one runs again" : "the old one is as it was";
    } else {
      const auto found = co_await how_it_is(*side);
      outcome = "the old one could not be put back (" + trouble + "): " + found;
    }
    call_.saw(outcome);
    std::string what = "container " + name_ + " was not made anew: " + cause.message();
    const bool late = call_.stop().reason() == StopReason::timeout;
    if (late) what = "container " + name_ + " was not made anew within `timeout` (" + cause.message() + ")";
    throw Error(late ? "docker.timeout" : "docker.recreate", what + "; " + outcome)
        .on(engine().name())
        .maybe_applied()
        .because(cause);
  }

  Awaitable<void> undo(Call& side, const Error& cause) {
    if (!new_id_.empty() || (create_sent_ && cause.is_maybe_applied())) co_await delete_new(side);
    auto old = co_await look_at_old(side);
    // Whose answer was lost, the engine may still carry out.
    while (old.running && stop_sent_ && !stop_answered_ && Clock::now() < *stop_sent_ + options_.grace + kStopOverrun) {
      co_await pause_for(side, kPause);
      old = co_await look_at_old(side);
    }
    if (rename_sent_ && old.name != name_) co_await old_->rename(side, name_);
    if (was_running_ && !old.running) co_await old_->start(side);
  }

  /// The answer that had its id may be lost: then it is what has the name and never ran.
  Awaitable<void> delete_new(Call& side) {
    const bool is_known = !new_id_.empty();
    const Container made(old_->engine(), is_known ? new_id_ : name_, name_);
    net::HttpRequest request{.target = made.path() + "/json"};
    std::string text;
    try {
      text = co_await engine().ask(side, std::move(request));
    } catch (const Error& error) {
      if (error.code() != "docker.not_found") throw;
    }
    if (text.empty()) co_return;
    const auto inspected = parsed(engine().name(), [&] { return json::read<Value>(text); });
    const std::string id = text_at(inspected, {"Id"});
    if (id == old_->id()) co_return;
    if (!is_known && text_at(inspected, {"State", "Status"}) != "created") {
      throw Error("docker.conflict", "another container has the name " + name_ + " now, and it runs or ran");
    }
    net::HttpRequest deletion{.method = "DELETE", .target = "/containers/" + id + "?force=1&v=0", .observes = false};
    co_await engine().ask(side, std::move(deletion));
  }

  Awaitable<Old> look_at_old(Call& side) {
    const auto text = co_await engine().get(side, old_->path() + "/json");
    const auto inspected = parsed(engine().name(), [&] { return json::read<Value>(text); });
    std::string name = text_at(inspected, {"Name"});
    if (name.starts_with('/')) name.erase(0, 1);
    co_return Old{.name = std::move(name), .running = true_at(inspected, {"State", "Running"})};
  }

  Awaitable<std::string> how_it_is(Call& side) {
    try {
      const auto old = co_await look_at_old(side);
      co_return "it is named " + old.name + " and " + (old.running ? "runs" : "does not run");
    } catch (const Error& error) {
      if (error.code() == "docker.not_found") co_return "it is gone";
    }
    co_return "how it is now is not known; it is named " + name_ + " or " + aside_;
  }

  Awaitable<void> delete_old() {
    std::optional<Error> failed;
    try {
      net::HttpRequest deletion{.method = "DELETE", .target = old_->path() + "?force=1&v=0", .observes = false};
      co_await engine().ask(call_, std::move(deletion));
      co_return;
    } catch (const Error& error) {
      failed = error;
    }
    if (failed->code() == "docker.not_found") co_return;
    const std::string outcome =
        std::string(options_.start && was_running_ ? "the new one runs" : "the new one is there") +
        "; the old one is still there as " + aside_;
    call_.saw(outcome);
    const bool late = call_.stop().reason() == StopReason::timeout;
    throw Error(
        late ? "docker.timeout" : "docker.recreate",
        "container " + name_ + " was made anew, but the old one was not deleted: " + failed->message() + "; " + outcome)
        .on(engine().name())
        .maybe_applied()
        .because(*failed);
  }

  Call& call_;
  std::shared_ptr<Container> old_;
  const RecreateOptions& options_;
  const std::string name_;
  const std::string aside_;
  Blueprint blueprint_;
  std::string new_id_;
  bool was_running_ = false;
  // What was sent may have been done, whatever came back.
  std::optional<TimePoint> stop_sent_;
  bool stop_answered_ = false;
  bool rename_sent_ = false;
  bool create_sent_ = false;
};

}  // namespace

Awaitable<std::shared_ptr<Container>> Container::recreate(Call& call, RecreateOptions options) {
  Recreation recreation(call, shared_from_this(), options);
  auto made = co_await recreation.run();
  co_return made;
}

}  // namespace opshost::docker
