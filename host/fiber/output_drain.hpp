#pragma once
// What scripts print, for a reader that may be slower than they are: the loop goes on, and who prints more than is kept
// for the reader waits.
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "host/fiber/latch.hpp"
#include "host/fiber/scheduler.hpp"
#include "host/term/output.hpp"

namespace opshost::fiber {

class OutputDrain {
 public:
  OutputDrain(Scheduler& scheduler, Output& output) : scheduler_(scheduler), output_(output) {}
  OutputDrain(const OutputDrain&) = delete;
  OutputDrain& operator=(const OutputDrain&) = delete;

  /// Writes what the reader takes now and sees to the rest; an unfinished line is held back until the fiber that prints
  /// it waits for something. False: so much is kept that the caller had better wait.
  bool offer(std::string_view text);
  /// Until the reader has taken all.
  std::shared_ptr<LatchWait> wait();

  /// Kept for a slow reader before the one who prints waits.
  static constexpr std::size_t kMostKept = std::size_t{1} << 20U;

 private:
  void await_reader();
  void release_later();

  Scheduler& scheduler_;
  Output& output_;
  std::optional<asio::posix::stream_descriptor> reader_;
  bool awaiting_ = false;
  bool releasing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<Latch> taken_;
};

}  // namespace opshost::fiber
