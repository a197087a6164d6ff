#include "bindings/docker/cluster.hpp"

#include <algorithm>

#include "bindings/docker/container_list.hpp"
#include "bindings/net/background_call.hpp"
#include "host/base/names.hpp"

namespace opshost::docker {

namespace {

/// What one engine answered.
struct HostAnswer {
  std::string host;
  std::vector<ContainerSummary> containers{};
  std::optional<Error> failed{};
};

/// Counts the engines that are still asked.
struct Gathering {
  explicit Gathering(const asio::any_io_executor& executor) : over(executor, TimePoint::max()) {}
  std::size_t running = 0;
  asio::steady_timer over;
};

/// One of those, however it ends: who waits for all of them must not wait for ever.
class Asking {
 public:
  explicit Asking(std::shared_ptr<Gathering> gathering) : gathering_(std::move(gathering)) {}
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
    if (--gathering_->running == 0) gathering_->over.cancel();
  }

 private:
  std::shared_ptr<Gathering> gathering_;
};

Awaitable<void> ask_one(Call& call, std::shared_ptr<Connection> engine, ListOptions options, Duration timeout,
                        std::shared_ptr<HostAnswer> answer, std::shared_ptr<Gathering> gathering) {
  const Asking asking(std::move(gathering));
  const auto side = std::make_shared<net::BackgroundCall>(call);
  side->stop_after(timeout, side);
  const auto reaction = call.stop().on_stop([&side] { side->stop().stop(StopReason::cancelled); });
  try {
    answer->containers = co_await list_containers(*side, engine, options);
  } catch (const Error& error) {
    answer->failed = error;
  } catch (const std::exception& failure) {
    answer->failed =
        Error("internal.exception", std::string("unexpected: ") + failure.what() + "; this is a defect of opshost")
            .on(engine->name());
  }
  if (answer->failed && side->stop().reason() == StopReason::timeout) {
    const std::string seen = side->seen().empty() ? "" : "; last seen: " + side->seen();
    answer->failed = Error("docker.timeout", "no answer within " + format_duration(timeout) + seen).on(engine->name());
  }
}

std::string hosts_of(const std::vector<SilentHost>& hosts) {
  std::string text;
  for (const auto& host : hosts) text += (text.empty() ? "" : "; ") + host.host + ": " + host.message;
  return text;
}

ClusterContainer container_of(const std::string& host, ContainerSummary&& summary) {
  return {.host = host,
          .id = std::move(summary.id),
          .name = std::move(summary.name),
          .image = std::move(summary.image),
          .status = std::move(summary.status),
          .description = std::move(summary.description),
          .labels = std::move(summary.labels),
          .addresses = std::move(summary.addresses),
          .all_addresses = std::move(summary.all_addresses)};
}

}  // namespace

std::string Cluster::subject() const {
  std::string text = "cluster of";
  for (const auto& [host, engine] : engines_) text += " " + host;
  return text;
}

Awaitable<ClusterListing> Cluster::listing(Call& call, ClusterListOptions options) {
  const ListOptions wanted{.all = options.all,
                           .name = options.name,
                           .label = options.label,
                           .status = options.status,
                           .network = options.network,
                           .image = {}};
  const auto gathering = std::make_shared<Gathering>(call.executor());
  gathering->running = engines_.size();
  std::vector<std::shared_ptr<HostAnswer>> answers;
  for (const auto& [host, engine] : engines_) {
    answers.push_back(std::make_shared<HostAnswer>(HostAnswer{.host = host}));
    asio::co_spawn(call.executor(),
                   ask_one(call, engine->connection(), wanted, options.host_timeout, answers.back(), gathering),
                   asio::detached);
  }
  boost::system::error_code woken;
  while (gathering->running > 0) co_await gathering->over.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  ClusterListing listing;
  for (const auto& answer : answers) {
    if (answer->failed) listing.failed.push_back({answer->host, answer->failed->code(), answer->failed->message()});
    std::sort(answer->containers.begin(), answer->containers.end(),
              [](const auto& one, const auto& other) { return one.name < other.name; });
    for (auto& summary : answer->containers) {
      listing.containers.push_back(container_of(answer->host, std::move(summary)));
    }
  }
  co_return listing;
}

Awaitable<std::vector<ClusterContainer>> Cluster::containers(Call& call, ClusterListOptions options) {
  auto listing = co_await this->listing(call, std::move(options));
  if (!listing.failed.empty()) {
    throw Error("docker.incomplete", "not every engine answered: " + hosts_of(listing.failed)).retryable();
  }
  co_return std::move(listing.containers);
}

Awaitable<std::shared_ptr<Container>> Cluster::container(Call& call, std::string name) {
  if (name.empty()) throw Error("usage.argument", "the name of the container is empty");
  const auto listing = co_await this->listing(call, {});
  std::vector<const ClusterContainer*> found;
  std::vector<std::string> names;
  for (const auto& one : listing.containers) {
    names.push_back(one.name);
    if (one.name == name || one.id == name) found.push_back(&one);
  }
  if (found.size() > 1) {
    std::string hosts;
    for (const auto* one : found) hosts += (hosts.empty() ? "" : ", ") + one->host;
    throw Error("docker.ambiguous", "several engines have a container " + describe(Value(name)) + ": " + hosts +
                                        "; name the engine, as in cluster:engine(host):container(name)");
  }
  // A whole id is nobody else's.
  if (found.size() == 1 && !listing.failed.empty() && found.front()->id != name) {
    const std::string& host = found.front()->host;
    throw Error("docker.incomplete",
                "there is a container " + describe(Value(name)) + " on " + host +
                    ", and not every engine answered, which may have another one: " + hosts_of(listing.failed) +
                    "; if it is that one, name its engine: cluster:engine(" + describe(Value(host)) + "):container(" +
                    describe(Value(name)) + ")")
        .retryable();
  }
  if (found.empty() && !listing.failed.empty()) {
    throw Error("docker.incomplete",
                "no container " + describe(Value(name)) +
                    " on the engines that answered, and not every one did: " + hosts_of(listing.failed))
        .retryable();
  }
  if (found.empty()) {
    throw Error("docker.not_found", "no engine has a container " + describe(Value(name)) + did_you_mean(name, names));
  }
  const auto& engine = engines_.at(found.front()->host);
  co_return std::make_shared<Container>(engine->connection(), found.front()->id, found.front()->name);
}

std::shared_ptr<Engine> Cluster::engine(const std::string& host) const {
  const auto found = engines_.find(host);
  if (found != engines_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, engine] : engines_) names.push_back(name);
  throw Error("docker.not_found", "the cluster has no host " + describe(Value(host)) + did_you_mean(host, names));
}

std::shared_ptr<Cluster> cluster_of(const ClusterMembers& members, const ConnectOptions& options) {
  std::map<std::string, std::shared_ptr<Engine>> engines;
  if (const auto* named = std::get_if<0>(&members)) {
    engines = *named;
  } else {
    for (const auto& endpoint : std::get<1>(members)) {
      if (engines.emplace(endpoint, connect(endpoint, options)).second) continue;
      throw Error("usage.argument", "the list has the endpoint " + describe(Value(endpoint)) + " twice");
    }
  }
  if (engines.empty())
    throw Error("usage.argument", "a cluster of no engines: give a list of endpoints, or engines by name");
  return std::make_shared<Cluster>(std::move(engines));
}

}  // namespace opshost::docker
