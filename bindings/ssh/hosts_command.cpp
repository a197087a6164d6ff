#include "bindings/ssh/hosts_command.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/ssh/client_config.hpp"
#include "bindings/ssh/library.hpp"
#include "bindings/ssh/local_files.hpp"
#include "host/base/error.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/lua/convert.hpp"

namespace opshost::ssh {

namespace {

constexpr const char* kInterrupted = "interrupted";

// What is not given is "".
constexpr const char* kScript = R"(
local ops, ssh = require "ops", require "ssh"
local function given(text) return text ~= "" and text or nil end
local inventory, limit, known_hosts, lines = ...
known_hosts = given(known_hosts)
local targets = {}
if given(inventory) then
  for i, host in ipairs(require("ops.inventory").load(inventory):hosts(given(limit))) do
    targets[i] = { host = host, known_hosts = known_hosts }
  end
end
for host, port, user in lines:gmatch("([^\n]*)\n([^\n]*)\n([^\n]*)\n") do
  targets[#targets + 1] = { host = host, port = tonumber(port), user = given(user), known_hosts = known_hosts }
end
local results = ops.each(targets, { parallel = 50, on_error = "collect" }, function(target)
  return ssh.host_keys(target)
end)
local scans = {}
for i, result in ipairs(results) do scans[i] = result.ok and result.value or { failed = result.error.message } end
return scans
)";

struct ScanOptions {
  bool store = false;
  std::optional<std::string> known_hosts;
  std::optional<std::string> file;
  std::optional<std::string> inventory;
  std::optional<std::string> limit;
};

/// Of "user@db1:2222" what the script takes: three lines.
void add_target(const std::string& text, std::string& lines) {
  const Error no_host("usage.argument", describe(Value(text)) + " is no host: give NAME or NAME:PORT");
  std::vector<JumpHop> hops;
  try {
    hops = jump_hops(text);
  } catch (const Error&) {  // of its port, in words for ssh_config
    throw Error(no_host);
  }
  if (hops.size() != 1) throw Error(no_host);
  const JumpHop& target = hops.front();
  ConnectOptions settings;
  settings.host = target.host;
  settings.port = target.port;
  settings.user = target.user;
  check_settings(settings);
  lines +=
      target.host + '\n' + (target.port ? std::to_string(*target.port) : "") + '\n' + target.user.value_or("") + '\n';
}

/// What stands in a line before "#", without blanks around it.
std::string without_comment(std::string_view line) {
  line = line.substr(0, line.find('#'));
  constexpr const char* kBlanks = " \t\r";
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return std::string(line.substr(begin, line.find_last_not_of(kBlanks) + 1 - begin));
}

void add_targets_of(const std::string& file, std::string& lines) {
  std::ifstream listed(file);
  if (!listed) throw Error("usage.argument", "--file " + file + " cannot be read: " + errno_text(errno));
  for (std::string line; std::getline(listed, line);) {
    if (const std::string word = without_comment(line); !word.empty()) add_target(word, lines);
  }
}

std::vector<std::string> script_words(const std::vector<std::string>& targets, const ScanOptions& options) {
  std::string lines;
  for (const std::string& target : targets) add_target(target, lines);
  if (options.file) add_targets_of(*options.file, lines);
  return {options.inventory.value_or(""), options.limit.value_or(""), options.known_hosts.value_or(""), lines};
}

/// `found`: one a host, what ssh.host_keys returned or why it failed.
Outcome run_scans(const std::vector<std::string>& targets, const ScanOptions& options, const cli::Modules& modules,
                  Value& found) {
  const auto words = script_words(targets, options);
  const auto runtime = cli::open_session(cli::SessionOptions(), modules);
  const auto take = [&found](lua_State* state, int results) {
    if (results > 0) found = lua::value_from_lua(state, lua_gettop(state) - results + 1);
  };
  Outcome outcome = runtime->run_text(kScript, "=hosts", words, take);
  if (outcome.error.code() == kInterrupted) cli::report(outcome, cli::SessionOptions(), *runtime);
  return outcome;
}

std::vector<Value> items(const Value& scan, std::string_view name) {
  const Value* field = scan.field(name);
  const auto* list = field == nullptr ? nullptr : field->get_if<ValueList>();
  return list == nullptr ? std::vector<Value>() : *list;
}

/// Where known_hosts has only keys that we cannot ask the host for.
void tell_unchecked(const Value& scan) {
  std::string types;
  for (const Value& type : items(scan, "unchecked")) {
    if (const auto* text = type.get_if<std::string>()) types += (types.empty() ? "" : ", ") + *text;
  }
  if (types.empty()) return;
  std::string why = " cannot check";
  if (types == "ssh-rsa" && !has_rsa_sha2()) why += " (RSA keys only in the old way, SHA-1)";
  (void)std::fprintf(stderr,
                     "%s: known_hosts has its key of type %s only, which %s%s: the keys above were compared with "
                     "nothing\n",
                     text_field(scan, "known_as").c_str(), types.c_str(), library_name().c_str(), why.c_str());
}

struct Totals {
  std::size_t fresh = 0;
  bool changed = false;
  bool failed = false;
};

void tell_key(const Value& scan, const Value& key, bool store, Totals& totals) {
  const std::string status = text_field(key, "status");
  const bool changed = status == "changed";
  (void)std::printf("%s  %s  %s  %s\n", text_field(scan, "known_as").c_str(), text_field(key, "type").c_str(),
                    text_field(key, "fingerprint").c_str(), changed ? "CHANGED" : status.c_str());
  totals.changed = totals.changed || changed;
  if (status != "new") return;
  ++totals.fresh;
  if (store) LocalFiles::add_known_host(text_field(scan, "known_hosts"), text_field(key, "line") + "\n");
}

void tell_host(const Value& scan, bool store, Totals& totals) {
  if (const std::string failed = text_field(scan, "failed"); !failed.empty()) {
    (void)std::fprintf(stderr, "%s\n", failed.c_str());
    totals.failed = true;
  }
  for (const Value& key : items(scan, "keys")) tell_key(scan, key, store, totals);
  // Behind what it is about, also where both go to one file.
  (void)std::fflush(stdout);
  tell_unchecked(scan);
}

/// Tells what was found; returns the exit code.
int report(const ValueList& scans, bool store) {
  Totals totals;
  for (const Value& scan : scans) tell_host(scan, store, totals);
  if (totals.fresh > 0 && !store) {
    (void)std::fprintf(stderr,
                       "Compare the new ones with what the hosts' consoles show (ssh-keygen -lf "
                       "/etc/ssh/ssh_host_*_key.pub), then run it again with --store.\n");
  }
  if (totals.fresh > 0 && store) (void)std::fprintf(stderr, "Stored: %zu new.\n", totals.fresh);
  if (totals.changed) {
    (void)std::fprintf(stderr,
                       "CHANGED: known_hosts has other keys of that host. None of these is stored: ask who runs it, "
                       "and delete its old lines yourself if it was reinstalled.\n");
    return static_cast<int>(ExitCode::refused);
  }
  return totals.failed ? static_cast<int>(ExitCode::unreachable) : 0;
}

int scan(const std::vector<std::string>& targets, const ScanOptions& options, const cli::Modules& modules) {
  Value found;
  const Outcome outcome = run_scans(targets, options, modules, found);
  if (outcome.error.code() == kInterrupted) return outcome.exit_code;
  if (!outcome.returned) throw Error(outcome.error);
  const auto* scans = found.get_if<ValueList>();
  if (scans == nullptr || scans->empty()) {
    throw Error("usage.argument", "no host: opshost hosts scan HOST..., --inventory FILE or --file FILE");
  }
  return report(*scans, options.store);
}

}  // namespace

cli::Command hosts_command(const cli::Modules& modules) {
  const auto options = std::make_shared<ScanOptions>();
  cli::Command command{.name = "hosts",
                       .summary = "show the SSH host keys of machines, and store those that are new: hosts scan",
                       .arguments = "scan HOST[:PORT]...",
                       .required_arguments = 1};
  command.options = {
      {"--store", "", "add new keys to known_hosts; a changed one is never stored",
       [options](const std::string&) { options->store = true; }},
      {"--known-hosts", "FILE", "instead of ~/.ssh/known_hosts, also for the hosts on the way",
       [options](const std::string& file) { options->known_hosts = file; }},
      {"--inventory", "FILE", "the hosts of an inventory",
       [options](const std::string& file) { options->inventory = file; }},
      {"--limit", "HOSTS", "which of the inventory: 'db*,!db3,@group'",
       [options](const std::string& limit) { options->limit = limit; }},
      {"--file", "FILE", "more hosts, one a line; # begins a comment",
       [options](const std::string& file) { options->file = file; }},
  };
  command.run = [options, modules](const std::vector<std::string>& arguments) {
    if (arguments.front() != "scan") {
      throw Error("usage.argument", describe(Value(arguments.front())) + " is nothing that hosts does: hosts scan");
    }
    if (options->limit && !options->inventory) {
      throw Error("usage.option", "--limit selects from an inventory; name it with --inventory FILE");
    }
    return scan({arguments.begin() + 1, arguments.end()}, *options, modules);
  };
  return command;
}

}  // namespace opshost::ssh
