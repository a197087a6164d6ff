#include "bindings/docker/create.hpp"

#include "bindings/docker/cpu_limit.hpp"
#include "bindings/docker/images.hpp"
#include "bindings/docker/parsed.hpp"
#include "bindings/docker/short_id.hpp"
#include "host/base/json_text.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

constexpr int kInitSince = 1025;

struct Created {
  std::string id{};
};
OPSHOST_RECORD(Created, "What was made", (id, "its id"))

Value list_of(const std::vector<std::string>& words) { return ValueList(words.begin(), words.end()); }

Value map_of(const std::map<std::string, std::string>& texts) {
  ValueMap map;
  for (const auto& [name, text] : texts) map.emplace_back(name, text);
  return map;
}

/// "127.0.0.1:80", "[::1]:80" or "80" as a port binding.
Value binding_of(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return ValueMap{{"HostPort", text}};
  std::string ip = text.substr(0, colon);
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  return ValueMap{{"HostIp", ip}, {"HostPort", text.substr(colon + 1)}};
}

/// The script's own fields win over ours.
void add_further(ValueMap& map, const Any& further, const char* option) {
  if (further.is_null()) return;
  const auto* fields = further.get_if<ValueMap>();
  const auto* none = further.get_if<ValueList>();
  if (fields == nullptr && none != nullptr && none->empty()) return;
  if (fields == nullptr) throw Error("usage.argument", std::string(option) + " has to be a table of fields");
  for (const auto& [name, value] : *fields) {
    std::erase_if(map, [&](const auto& entry) { return entry.first == name; });
    map.emplace_back(name, value);
  }
}

ValueMap host_config_of(const CreateOptions& options, int version) {
  ValueMap host = {{"RestartPolicy", restart_policy(options.restart)}};
  if (!options.volumes.empty()) host.emplace_back("Binds", list_of(options.volumes));
  if (options.network) host.emplace_back("NetworkMode", *options.network);
  if (options.memory) host.emplace_back("Memory", options.memory->bytes);
  if (options.cpus) add_cpu_limit(host, *options.cpus, version);
  if (options.init) host.emplace_back("Init", true);
  ValueMap bindings;
  for (const auto& [port, at] : options.ports) bindings.emplace_back(port, ValueList{binding_of(at)});
  if (!bindings.empty()) host.emplace_back("PortBindings", std::move(bindings));
  add_further(host, options.host_config, "host_config");
  return host;
}

ValueMap config_of(const CreateOptions& options, int version) {
  ValueMap config = {{"Image", options.image}, {"Tty", options.tty}, {"Labels", map_of(options.labels)}};
  if (options.command) config.emplace_back("Cmd", list_of(*options.command));
  if (options.entrypoint) config.emplace_back("Entrypoint", list_of(*options.entrypoint));
  if (options.cwd) config.emplace_back("WorkingDir", *options.cwd);
  if (options.as_user) config.emplace_back("User", *options.as_user);
  if (options.hostname) config.emplace_back("Hostname", *options.hostname);
  ValueList env;
  for (const auto& [name, value] : options.env) env.emplace_back(name + "=" + net::reveal(value));
  if (!env.empty()) config.emplace_back("Env", std::move(env));
  ValueMap exposed;
  for (const auto& [port, at] : options.ports) exposed.emplace_back(port, ValueMap{});
  if (!exposed.empty()) config.emplace_back("ExposedPorts", std::move(exposed));
  config.emplace_back("HostConfig", host_config_of(options, version));
  if (options.ip) {
    if (!options.network) throw Error("usage.argument", "ip is given, but not the network it is in");
    const char* family = options.ip->find(':') == std::string::npos ? "IPv4Address" : "IPv6Address";
    const ValueMap endpoint = {{"IPAMConfig", ValueMap{{family, *options.ip}}}};
    config.emplace_back("NetworkingConfig", ValueMap{{"EndpointsConfig", ValueMap{{*options.network, endpoint}}}});
  }
  add_further(config, options.config, "config");
  return config;
}

}  // namespace

Awaitable<std::string> create_from(Call& call, std::shared_ptr<Connection> engine, Value body,
                                   std::optional<std::string> name) {
  std::string target = "/containers/create";
  if (name) target += "?name=" + net::percent_encoded(*name);
  std::optional<Error> failed;
  try {
    const auto answer = co_await engine->post(call, target, json_text(body));
    co_return parsed(engine->name(), [&] { return json::read<Created>(answer).id; });
  } catch (const Error& error) {
    failed = error;
  }
  const bool no_image = failed->code() == "docker.not_found" && failed->message().find("image") != std::string::npos;
  const Value* image = body.field("Image");
  const auto* image_name = image != nullptr ? image->get_if<std::string>() : nullptr;
  if (no_image && image_name != nullptr) failed = co_await image_not_found(call, engine, *image_name, *failed);
  throw *failed;
}

Awaitable<std::shared_ptr<Container>> create_container(Call& call, std::shared_ptr<Connection> engine,
                                                       CreateOptions options) {
  if (options.init) co_await engine->needs_version(call, kInitSince, "init");
  const int version = co_await engine->version(call);
  const auto id = co_await create_from(call, engine, Value(config_of(options, version)), options.name);
  call.note("container_id", id);
  if (options.name) co_return std::make_shared<Container>(engine, id, *options.name);
  // The engine made up a name. Where it does not tell which, the container is there all the same.
  std::shared_ptr<Container> made;
  try {
    made = co_await find_container(call, engine, id);
  } catch (const Error&) {
    made = std::make_shared<Container>(engine, id, short_id(id));
  }
  co_return made;
}

}  // namespace opshost::docker
