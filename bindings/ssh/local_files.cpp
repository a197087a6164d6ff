#include "bindings/ssh/local_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "bindings/ssh/agent.hpp"
#include "bindings/ssh/errors.hpp"
#include "bindings/ssh/key_error.hpp"
#include "host/base/account.hpp"
#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"
#include "host/base/write_all.hpp"

namespace opshost::ssh {

namespace {

constexpr const char* kSystemConfig = "/etc/ssh/ssh_config";
constexpr const char* kSystemKnownHosts = "/etc/ssh/ssh_known_hosts";

Account own_account() {
  auto account = find_account_with_id(geteuid()).value_or(Account{});
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') account.home = home;
  if (account.name.empty()) {
    const char* user = std::getenv("USER");
    account.name = user == nullptr ? "root" : user;
  }
  return account;
}

/// nullopt: cannot be read, errno says why. What may keep its reader waiting (a FIFO, a socket) is not read.
std::optional<std::string> read_text(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return std::nullopt;
  struct stat info{};
  if (fstat(file.get(), &info) != 0) return std::nullopt;
  const bool is_null = S_ISCHR(info.st_mode) && path == "/dev/null";
  if (!S_ISREG(info.st_mode) && !is_null) {
    errno = S_ISDIR(info.st_mode) ? EISDIR : ENODEV;
    return std::nullopt;
  }
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto size = read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

/// After read_text.
// NOLINTNEXTLINE(clang-analyzer-unix.Errno): it is what read_text left there
std::string why_unread() { return errno == ENODEV ? std::string("it is no regular file") : errno_text(errno); }

std::string with_home(const std::string& path, const std::string& home) {
  return path == "~" || path.starts_with("~/") ? home + path.substr(1) : path;
}

Error of_file(const std::string& file, const Error& error) {
  return Error(error.code(), "key " + file + ": " + error.message()).with(error.detail());
}

Error of_host(const std::string& name, const Error& error) {
  return Error(error.code(), name + ": " + stage_name(Stage::config) + ": " + error.message())
      .on(name)
      .with(error.detail());
}

/// Others could have read it. As OpenSSH, only for what is ours.
void check_private(const std::string& file, const struct stat& info) {
  if ((info.st_mode & 077U) == 0 || info.st_uid != geteuid()) return;
  std::array<char, 8> mode{};
  (void)snprintf(mode.data(), mode.size(), "%04o", info.st_mode & 07777U);
  throw key_error("open_to_others", "others may read it (mode " + std::string(mode.data()) +
                                        "), so it is no secret any more: chmod 600 " + file + ", or make a new key");
}

std::optional<std::string> opened(const Secret& secret) {
  return secret.empty() ? std::nullopt : std::optional(secret.reveal());
}

/// Where it is, who logs in, and how long that may take.
void set_place(Plan& plan, const ConnectOptions& options, const ClientConfig& config) {
  plan.asked = options.host;
  plan.own_known_hosts = options.known_hosts.has_value();
  plan.host = config.host_name.value_or(options.host);
  plan.port = options.port.value_or(config.port.value_or(22));
  plan.user = options.user.value_or(config.user.value_or(own_account().name));
  plan.known_as = config.host_key_alias.value_or(known_name(plan.host, plan.port));
  const Duration configured = config.connect_timeout.value_or(Duration::zero());
  plan.connect_timeout = options.connect_timeout.value_or(configured > Duration::zero() ? configured : kConnectTimeout);
  plan.keepalive = options.keepalive.value_or(config.alive_every.value_or(kKeepalive));
}

/// IdentityAgent, or the one that opshost was started with.
std::string configured_agent(const ClientConfig& config) {
  const std::string named = config.identity_agent.value_or("SSH_AUTH_SOCK");
  if (named == "none") return {};
  if (named == "SSH_AUTH_SOCK") return default_agent_path();
  if (!named.starts_with('$')) return named;
  const char* path = std::getenv(named.substr(1).c_str());
  return path == nullptr ? std::string() : std::string(path);
}

/// What opshost would do otherwise is to dial the host itself, which may be another one under that address.
void refuse_proxy_command(const ConnectOptions& options, const ClientConfig& config) {
  if (options.via || config.proxy_command.value_or("").empty()) return;
  throw Error("ssh.config", "ssh_config reaches it by a program, ProxyCommand " +
                                describe(Value(*config.proxy_command), 200) +
                                ", which opshost does not run: give `via`, or ProxyJump there, or `ProxyCommand none`");
}

std::string agent_of(const ConnectOptions& options, const ClientConfig& config) {
  if (!options.agent) {
    const bool other_way = options.key || !options.password.empty() || config.identities_only;
    return other_way ? std::string() : configured_agent(config);
  }
  if (const auto* path = std::get_if<std::string>(&*options.agent)) return with_home(*path, own_account().home);
  if (!std::get<bool>(*options.agent)) return {};
  std::string path = default_agent_path();
  if (path.empty()) {
    throw Error("ssh.agent", "agent = true, but SSH_AUTH_SOCK is not set: start ssh-agent, or log in with ssh -A");
  }
  return path;
}

}  // namespace

std::string Plan::name() const { return user + "@" + host + (port == 22 ? std::string() : ":" + std::to_string(port)); }

ClientConfig LocalFiles::read_config(const std::string& host) {
  const std::string home = own_account().home;
  ClientConfigReader reader(host, home, [](const std::string& path) { return read_text(path); });
  reader.add_file(home + "/.ssh/config");
  reader.add_file(kSystemConfig);
  return reader.take();
}

std::shared_ptr<const KnownHosts> LocalFiles::known_hosts(const std::string& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) return nullptr;
  const Stamp stamp{info.st_dev, info.st_ino, info.st_size, info.st_mtim};
  {
    const std::lock_guard lock(mutex_);
    const auto kept = hosts_.find(file);
    if (kept != hosts_.end() && kept->second.stamp == stamp) return kept->second.hosts;
  }
  const auto text = read_text(file);
  if (!text) throw Error("ssh.known_hosts", "known hosts " + file + " cannot be read: " + why_unread());
  auto hosts = std::make_shared<const KnownHosts>(KnownHosts::parse(*text, file));
  const std::lock_guard lock(mutex_);
  hosts_[file] = {stamp, hosts};
  return hosts;
}

std::shared_ptr<const PrivateKey> LocalFiles::private_key(const std::string& file,
                                                          const std::optional<std::string>& passphrase) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) throw key_error("unreadable", "it cannot be read: " + errno_text(errno));
  const Stamp stamp{info.st_dev, info.st_ino, info.st_size, info.st_mtim};
  {
    const std::lock_guard lock(mutex_);
    const auto kept = keys_.find(file);
    if (kept != keys_.end() && kept->second.stamp == stamp && kept->second.passphrase == passphrase.value_or("")) {
      if (kept->second.unusable) throw Error(*kept->second.unusable);
      return kept->second.key;
    }
  }
  check_private(file, info);
  const auto text = read_text(file);
  if (!text) throw key_error("unreadable", "it cannot be read: " + why_unread());
  KeptKey read{.stamp = stamp, .passphrase = passphrase.value_or(""), .key = nullptr, .unusable = {}};
  try {
    read.key = PrivateKey::parse(*text, passphrase);
  } catch (const Error& error) {
    read.unusable = error;
  }
  const std::lock_guard lock(mutex_);
  keys_[file] = read;
  if (read.unusable) throw Error(*read.unusable);
  return read.key;
}

void LocalFiles::add_identities(Plan& plan, const ConnectOptions& options, const ClientConfig& config) {
  const std::string home = own_account().home;
  const auto passphrase = opened(options.passphrase);
  if (options.key) {
    const std::string file = with_home(*options.key, home);
    try {
      plan.identities.push_back({file, private_key(file, passphrase)});
    } catch (const Error& error) {
      throw of_file(file, error);
    }
    return;
  }
  const bool from_config = !config.identity_files.empty();
  if (!from_config && !options.password.empty()) return;
  std::vector<std::string> files = config.identity_files;
  if (!from_config) {
    for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) files.push_back(home + "/.ssh/" + name);
  }
  for (const std::string& file : files) {
    if (access(file.c_str(), F_OK) != 0) continue;
    try {
      plan.identities.push_back({file, private_key(file, passphrase)});
    } catch (const Error& error) {
      plan.unusable_keys.push_back(file + ": " + error.message());
    }
  }
}

void LocalFiles::add_known_keys(Plan& plan, const ConnectOptions& options, const ClientConfig& config) {
  const std::string home = own_account().home;
  plan.known_hosts_files = config.known_hosts_files;
  if (plan.known_hosts_files.empty()) plan.known_hosts_files = {home + "/.ssh/known_hosts"};
  plan.known_hosts_files.emplace_back(kSystemKnownHosts);
  if (options.known_hosts) plan.known_hosts_files = {with_home(*options.known_hosts, home)};
  for (const std::string& file : plan.known_hosts_files) {
    const auto hosts = known_hosts(file);
    if (hosts == nullptr) continue;
    for (KnownKey& key : hosts->keys_of(plan.known_as)) plan.known_keys.push_back(std::move(key));
  }
}

Plan LocalFiles::plan_for(const ConnectOptions& options) {
  Plan plan;
  std::string name = asked_name(options);
  try {
    const ClientConfig config = read_config(options.host);
    set_place(plan, options, config);
    name = plan.name();
    refuse_proxy_command(options, config);
    if (!options.via && config.proxy_jump) plan.jumps = jump_hops(*config.proxy_jump);
    add_known_keys(plan, options, config);
    plan.agent = agent_of(options, config);
    add_identities(plan, options, config);
  } catch (const Error& error) {
    throw of_host(name, error);
  }
  return plan;
}

void LocalFiles::add_known_host(const std::string& file, const std::string& line) {
  const auto failed = [&](const char* what) {
    return Error("ssh.known_hosts", "known hosts " + file + " " + what + ": " + errno_text(errno)).on(file);
  };
  const std::size_t slash = file.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string() : file.substr(0, slash);
  if (!folder.empty() && mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw failed("has no folder");
  const Descriptor out(open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!out) throw failed("cannot be written");
  // A last line without an end would swallow the new one.
  std::string text = line;
  char last = '\n';
  const off_t size = lseek(out.get(), 0, SEEK_END);
  if (size > 0 && pread(out.get(), &last, 1, size - 1) == 1 && last != '\n') text.insert(0, "\n");
  errno = write_all(out.get(), text);
  if (errno != 0) throw failed("cannot be written");
}

}  // namespace opshost::ssh
