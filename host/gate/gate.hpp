#pragma once
// The one place every binding call passes: may it happen here, is it only planned, does a person agree, is it written
// down first.
#include <functional>
#include <memory>

#include "host/fiber/call.hpp"
#include "host/gate/plan.hpp"
#include "host/gate/scope.hpp"
#include "host/journal/journal.hpp"

namespace opshost::gate {

enum class Mode : std::uint8_t {
  live,
  plan,  ///< observes are made, changes are noted and not sent
};

enum class Verdict : std::uint8_t { send, only_plan };

class Gate {
 public:
  /// Asks a person and waits for the answer, which ends with the call's stop; false: no. Throws Error("answer.needed")
  /// where nobody can be asked.
  using Confirm = std::function<Awaitable<bool>(Call& call, std::string question)>;

  Mode mode = Mode::live;
  bool observe_only = false;                  ///< --observe-only: every change is refused
  Confirm confirm_destroy;                    ///< set in the REPL: a `destroy` typed there is confirmed
  std::shared_ptr<journal::Journal> journal;  ///< nullptr: nothing is written down
  Plan plan;

  /// The common case decided inline: an observe outside of any procedure, live.
  [[nodiscard]] bool passes_freely(const FunctionInfo& function, const Scope* scope) const {
    return function.effect == Effect::observe && mode == Mode::live && (scope == nullptr || !scope->uses);
  }

  /// True: a person has to agree before the call is sent.
  [[nodiscard]] bool must_confirm(const FunctionInfo& function) const {
    return function.effect == Effect::destroy && mode == Mode::live && confirm_destroy != nullptr;
  }

  /// Decides one call; throws Error where it is refused. `shown` is the call as a person reads it.
  [[nodiscard]] Verdict admit(const FunctionInfo& function, const Scope* scope, bool repeatable,
                              const std::function<std::string()>& shown) const;

 private:
  void check_capability(const FunctionInfo& function, const Scope& scope) const;
  static void check_step(const Scope& scope, const std::string& shown);
};

}  // namespace opshost::gate
