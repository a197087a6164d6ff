// Documents beside lua-cjson, and an inventory of 10,000 hosts.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "bindings/data/inventory/module.hpp"
#include "bindings/data/module.hpp"
#include "host/lua/ops_module.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/script.hpp"

namespace opshost::bench {

namespace {

constexpr int kRepeats = 9;
constexpr std::size_t kMegabyte = 1'000'000;

/// A list of what an engine says of its containers, 5 MB.
std::string containers() {
  std::string json = "[";
  for (int i = 0; json.size() < 5 * kMegabyte; ++i) {
    const std::string n = std::to_string(i);
    if (i > 0) json += ',';
    json += R"({"Id":"0123456789abcdef0123456789abcdef)" + n +
            R"(","Created":"2024-01-31T10:00:00.123456789Z","Path":"/bin/sh",)";
    json += R"("Args":["-c","while true; do sleep )" + n + R"(; done"],"RestartCount":)" + n +
            R"(,"State":{"Status":"running",)";
    json += R"("Running":true,"Paused":false,"OOMKilled":false,"Pid":)" + n +
            R"(,"ExitCode":0,"Error":"","StartedAt":"2024-01-31T10:00:01Z"},)";
    json += R"("Name":"/web-)" + n + R"(","HostConfig":{"Binds":["/data/)" + n +
            R"(:/data:rw"],"Memory":1073741824,"CpuShares":512,)";
    json +=
        R"("RestartPolicy":{"Name":"always","MaximumRetryCount":0},"Ulimits":[{"Name":"nofile","Hard":65536,"Soft":65536}]},)";
    json += R"("Config":{"Env":["PATH=/usr/local/bin:/usr/bin:/bin","LANG=C.UTF-8"],"Labels":{"com.example.task":")" +
            n + R"(","com.example.note":"a \"quoted\" text\nof two lines"},"Image":"registry.example.com/web:1.2.)" +
            n + R"("},)";
    json +=
        R"("NetworkSettings":{"Networks":{"front":{"IPAddress":"10.0.0.1","Gateway":"10.0.0.254","IPPrefixLen":24}}}})";
  }
  return json + "]";
}

std::string site() {
  std::string yaml = "all:\n  vars: {user: admin, key: /etc/key}\n  children:\n";
  for (int group = 0; group < 100; ++group) {
    yaml +=
        "    group" + std::to_string(group) + ":\n      vars: {rack: " + std::to_string(group) + "}\n      hosts:\n";
    for (int host = 0; host < 100; ++host) {
      const std::string name = std::to_string(group) + "-" + std::to_string(host);
      yaml += "        host-" + name + ":\n          address: 10.0." + std::to_string(group) + "." +
              std::to_string(host) + "\n          slot: " + std::to_string(host) + "\n";
    }
  }
  return yaml;
}

std::string document() {
  static const std::string text = containers();
  return text;
}
std::string inventory() {
  static const std::string text = site();
  return text;
}

void declare(lua::Module& module) {
  module.observe("document", document, {}, "A JSON document of 5 MB");
  module.observe("inventory", inventory, {}, "An inventory of 10,000 hosts");
}

constexpr const char* kRead = R"(
local from_json, text = require("data").from_json, require("bench").document()
for _ = 1, tonumber(...) do from_json(text) end)";
constexpr const char* kWrite = R"(
local data = require "data"
if not natives.document then natives.document = data.from_json(require("bench").document()) end
for _ = 1, tonumber(...) do data.to_json(natives.document) end)";
constexpr const char* kInventory = R"(
local parse, text = require("ops.inventory").parse, require("bench").inventory()
for _ = 1, tonumber(...) do
  local site = parse(text)
  local chosen = site:hosts("host-*,!host-3-*,!@group7")
  if #chosen ~= 9800 then error("chosen " .. #chosen) end
end)";

/// lua-cjson in a plain LuaJIT of its own.
class Cjson {
 public:
  Cjson() : state_(luaL_newstate(), lua_close) {
    luaL_openlibs(state_.get());
    run("cjson = require 'cjson'");
    const std::string text = document();
    lua_pushlstring(state_.get(), text.data(), text.size());
    lua_setglobal(state_.get(), "text");
    run("document = cjson.decode(text)");
  }

  double ns(const std::string& lua, std::size_t count) {
    const double before = thread_cpu();
    run("for _ = 1, " + std::to_string(count) + " do " + lua + " end");
    return (thread_cpu() - before) * 1e9 / static_cast<double>(count);
  }

 private:
  void run(const std::string& lua) {
    if (luaL_dostring(state_.get(), lua.c_str()) == 0) return;
    std::fprintf(stderr, "bench: %s\n", lua_tostring(state_.get(), -1));
    std::exit(2);
  }

  std::unique_ptr<lua_State, void (*)(lua_State*)> state_;
};

double milliseconds(double ns) { return ns / 1e6; }

}  // namespace

int run() {
  Report report("documents");
  Script script(declare, {{"ops", "ops", lua::declare_ops},
                          {"data", "data", data::declare},
                          {"ops.inventory", "inventory", data::inventory::declare}});
  Cjson cjson;
  const auto least = least_of(kRepeats, {
                                            [&] { return script.thread_ns(kRead, 3); },
                                            [&] { return cjson.ns("cjson.decode(text)", 3); },
                                            [&] { return script.thread_ns(kWrite, 3); },
                                            [&] { return cjson.ns("cjson.encode(document)", 3); },
                                            [&] { return script.thread_ns(kInventory, 1); },
                                        });
  report.add({.name = "5 MB of JSON to tables",
              .value = milliseconds(least[0]),
              .target = milliseconds(least[1]),
              .unit = "ms",
              .beside = Alternative{"lua-cjson", milliseconds(least[1])}});
  report.add({.name = "tables to 5 MB of JSON",
              .value = milliseconds(least[2]),
              .target = 1.2 * milliseconds(least[3]),
              .unit = "ms",
              .beside = Alternative{"lua-cjson", milliseconds(least[3])}});
  report.add({.name = "an inventory of 10,000 hosts: parse, select 9,800",
              .value = milliseconds(least[4]),
              .target = 100,
              .unit = "ms"});
  return report.exit_code();
}

}  // namespace opshost::bench

int main() { return opshost::bench::run(); }
