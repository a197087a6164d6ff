#include "host/fiber/call.hpp"

#include <algorithm>

namespace opshost {

StopToken::Reaction StopToken::on_stop(std::function<void()> react) {
  if (stopped()) {
    react();
    return {};
  }
  const auto id = next_id_++;
  reactions_.emplace_back(id, std::move(react));
  return {this, id};
}

// A reaction may end others (its call's frames unwind): take each out before it runs.
void StopToken::stop(StopReason reason) {
  if (stopped()) return;
  reason_ = reason;
  while (!reactions_.empty()) {
    const auto react = std::move(reactions_.back().second);
    reactions_.pop_back();
    react();
  }
}

void StopToken::forget(unsigned id) {
  const auto found =
      std::find_if(reactions_.begin(), reactions_.end(), [id](const auto& known) { return known.first == id; });
  if (found != reactions_.end()) reactions_.erase(found);
}

Awaitable<void> Call::note_durably(const std::string& key, Value value) {
  note(key, std::move(value));
  co_return;
}

}  // namespace opshost
