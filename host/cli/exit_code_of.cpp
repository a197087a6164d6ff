#include "host/cli/exit_code_of.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "host/cli/exit_codes.hpp"

namespace opshost {

namespace {

/// A guard, a precondition, a person, or another run in the way.
bool is_refusal(std::string_view code) {
  constexpr std::array<std::string_view, 9> kRefusals{
      "gate.observe_only",     "gate.not_confirmed",  "procedure.guard",
      "procedure.require",     "procedure.unvisited", "procedure.unfinished",
      "procedure.target_busy", "procedure.run_busy",  "procedure.nothing_to_do"};
  return code.ends_with(".refused") || std::find(kRefusals.begin(), kRefusals.end(), code) != kRefusals.end();
}

std::optional<ExitCode> code_with_meaning(std::string_view code) {
  if (code.starts_with("answer.")) return ExitCode::answer_needed;
  if (code.ends_with(".unreachable")) return ExitCode::unreachable;
  if (is_refusal(code)) return ExitCode::refused;
  if (code == "deadline.exceeded") return ExitCode::deadline;
  if (code == "interrupted") return ExitCode::interrupted;
  return std::nullopt;
}

/// The procedure's own text is wrong; running it again changes nothing.
bool is_definition_error(std::string_view code) {
  constexpr std::array<std::string_view, 11> kErrors{
      "procedure.definition",   "procedure.outside",        "procedure.name",        "procedure.path_used",
      "procedure.step_in_step", "procedure.step_in_look",   "procedure.not_boolean", "procedure.not_data",
      "procedure.no_value",     "procedure.value_too_long", "journal.not_writable"};
  return std::find(kErrors.begin(), kErrors.end(), code) != kErrors.end();
}

bool is_script_error(std::string_view code) {
  return is_definition_error(code) || code.starts_with("script.") || code.starts_with("usage.") ||
         code.starts_with("gate.") || code == "closed";
}

}  // namespace

int exit_code_of(const Error& error) {
  if (error.code() == "exit") {
    const auto* code = error.detail().field("exit_code");
    const auto* number = code == nullptr ? nullptr : code->get_if<std::int64_t>();
    return number == nullptr ? static_cast<int>(ExitCode::script_error) : static_cast<int>(*number & 0xff);
  }
  for (const auto* cause = &error; cause != nullptr; cause = cause->cause().get()) {
    if (const auto code = code_with_meaning(cause->code())) return static_cast<int>(*code);
  }
  // Of a fan-out whose items all failed with one code, that is what counts.
  const bool shared = error.code() == "group.failed" && error.cause() != nullptr;
  const auto& code = shared ? error.cause()->code() : error.code();
  return static_cast<int>(is_script_error(code) ? ExitCode::script_error : ExitCode::step_failed);
}

}  // namespace opshost
