#include "host/cli/exit_code_of.hpp"

#include <optional>
#include <string_view>

#include "host/cli/exit_codes.hpp"

namespace opshost {

namespace {

std::optional<ExitCode> code_with_meaning(std::string_view code) {
  if (code.starts_with("answer.")) return ExitCode::answer_needed;
  if (code.ends_with(".unreachable")) return ExitCode::unreachable;
  if (code == "gate.observe_only" || code == "gate.not_confirmed" || code.ends_with(".refused"))
    return ExitCode::refused;
  if (code == "deadline.exceeded") return ExitCode::deadline;
  if (code == "interrupted") return ExitCode::interrupted;
  return std::nullopt;
}

bool is_script_error(std::string_view code) {
  return code.starts_with("script.") || code.starts_with("usage.") || code.starts_with("gate.") || code == "closed";
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
  return static_cast<int>(is_script_error(error.code()) ? ExitCode::script_error : ExitCode::step_failed);
}

}  // namespace opshost
