#include "bindings/zk/watches.hpp"

namespace opshost::zk {

Awaitable<void> Watch::wait(Call& call, std::shared_ptr<Watch> watch) {
  const auto reaction = call.stop().on_stop([&watch] { watch->changed_.cancel(); });
  while (!watch->fired_ && !watch->orphaned_ && !call.stop().stopped()) {
    boost::system::error_code ignored;
    co_await watch->changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

// The library also calls every watch it holds when the session's state changes.
void Watch::on_event(zhandle_t* /*handle*/, int type, int /*state*/, const char* /*path*/, void* context) {
  if (type == ZOO_SESSION_EVENT) return;
  const auto watch = static_cast<Watch*>(context)->shared_from_this();
  watch->home_.kept_.erase(watch);
  watch->event_ = type;
  watch->fire();
}

void Watch::fire() {
  fired_ = true;
  changed_.cancel();
  if (react_) react_();
  const auto found = home_.set_.find({kind_, path_});
  if (found != home_.set_.end() && found->second.get() == this) home_.set_.erase(found);
}

std::shared_ptr<Watch> Watches::find(Watch::Kind kind, const std::string& path) const {
  const auto found = set_.find({kind, path});
  return found == set_.end() ? nullptr : found->second;
}

std::shared_ptr<Watch> Watches::add(Watch::Kind kind, const std::string& path) {
  return *kept_.insert(std::make_shared<Watch>(executor_, *this, kind, path)).first;
}

void Watches::is_set(const std::shared_ptr<Watch>& watch) {
  if (!watch->fired_ && !watch->orphaned_) set_[{watch->kind_, watch->path_}] = watch;
}

void Watches::forget(const std::shared_ptr<Watch>& watch) { kept_.erase(watch); }

void Watches::fire_all() {
  set_.clear();
  for (const auto& watch : std::exchange(kept_, {})) watch->fire();
}

// They stay where they are: the library is not done with their addresses before its handle is closed.
void Watches::orphan_all() {
  set_.clear();
  for (const auto& watch : kept_) {
    watch->orphaned_ = true;
    watch->changed_.cancel();
  }
}

}  // namespace opshost::zk
