#include "host/base/secret.hpp"

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "host/base/secret_index.hpp"
#include "host/base/secret_patterns.hpp"
#include "host/base/secret_registry.hpp"

namespace opshost {

namespace {

/// Every secret of the process. They stay when the Secret is gone: a copy of the value may still be printed.
class Registry {
 public:
  void add(const std::string& secret) {
    const std::unique_lock lock(mutex_);
    index_.add(secret);
    has_secrets_.store(!index_.empty(), std::memory_order_release);
  }

  [[nodiscard]] bool has_secrets() const { return has_secrets_.load(std::memory_order_acquire); }

  std::size_t begun_at_end(std::string_view text) {
    if (!has_secrets()) return 0;
    const std::shared_lock lock(mutex_);
    return index_.begun_at_end(text);
  }

  std::string redact(std::string_view text) {
    auto found = find_secret_values(text);
    if (has_secrets()) {
      const std::shared_lock lock(mutex_);
      index_.find(text, found);
    }
    return found.empty() ? std::string(text) : blank(text, std::move(found));
  }

 private:
  std::shared_mutex mutex_;
  std::atomic<bool> has_secrets_{false};
  SecretIndex index_;
};

/// Never destroyed: threads may log while the process exits.
Registry& registry() {
  static Registry& instance = *new Registry;
  return instance;
}

}  // namespace

struct Secret::State {
  std::string value;
  std::string origin;
};

Secret::Secret(std::string value, std::string origin) {
  registry().add(value);
  state_ = std::make_shared<const State>(State{std::move(value), std::move(origin)});
}

const std::string& Secret::reveal() const {
  static const std::string nothing;
  return state_ ? state_->value : nothing;
}

const std::string& Secret::origin() const {
  static const std::string nothing;
  return state_ ? state_->origin : nothing;
}

bool has_secrets() { return registry().has_secrets(); }

std::size_t begun_secret_at_end(std::string_view text) { return registry().begun_at_end(text); }

std::string redact(std::string_view text) { return registry().redact(text); }

}  // namespace opshost
