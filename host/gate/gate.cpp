#include "host/gate/gate.hpp"

#include "host/gate/touches_nothing.hpp"

namespace opshost::gate {

namespace {

std::string with_article(const std::string& noun) { return (noun == "observe" ? "an " : "a ") + noun; }

}  // namespace

void Gate::check_capability(const FunctionInfo& function, const Scope& scope) const {
  if (function.touches == kTouchesNothing) return;
  const auto declared = scope.uses->find(function.module);
  if (declared != scope.uses->end() && function.effect <= declared->second) return;
  const std::string allowed = declared == scope.uses->end()
                                  ? "no " + function.module
                                  : function.module + " = \"" + effect_name(declared->second) + "\"";
  // The one that is a keyword.
  const std::string key = function.module == "local" ? "[\"local\"]" : function.module;
  throw Error("gate.undeclared", function.qualified() + " is " + with_article(effect_name(function.effect)) +
                                     ", but the procedure declares " + allowed + " in `uses`; add " + key + " = \"" +
                                     effect_name(function.effect) + "\" there if it may do this");
}

void Gate::check_step(const Scope& scope, const std::string& shown) {
  if (!scope.step) {
    throw Error("gate.outside_step", shown +
                                         " changes something outside of a step; a resume would send it again. Put it "
                                         "into the `run` of a ctx:step");
  }
  const auto& step = *scope.step;
  if (!step.unrepeatable_change.empty()) {
    throw Error("gate.after_unrepeatable",
                shown + " follows " + step.unrepeatable_change + " in the step \"" + step.path +
                    "\", which is not repeatable and so must be the step's last change; give it a step of its own, or "
                    "say repeatable = true where sending the first one again ends in the same state");
  }
}

namespace {

void check_repeatable(const Step& step, bool repeatable, const std::string& shown) {
  if (!step.only_repeatable || step.repeatable || repeatable) return;
  throw Error("gate.not_repeatable", shown +
                                         " is not repeatable, and a clean-up may have to run again; say "
                                         "repeatable = true where sending it again ends in the same state, or use a "
                                         "change that does");
}

void note_sent(const FunctionInfo& function, const Scope& scope, bool repeatable) {
  if (const auto step = scope.step_ended_by(repeatable)) step->unrepeatable_change = function.qualified();
}

}  // namespace

Verdict Gate::admit(const FunctionInfo& function, const Scope* scope, bool repeatable,
                    const std::function<std::string()>& shown) const {
  const bool in_procedure = scope != nullptr && scope->uses.has_value();
  if (in_procedure) check_capability(function, *scope);
  if (function.effect == Effect::observe) return Verdict::send;
  if (in_procedure) {
    check_step(*scope, shown());
    check_repeatable(*scope->step, repeatable, shown());
  }
  if (mode == Mode::plan) {
    if (in_procedure) note_sent(function, *scope, repeatable);
    return Verdict::only_plan;
  }
  if (observe_only) {
    throw Error("gate.observe_only", shown() + " changes something, and this was started with --observe-only");
  }
  if (in_procedure) note_sent(function, *scope, repeatable);
  return Verdict::send;
}

}  // namespace opshost::gate
