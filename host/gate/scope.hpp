#pragma once
// What the gate allows where: a procedure's declared capabilities, the step a fiber is in, the guards around it.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/lua/description.hpp"

namespace opshost::gate {

class Guard;

/// A step in progress. Shared by the fibers it begins.
struct Step {
  std::string path;                 ///< "stop databases/ark-metadb/RO"
  bool repeatable = false;          ///< declared so for all its changes
  bool sensitive = false;           ///< what its changes say and answer is not written down
  bool only_repeatable = false;     ///< a clean-up: it may run again, so a change that is not repeatable is refused
  std::string unrepeatable_change;  ///< the change after which no other may follow; empty: none was sent yet
};

/// Carried by a fiber, inherited by those it begins. Immutable but for the step's own state.
struct Scope {
  /// module -> strongest effect it may have. nullopt: no procedure, everything is allowed.
  std::optional<std::map<std::string, Effect>> uses;
  std::shared_ptr<Step> step;                  ///< nullptr: outside of a step
  bool looks = false;                          ///< in a function that only looks: a fact, a guard, a step's `done`
  std::uint64_t frame = 0;                     ///< the procedure's group, item or call this fiber is in; 0: none
  std::vector<std::shared_ptr<Guard>> guards;  ///< asked before each change, outermost first

  /// The step that a change of this repeatability ends; nullptr: none.
  [[nodiscard]] std::shared_ptr<Step> step_ended_by(bool repeatable) const {
    return repeatable || !step || step->repeatable ? nullptr : step;
  }
};

}  // namespace opshost::gate
