#include "bindings/ssh/hosts_command.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "bindings/net/background_call.hpp"
#include "bindings/ssh/inventory_targets.hpp"
#include "bindings/ssh/known_hosts.hpp"
#include "bindings/ssh/library.hpp"
#include "bindings/ssh/scan.hpp"
#include "host/base/error.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/fiber/blocking.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kAtOnce = 50;

struct ScanOptions {
  bool store = false;
  std::optional<std::string> known_hosts;
  std::optional<std::string> file;
  std::optional<std::string> inventory;
  std::optional<std::string> limit;
};

struct Scan {
  explicit Scan(ConnectOptions wanted) : target(std::move(wanted)) {}

  ConnectOptions target;
  Plan plan;
  HostScan found;
  std::optional<Error> failed;
};

/// "user@db1:2222"
ConnectOptions target_of(const std::string& text, const ScanOptions& options) {
  const auto hops = jump_hops(text);
  if (hops.size() != 1) throw Error("usage.argument", describe(Value(text)) + " is no host: give NAME or NAME:PORT");
  ConnectOptions target;
  target.host = hops.front().host;
  target.port = hops.front().port;
  target.user = hops.front().user;
  target.agent = false;
  target.known_hosts = options.known_hosts;
  check_settings(target);
  return target;
}

Scan scan_of(const InventoryTarget& listed, const ScanOptions& options) {
  ConnectOptions target;
  target.host = listed.address;
  target.port = listed.port;
  target.agent = false;
  target.known_hosts = options.known_hosts ? options.known_hosts : listed.known_hosts;
  Scan scan(target);
  if (listed.via) {
    scan.failed = Error("ssh.unreachable", listed.name + ": it is reached through " + *listed.via +
                                               ", and a scan connects directly: run it there");
  }
  return scan;
}

/// What stands in a line before "#", without blanks around it.
std::string without_comment(std::string_view line) {
  line = line.substr(0, line.find('#'));
  constexpr const char* kBlanks = " \t\r";
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return std::string(line.substr(begin, line.find_last_not_of(kBlanks) + 1 - begin));
}

std::vector<Scan> read_targets(const std::vector<std::string>& arguments, const ScanOptions& options,
                               const cli::Modules& modules) {
  std::vector<Scan> scans;
  if (options.inventory) {
    for (const InventoryTarget& listed : inventory_targets(modules, *options.inventory, options.limit)) {
      scans.push_back(scan_of(listed, options));
    }
  }
  for (const std::string& word : arguments) scans.emplace_back(target_of(word, options));
  if (options.file) {
    std::ifstream lines(*options.file);
    if (!lines) throw Error("usage.argument", "--file " + *options.file + " cannot be read: " + errno_text(errno));
    for (std::string line; std::getline(lines, line);) {
      if (const std::string word = without_comment(line); !word.empty()) scans.emplace_back(target_of(word, options));
    }
  }
  if (scans.empty())
    throw Error("usage.argument", "no host: opshost hosts scan HOST..., --inventory FILE or --file FILE");
  return scans;
}

void refuse_jumps(const Scan& scan) {
  if (scan.plan.jumps.empty()) return;
  throw Error("ssh.unreachable", scan.target.host + ": ssh_config reaches it through " + scan.plan.jumps.back().host +
                                     " (ProxyJump), and a scan connects directly: run it there");
}

Awaitable<void> scan_some(asio::any_io_executor executor, BlockingThreads& threads, LocalFiles& files,
                          std::vector<Scan>& scans, std::size_t& next) {
  while (next < scans.size()) {
    Scan& scan = scans[next++];
    if (scan.failed) continue;
    const auto call = std::make_shared<net::BackgroundCall>(executor, threads);
    try {
      auto plan = [&files, target = scan.target] { return files.plan_for(target); };
      scan.plan = co_await call->blocking().run_file_work(*call, std::move(plan));
      refuse_jumps(scan);
      call->stop_after(scan.plan.connect_timeout, call);
      scan.found = co_await scan_host(*call, scan.plan);
    } catch (const Error& error) {
      scan.failed = error;
    }
  }
}

void run_scans(std::vector<Scan>& scans) {
  BlockingThreads threads;
  asio::io_context io{1};
  LocalFiles files;
  std::size_t next = 0;
  for (std::size_t i = 0; i < std::min(kAtOnce, scans.size()); ++i) {
    asio::co_spawn(io, scan_some(io.get_executor(), threads, files, scans, next), asio::detached);
  }
  io.run();
}

const char* status_text(KeyStatus status) {
  switch (status) {
    case KeyStatus::known:
      return "known";
    case KeyStatus::unknown:
      return "new";
    case KeyStatus::changed:
      return "CHANGED";
  }
  return "";
}

/// Where known_hosts has only keys that we cannot ask the host for.
void tell_unchecked(const Scan& scan) {
  if (scan.found.unchecked.empty()) return;
  std::string types;
  for (const std::string& type : scan.found.unchecked) types += (types.empty() ? "" : ", ") + type;
  std::string why = " cannot check";
  if (types == "ssh-rsa" && !has_rsa_sha2()) why += " (RSA keys only in the old way, SHA-1)";
  (void)std::fprintf(stderr,
                     "%s: known_hosts has its key of type %s only, which %s%s: the keys above were compared with "
                     "nothing\n",
                     scan.plan.known_as.c_str(), types.c_str(), library_name().c_str(), why.c_str());
}

/// Tells what was found; returns the exit code.
int report(const std::vector<Scan>& scans, const ScanOptions& options) {
  std::size_t fresh = 0;
  int code = 0;
  for (const Scan& scan : scans) {
    if (scan.failed) {
      (void)std::fprintf(stderr, "%s\n", scan.failed->message().c_str());
      if (code == 0) code = static_cast<int>(ExitCode::unreachable);
    }
    for (const ScannedKey& scanned : scan.found.keys) {
      (void)std::printf("%s  %s  %s  %s\n", scanned.known_as.c_str(), scanned.key.type.c_str(),
                        scanned.key.fingerprint.c_str(), status_text(scanned.status));
      if (scanned.status == KeyStatus::changed) code = static_cast<int>(ExitCode::refused);
      if (scanned.status != KeyStatus::unknown) continue;
      ++fresh;
      if (!options.store) continue;
      LocalFiles::add_known_host(scan.plan.known_hosts_files.front(), known_line(scanned.known_as, scanned.key.key));
    }
    // Behind what it is about, also where both go to one file.
    (void)std::fflush(stdout);
    tell_unchecked(scan);
  }
  if (fresh > 0 && !options.store) {
    (void)std::fprintf(stderr,
                       "Compare the new ones with what the hosts' consoles show (ssh-keygen -lf "
                       "/etc/ssh/ssh_host_*_key.pub), then run it again with --store.\n");
  }
  if (code == static_cast<int>(ExitCode::refused)) {
    (void)std::fprintf(stderr,
                       "CHANGED: known_hosts has other keys of that host. None of these is stored: ask who runs it, "
                       "and delete its old lines yourself if it was reinstalled.\n");
  }
  return code;
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
      {"--known-hosts", "FILE", "instead of ~/.ssh/known_hosts",
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
    auto scans = read_targets({arguments.begin() + 1, arguments.end()}, *options, modules);
    run_scans(scans);
    return report(scans, *options);
  };
  return command;
}

}  // namespace opshost::ssh
