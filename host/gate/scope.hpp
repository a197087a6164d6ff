#pragma once
// What the gate allows where: a procedure's declared capabilities and the step a fiber is in.
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "host/lua/description.hpp"

namespace opshost::gate {

/// A step in progress. Shared by the fibers it begins.
struct Step {
  std::string path;                 ///< "stop databases/ark-metadb/RO"
  bool repeatable = false;          ///< declared so for all its changes
  std::string unrepeatable_change;  ///< the change after which no other may follow; empty: none was sent yet
};

/// Carried by a fiber, inherited by those it begins. Immutable but for the step's own state.
struct Scope {
  /// module -> strongest effect it may have. nullopt: no procedure, everything is allowed.
  std::optional<std::map<std::string, Effect>> uses;
  std::shared_ptr<Step> step;  ///< nullptr: outside of a step
};

}  // namespace opshost::gate
