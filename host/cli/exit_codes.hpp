#pragma once
// The exit codes of opshost: a stable API. Help, the reference and every command read this one table.
#include <array>
#include <string_view>

namespace opshost {

enum class ExitCode : int {
  done = 0,
  script_error = 1,
  step_failed = 2,
  answer_needed = 3,
  unreachable = 4,
  refused = 5,
  cleanup_owed = 6,
  plan_has_changes = 10,
  deadline = 124,
  hung_up = 129,
  interrupted = 130,
  terminated = 143,
};

struct ExitCodeInfo {
  ExitCode code;
  std::string_view meaning;  ///< no full stop
  std::string_view advice;   ///< what a person does next, no full stop; may be empty
};

inline constexpr std::array kExitCodes{
    ExitCodeInfo{ExitCode::done, "done", ""},
    ExitCodeInfo{ExitCode::script_error, "wrong usage, or an error in the script itself",
                 "correct the command line or the script; the message names the line"},
    ExitCodeInfo{ExitCode::step_failed, "a step failed", "read the error; repair the cause, then resume the run"},
    ExitCodeInfo{ExitCode::answer_needed, "a person's answer is needed and there is no terminal to ask on",
                 "run it on a terminal, or give --answers FILE"},
    ExitCodeInfo{ExitCode::unreachable, "a target is unreachable", "check the target, its address and the network"},
    ExitCodeInfo{ExitCode::refused, "refused by a guard, a precondition or a person", "the message says which and why"},
    ExitCodeInfo{ExitCode::cleanup_owed, "done, but a clean-up is owed", "run `opshost cleanup RUN`"},
    ExitCodeInfo{ExitCode::plan_has_changes, "the plan has changes or unknowns", "read the plan, then run it"},
    ExitCodeInfo{ExitCode::deadline, "the run's deadline was reached", "resume the run, with more time"},
    ExitCodeInfo{ExitCode::hung_up, "interrupted because the terminal went away (SIGHUP)", "resume the run"},
    ExitCodeInfo{ExitCode::interrupted, "interrupted by Ctrl-C (SIGINT)", "resume the run"},
    ExitCodeInfo{ExitCode::terminated, "interrupted by SIGTERM", "resume the run"},
};

}  // namespace opshost
