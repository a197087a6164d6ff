#include "host/fiber/output_drain.hpp"

#include <fcntl.h>

#include <boost/asio/post.hpp>

namespace opshost::fiber {

bool OutputDrain::offer(std::string_view text) {
  output_.offer(text);
  if (!releasing_ && output_.holds_back()) release_later();
  const auto kept = output_.kept();
  if (kept > 0 && !awaiting_) await_reader();
  return kept <= kMostKept;
}

std::shared_ptr<LatchWait> OutputDrain::wait() {
  if (!taken_) taken_ = std::make_unique<Latch>();
  return taken_->wait(scheduler_, "the reader of stdout");
}

void OutputDrain::release_later() {
  releasing_ = true;
  asio::post(scheduler_.io(), [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    releasing_ = false;
    output_.release();
    if (output_.kept() > 0 && !awaiting_) await_reader();
  });
}

void OutputDrain::await_reader() {
  if (!reader_) reader_.emplace(scheduler_.io(), fcntl(output_.descriptor(), F_DUPFD_CLOEXEC, 0));
  awaiting_ = true;
  reader_->async_wait(asio::posix::stream_descriptor::wait_write, [this](const boost::system::error_code& closed) {
    if (closed) return;  // with this object, which is gone
    awaiting_ = false;
    output_.keep_on();
    if (output_.kept() > 0) return await_reader();
    if (taken_) taken_->open(scheduler_);
    taken_.reset();
  });
}

}  // namespace opshost::fiber
