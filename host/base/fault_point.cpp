#include "host/base/fault_point.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "host/base/descriptor.hpp"
#include "host/base/write_all.hpp"

namespace opshost {

namespace {

struct Plan {
  long kill_at = 0;
  std::string log;
  std::atomic<long> passed{0};
};

Plan* plan_from_environment() {
  const char* at = std::getenv("OPSHOST_KILL_AT");
  const char* log = std::getenv("OPSHOST_KILL_LOG");
  if (at == nullptr && log == nullptr) return nullptr;
  static Plan plan;
  if (at != nullptr) plan.kill_at = std::strtol(at, nullptr, 10);
  if (log != nullptr) plan.log = log;
  return &plan;
}

}  // namespace

void fault_point(const char* name) {
  static Plan* const plan = plan_from_environment();
  if (plan == nullptr) return;
  const long number = ++plan->passed;
  if (!plan->log.empty()) {
    const Descriptor file(::open(plan->log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    write_all(file.get(), std::string(name) + "\n");
  }
  if (number == plan->kill_at) ::kill(::getpid(), SIGKILL);
}

}  // namespace opshost
