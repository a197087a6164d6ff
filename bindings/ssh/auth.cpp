#include <cstdlib>
#include <cstring>
#include <utility>

#include "bindings/ssh/agent.hpp"
#include "bindings/ssh/library.hpp"
#include "bindings/ssh/opening.hpp"
#include "bindings/ssh/wire.hpp"
#include "host/base/output_text.hpp"
#include "host/fiber/blocking.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kShownWords = 200;

/// One signature, between libssh2 that asks for it and whoever makes it.
struct Signing {
  std::string data;
  std::optional<std::string> signature;
  bool refused = false;  ///< nobody makes it
};

int sign_callback(LIBSSH2_SESSION*, unsigned char** signature, size_t* size, const unsigned char* data,
                  size_t data_size, void** abstract) {
  auto& signing = *static_cast<Signing*>(*abstract);
  if (signing.refused) return LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;  // it is done with this key then
  if (!signing.signature) {
    const void* bytes = data;
    signing.data.assign(static_cast<const char*>(bytes), data_size);
    return LIBSSH2_ERROR_EAGAIN;  // it asks again
  }
  *size = signing.signature->size();
  // NOLINTNEXTLINE(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory): libssh2 frees it.
  *signature = static_cast<unsigned char*>(std::malloc(*size));
  if (*signature == nullptr) return LIBSSH2_ERROR_ALLOC;
  std::memcpy(*signature, signing.signature->data(), *size);
  return 0;
}

/// Which algorithm the request to be signed names (RFC 4252 7).
std::string algorithm_in(std::string_view request) {
  WireReader reader(request);
  reader.string();
  reader.byte();
  reader.string();
  reader.string();
  reader.string();
  reader.byte();
  return std::string(reader.string());
}

void interactive_callback(const char*, int, const char*, int, int prompts, const LIBSSH2_USERAUTH_KBDINT_PROMPT* asked,
                          LIBSSH2_USERAUTH_KBDINT_RESPONSE* answers, void** abstract) {
  const std::string* answer = static_cast<Session*>(*abstract)->answer();
  for (int i = 0; i < prompts; ++i) {
    // What is shown while typed is no password.
    if (answer == nullptr || asked[i].echo != 0) continue;
    answers[i].text = strdup(answer->c_str());
    answers[i].length = static_cast<unsigned>(answer->size());
  }
}

class Login {
 public:
  Login(Call& call, const ConnectOptions& options, Session& session, Progress& progress)
      : call_(call), options_(options), session_(session), progress_(progress) {}

  Awaitable<void> run() {
    if (co_await with_keys()) co_return;
    if (co_await with_agent()) co_return;
    const std::string offered = co_await offered_methods();
    if (offered.empty()) co_return;  // it lets everybody in
    // By one way only: a wrong password given twice counts twice where logins are locked.
    if (!options_.password.empty() && offers(offered, "password")) {
      if (co_await with_password()) co_return;
    } else if (!options_.password.empty() && offers(offered, "keyboard-interactive")) {
      if (co_await with_questions()) co_return;
    }
    throw refused(offered);
  }

  /// The server ended the connection during the login.
  [[nodiscard]] Error ended(const std::string& why) {
    const std::string said = one_line(session_.last_words(), kShownWords);
    if (said.empty()) return progress_.failure("ssh.unreachable", why).retryable();
    if (!trying_.empty()) tried_.push_back(trying_);
    std::string message = "the server ended the login: \"" + said + "\"";
    if (!tried_.empty()) message += "; it refused " + all_tried();
    if (said.find("Too many authentication failures") != std::string::npos) {
      message += "; give the `key` that is right, or agent = false, so that fewer are tried (MaxAuthTries there)";
    }
    // Other parting words ("Server is shutting down") judge nobody's login.
    const bool refused = said.find("uthentication fail") != std::string::npos;
    return refused ? progress_.failure("ssh.auth", message) : progress_.failure("ssh.unreachable", message).retryable();
  }

 private:
  using Sign = std::function<Awaitable<std::string>(std::string data, std::string algorithm)>;

  Awaitable<bool> with_keys() {
    for (const Identity& identity : progress_.plan.identities) {
      const Sign sign = [key = identity.key](std::string data, std::string algorithm) -> Awaitable<std::string> {
        co_return key->sign(data, algorithm);
      };
      const std::string what = "key " + identity.file + " (" + identity.key->type() + ")";
      if (co_await with_public_key(identity.key->public_key(), sign, what)) co_return true;
    }
    co_return false;
  }

  Awaitable<bool> with_agent() {
    const std::string& path = progress_.plan.agent;
    if (path.empty()) co_return false;
    std::vector<AgentKey> keys;
    std::optional<Error> failed;
    try {
      auto ask = [path] { return agent_keys(path); };
      keys = co_await call_.blocking().run(call_, std::move(ask));
    } catch (const Error& error) {
      if (call_.stop().stopped()) throw;
      failed = error;
    }
    if (failed) {
      if (options_.agent) throw progress_.failure("ssh.agent", failed->message());
      tried_.push_back(failed->message());
    }
    for (const AgentKey& key : keys) {
      const Sign sign = [this, path, &key](std::string data, std::string algorithm) -> Awaitable<std::string> {
        auto work = [path, blob = key.public_key, data = std::move(data), algorithm = std::move(algorithm)] {
          return agent_sign(path, blob, data, algorithm);
        };
        auto signature = co_await call_.blocking().run(call_, std::move(work));
        co_return signature;
      };
      const std::string what = "agent key " + key.comment + " (" + key_type(key.public_key) + ")";
      if (co_await with_public_key(key.public_key, sign, what)) co_return true;
    }
    co_return false;
  }

  Awaitable<bool> with_public_key(const std::string& public_key, Sign sign, std::string what) {
    Signing signing;
    void* abstract = &signing;
    trying_ = what;
    for (;;) {
      const auto attempt = [&]() -> long {
        const int answer = libssh2_userauth_publickey(session_.raw(), progress_.plan.user.c_str(), bytes(public_key),
                                                      public_key.size(), sign_callback, &abstract);
        const bool asks =
            answer == LIBSSH2_ERROR_EAGAIN && !signing.data.empty() && !signing.signature && !signing.refused;
        return asks ? kAsksForSignature : answer;
      };
      const long answer = co_await session_.repeat(attempt, &call_.stop());
      if (answer == 0) co_return true;
      throw_if_ended();
      if (answer != kAsksForSignature) {
        if (!signing.refused) note_refusal(what, public_key);
        co_return false;
      }
      // Named: g++ 12 loses temporaries of calls that are awaited.
      std::string data = signing.data;
      std::string algorithm = algorithm_in(data);
      std::optional<Error> failed;
      try {
        signing.signature = co_await sign(std::move(data), std::move(algorithm));
      } catch (const Error& error) {
        if (call_.stop().stopped()) throw;
        failed = error;
      }
      if (failed) {
        signing.refused = true;
        tried_.push_back(what + ", for which " + failed->message());
      }
    }
  }

  Awaitable<bool> with_password() {
    const std::string password = options_.password.reveal();
    const std::string& user = progress_.plan.user;
    trying_ = "password";
    const auto attempt = [&]() -> long {
      return libssh2_userauth_password_ex(session_.raw(), user.c_str(), static_cast<unsigned>(user.size()),
                                          password.c_str(), static_cast<unsigned>(password.size()), nullptr);
    };
    const long answer = co_await session_.repeat(attempt, &call_.stop());
    if (answer == LIBSSH2_ERROR_PASSWORD_EXPIRED) {
      throw progress_.failure("ssh.auth", "the password has expired: log in by hand and change it");
    }
    throw_if_ended();
    if (answer != 0) tried_.emplace_back("password");
    co_return answer == 0;
  }

  Awaitable<bool> with_questions() {
    const std::string password = options_.password.reveal();
    const std::string& user = progress_.plan.user;
    session_.set_answer(&password);
    trying_ = "keyboard-interactive";
    const auto attempt = [&]() -> long {
      return libssh2_userauth_keyboard_interactive_ex(session_.raw(), user.c_str(), static_cast<unsigned>(user.size()),
                                                      interactive_callback);
    };
    long answer = 0;
    try {
      answer = co_await session_.repeat(attempt, &call_.stop());
    } catch (const Error&) {
      session_.set_answer(nullptr);
      throw;
    }
    session_.set_answer(nullptr);
    throw_if_ended();
    if (answer != 0) tried_.emplace_back("keyboard-interactive");
    co_return answer == 0;
  }

  Awaitable<std::string> offered_methods() {
    const std::string& user = progress_.plan.user;
    std::string methods;
    trying_.clear();
    const auto attempt = [&]() -> long {
      const char* list = libssh2_userauth_list(session_.raw(), user.c_str(), static_cast<unsigned>(user.size()));
      if (list != nullptr) methods = list;
      if (list != nullptr || libssh2_userauth_authenticated(session_.raw()) != 0) return 0;
      return libssh2_session_last_errno(session_.raw());
    };
    const long answer = co_await session_.repeat(attempt, &call_.stop());
    throw_if_ended();
    if (answer != 0) methods = "nothing it names";
    co_return methods;
  }

  static bool offers(const std::string& methods, const std::string& method) {
    return ("," + methods + ",").find("," + method + ",") != std::string::npos;
  }

  void note_refusal(const std::string& what, const std::string& public_key) {
    std::string refusal = what;
    if (key_type(public_key) == "ssh-rsa" && !has_rsa_sha2()) {
      refusal += ", which " + library_name() +
                 " signs with SHA-1 only: servers since OpenSSH 8.8 refuse that; use an ed25519 or ecdsa key";
    }
    tried_.push_back(std::move(refusal));
  }

  Error refused(const std::string& offered) const {
    std::string message = tried_.empty() ? "there was nothing to log in with" : "the server refused " + all_tried();
    message += "; it takes " + offered;
    for (const std::string& unusable : progress_.plan.unusable_keys) message += "; not tried: " + unusable;
    return progress_.failure("ssh.auth", message);
  }

  /// To libssh2 the end of the connection is one more refusal.
  void throw_if_ended() const {
    session_.throw_if_lost();
    if (!session_.last_words().empty()) throw Error("ssh.lost", session_.last_words());
  }

  [[nodiscard]] std::string all_tried() const {
    std::string text;
    for (std::size_t i = 0; i < tried_.size(); ++i) text += (i == 0 ? "" : "; and ") + tried_[i];
    return text;
  }

  static constexpr long kAsksForSignature = 1;
  static const unsigned char* bytes(const std::string& text) {
    const void* data = text.data();
    return static_cast<const unsigned char*>(data);
  }

  Call& call_;
  const ConnectOptions& options_;
  Session& session_;
  Progress& progress_;
  std::vector<std::string> tried_;
  std::string trying_;
};

}  // namespace

Awaitable<void> authenticate(Call& call, const ConnectOptions& options, Session& session, Progress& progress) {
  progress.stage = Stage::auth;
  Login login(call, options, session, progress);
  std::optional<Error> lost;
  try {
    co_await login.run();
  } catch (const Error& error) {
    if (error.code() != "ssh.lost") throw;
    lost = login.ended(error.message());
  }
  if (lost) throw Error(*lost);
}

}  // namespace opshost::ssh
