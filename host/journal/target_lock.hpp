#pragma once
// One run a target: whatever the procedure, while a run works on a host or has left it unfinished, no other begins.
#include <string>
#include <vector>

#include "host/base/descriptor.hpp"
#include "host/journal/run_store.hpp"

namespace opshost::journal {

class TargetLocks {
 public:
  /// Takes the target for the run `id`; one it has already is fine. Throws Error("procedure.target_busy"): another
  /// process works on it; Error("procedure.unfinished"): a run left it unfinished, or owes a clean-up.
  void take(const std::string& target, const std::string& id);
  /// The run has ended and owes nothing: others may have the targets.
  void give_back();
  [[nodiscard]] const std::vector<std::string>& targets() const { return targets_; }

 private:
  std::vector<std::string> targets_;
  std::vector<Descriptor> files_;
};

/// Frees what a run that is given up holds.
void release_targets(const std::vector<std::string>& targets, const std::string& id);

}  // namespace opshost::journal
