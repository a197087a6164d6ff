#include <utility>

#include "bindings/net/connect.hpp"
#include "bindings/net/failure.hpp"
#include "bindings/ssh/library.hpp"
#include "bindings/ssh/opening.hpp"
#include "bindings/ssh/wire.hpp"
#include "host/base/output_text.hpp"
#include "host/fiber/blocking.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kShownBanner = 120;

ConnectionFailure record_of(const Progress& progress) {
  return {.host = progress.plan.host,
          .port = progress.plan.port,
          .user = progress.plan.user,
          .stage = progress.stage,
          .fingerprint = {},
          .key_type = {},
          .key = {}};
}

std::vector<std::string> known_types(const Plan& plan) {
  std::vector<std::string> types;
  for (const KnownKey& key : plan.known_keys) {
    if (!key.revoked) types.push_back(key.type);
  }
  return types;
}

Awaitable<std::shared_ptr<Transport>> connect(Call& call, const std::shared_ptr<net::Route>& route, const Plan& plan) {
  // The socket itself, not a stream over it: libssh2's reads and writes are then the kernel's.
  if (route == net::direct_route()) {
    auto socket = co_await net::connect_tcp(call, plan.host, plan.port, plan.connect_timeout);
    co_return make_socket_transport(call.executor(), Descriptor(socket.release()));
  }
  auto stream = co_await route->open_tcp(call, plan.host, plan.port, plan.connect_timeout);
  co_return make_stream_transport(std::move(stream));
}

/// Of what a server says: who it is.
std::string first_line(const std::string& heard) {
  return one_line(heard.substr(0, heard.find_first_of("\r\n")), kShownBanner);
}

Error turned_away(const Progress& progress) {
  return progress
      .failure("ssh.unreachable",
               "it closed the connection before it said who it is: too many may be logging in at once "
               "(MaxStartups), or it takes no connections from here")
      .retryable();
}

Error handshake_error(const Progress& progress, const Session& session, long answer) {
  const std::string heard(session.first_bytes());
  if (heard.empty()) return turned_away(progress);
  if (!heard.starts_with("SSH-")) {
    const std::string said = "it answers \"" + one_line(heard, kShownBanner) + "\"";
    if (heard.starts_with("Exceeded MaxStartups")) {
      return progress
          .failure("ssh.unreachable", said +
                                          ": too many are logging in at once; try again, with a smaller "
                                          "`parallel` or a larger MaxStartups there")
          .retryable();
    }
    return progress.failure("ssh.protocol", said + ", which is no SSH server: correct host and port");
  }
  if (session.was_cut()) {
    return progress
        .failure("ssh.unreachable", "the connection with " + first_line(heard) + " was cut: " + session.why_lost())
        .retryable();
  }
  const auto types = known_types(progress.plan);
  const bool no_common = answer == LIBSSH2_ERROR_KEX_FAILURE || answer == LIBSSH2_ERROR_METHOD_NOT_SUPPORTED;
  if (no_common && !types.empty()) {
    std::string list;
    for (const std::string& type : types) list += (list.empty() ? "" : ", ") + type;
    std::string message = "known_hosts has its key of type " + list + ", and it does not show that one to us";
    if (!has_rsa_sha2() && list.find("ssh-rsa") != std::string::npos) {
      message += " (" + library_name() + " checks RSA keys only in the old way, SHA-1)";
    }
    return progress.failure("ssh.protocol", message + "; let `opshost hosts scan` add its other keys");
  }
  std::string message = "no agreement with " + first_line(heard) + ": " + session.failure();
  if (no_common && !has_rsa_sha2()) {
    message += "; if it shows an RSA key only, it has to get an ed25519 or ecdsa key: " + library_name() +
               " checks RSA keys only in the old way, SHA-1";
  }
  return progress.failure("ssh.protocol", message);
}

Error host_key_error(const Progress& progress, const HostKey& shown, const char* code, const std::string& message) {
  ConnectionFailure record = record_of(progress);
  record.fingerprint = shown.fingerprint;
  record.key_type = shown.type;
  record.key = base64(shown.key);
  Error error = progress.failure(code, message);
  error.set_detail(value_of(record));
  return error;
}

std::string shown_key(const HostKey& key) { return key.type + " " + key.fingerprint; }

/// What known_hosts says of the key that was shown. `any_type`: one of a type that it has none of will do.
void check_against_known(const Progress& progress, const HostKey& shown, bool any_type) {
  const Plan& plan = progress.plan;
  const KnownKey* other = nullptr;
  bool known = false;
  for (const KnownKey& key : plan.known_keys) {
    const bool same = key.key == shown.key;
    if (key.revoked && same) {
      throw host_key_error(progress, shown, "ssh.host_key_changed",
                           "it shows the key " + shown_key(shown) + ", which " + key.file + ":" +
                               std::to_string(key.line) + " marks as revoked: do not connect; find out who answers");
    }
    known = known || (!key.revoked && same);
    if (!key.revoked && !same && key.type == shown.type) other = &key;
  }
  if (known) return;
  if (other == nullptr && (any_type || known_types(plan).empty())) return;
  const std::string had = other == nullptr ? "other keys of it" : other->type + " " + fingerprint(other->key);
  const std::string where =
      other == nullptr ? plan.known_hosts_files.front() : other->file + ":" + std::to_string(other->line);
  throw host_key_error(progress, shown, "ssh.host_key_changed",
                       "its host key changed: it shows " + shown_key(shown) + ", " + where + " has " + had +
                           ": someone may listen in. Ask who runs it; if it was reinstalled, delete that line");
}

/// What `opshost hosts scan` has to be given to see the same host.
std::string scan_words(const Plan& plan) {
  const std::string file = plan.own_known_hosts ? " --known-hosts " + plan.known_hosts_files.front() : std::string();
  return known_name(plan.asked, plan.port) + file;
}

[[noreturn]] void throw_unknown(const Progress& progress, const HostKey& shown) {
  throw host_key_error(progress, shown, "ssh.host_key_unknown",
                       "its host key is unknown: " + shown_key(shown) + " is not in " +
                           progress.plan.known_hosts_files.front() +
                           ". Compare it with what the host's console shows (ssh-keygen -lf "
                           "/etc/ssh/ssh_host_*_key.pub), then store it: opshost hosts scan " +
                           scan_words(progress.plan) + " --store, or host_key = \"accept-new\" for this connection");
}

Awaitable<void> check_host_key(Call& call, const ConnectOptions& options, const Session& session,
                               const Progress& progress) {
  const HostKey shown = host_key_of(session);
  const bool pinned = options.host_key.starts_with("SHA256:");
  check_against_known(progress, shown, pinned);
  if (pinned) {
    if (shown.fingerprint == options.host_key) co_return;
    throw host_key_error(progress, shown, "ssh.host_key_changed",
                         "it shows the key " + shown_key(shown) + ", and host_key asks for " + options.host_key +
                             ": do not connect; find out who answers");
  }
  if (!known_types(progress.plan).empty()) co_return;
  if (options.host_key != kAcceptNew) throw_unknown(progress, shown);
  auto store = [file = progress.plan.known_hosts_files.front(), line = known_line(progress.plan.known_as, shown.key)] {
    LocalFiles::add_known_host(file, line);
  };
  std::optional<Error> failed;
  try {
    co_await call.blocking().run_file_work(call, std::move(store));
  } catch (const Error& error) {
    if (error.code() != "ssh.known_hosts") throw;
    failed = Error(error.code(), progress.name() + ": " + stage_name(progress.stage) + ": " + error.message())
                 .on(progress.name());
  }
  if (failed) throw Error(*failed);
}

}  // namespace

Error Progress::failure(const std::string& code, const std::string& message) const {
  return Error(code, name() + ": " + stage_name(stage) + ": " + message).on(name()).with(value_of(record_of(*this)));
}

HostKey host_key_of(const Session& session) {
  std::size_t size = 0;
  int type = 0;
  const char* key = libssh2_session_hostkey(session.raw(), &size, &type);
  HostKey shown;
  if (key != nullptr) shown.key.assign(key, size);
  shown.type = key_type(shown.key);
  shown.fingerprint = fingerprint(shown.key);
  return shown;
}

Awaitable<std::shared_ptr<Session>> exchange_keys(Call& call, std::shared_ptr<net::Route> route, Progress& progress,
                                                  std::string preference) {
  progress.stage = Stage::connect;
  std::shared_ptr<Transport> transport;
  std::optional<Error> unreachable;
  try {
    transport = co_await connect(call, route, progress.plan);
  } catch (const net::Failure& failure) {
    if (failure.obstacle() == net::Obstacle::cut && route == net::direct_route()) {
      // It took the connection and reset it before we looked.
      progress.stage = Stage::key_exchange;
      unreachable = turned_away(progress);
    } else {
      unreachable = progress.failure("ssh.unreachable", failure.message()).retryable();
    }
  }
  if (unreachable) throw Error(*unreachable);

  progress.stage = Stage::key_exchange;
  auto session = std::make_shared<Session>(call.executor(), std::move(transport));
  session->start();
  libssh2_session_method_pref(session->raw(), LIBSSH2_METHOD_HOSTKEY, preference.c_str());
  long answer = 0;
  try {
    answer = co_await session->repeat([&session]() -> long { return session->handshake(); }, &call.stop());
  } catch (const Error& error) {
    if (error.code() != "ssh.lost") throw;
    answer = LIBSSH2_ERROR_SOCKET_DISCONNECT;
  }
  if (answer != 0) throw handshake_error(progress, *session, answer);
  co_return session;
}

Awaitable<std::shared_ptr<Session>> shake_hands(Call& call, const ConnectOptions& options,
                                                std::shared_ptr<net::Route> route, Progress& progress) {
  // With a pinned key any type will do: the fingerprint says which.
  const bool pinned = options.host_key.starts_with("SHA256:");
  std::string preference = host_key_preference(pinned ? std::vector<std::string>() : known_types(progress.plan));
  auto session = co_await exchange_keys(call, std::move(route), progress, std::move(preference));
  progress.stage = Stage::host_key;
  co_await check_host_key(call, options, *session, progress);
  co_return session;
}

}  // namespace opshost::ssh
