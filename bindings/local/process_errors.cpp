#include "bindings/local/process_errors.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "bindings/local/file_work.hpp"
#include "bindings/local/nearest_file.hpp"
#include "bindings/local/system_error.hpp"
#include "host/base/names.hpp"
#include "host/base/output_text.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::local {

namespace {

constexpr std::size_t kShownCommand = 200;
constexpr std::size_t kShownSearchPath = 300;

std::string_view likely_reason(std::string_view signal) {
  if (signal == "SIGKILL") return "; the kernel does that when memory runs out: see dmesg";
  if (signal == "SIGSEGV" || signal == "SIGBUS" || signal == "SIGILL" || signal == "SIGFPE") return "; it crashed";
  if (signal == "SIGABRT") return "; it gave up on an error of its own";
  if (signal == "SIGXCPU" || signal == "SIGXFSZ") return "; a resource limit was reached: see ulimit -a";
  return {};
}

std::string acting_account(const SpawnRequest& request) {
  return request.account ? request.account->name : own_account();
}

/// "#!/bin/bsh" of a script; empty for anything else.
std::string interpreter_of(const std::string& file) {
  const Descriptor script(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, 256> buffer{};
  const auto size = script ? ::read(script.get(), buffer.data(), buffer.size()) : -1;
  if (size < 3 || buffer[0] != '#' || buffer[1] != '!') return {};
  std::string_view line(buffer.data() + 2, static_cast<std::size_t>(size) - 2);
  line = line.substr(0, line.find('\n'));
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

/// Candidates are looked for where the child was.
std::string in_cwd(const SpawnRequest& request, const std::string& candidate) {
  return candidate.starts_with('/') || request.cwd.empty() ? candidate : joined(request.cwd, candidate);
}

std::string search_path(const SpawnRequest& request) {
  std::string path;
  for (const std::string& candidate : request.candidates) path += (path.empty() ? "" : ":") + parent_of(candidate);
  return path;
}

/// The program a person may have meant, of all in the search path.
std::string similar_program(const SpawnRequest& request) {
  std::vector<std::string> names;
  for (const std::string& candidate : request.candidates) {
    for (std::string& name : names_in(parent_of(in_cwd(request, candidate)))) names.push_back(std::move(name));
  }
  return did_you_mean(request.argv.front(), names);
}

Error not_found(const SpawnRequest& request) {
  const std::string& program = request.argv.front();
  const auto failed = [&](const std::string& message) {
    return refusal("local.not_found", "start", program, ENOENT, message);
  };
  for (const std::string& candidate : request.candidates) {
    const std::string file = in_cwd(request, candidate);
    if (access(file.c_str(), F_OK) != 0) continue;
    const std::string interpreter = interpreter_of(file);
    if (interpreter.empty()) {
      return failed(quoted_path(file) +
                    " is there, but the loader or a directory it needs is not: was it built for another system?");
    }
    return failed(
        quoted_path(file) + " is there, but its interpreter " + quoted_path(interpreter) +
        " is not: install it or correct the file's first line" +
        (interpreter.ends_with('\r') ? " (it ends in a carriage return: the file has Windows line ends)" : ""));
  }
  if (program.find('/') != std::string::npos) {
    const std::string file = in_cwd(request, program);
    return failed("no program " + quoted_path(file) + why_missing(file));
  }
  return failed("no program " + quoted_path(program) + " in PATH (" + one_line(search_path(request), kShownSearchPath) +
                ")" + similar_program(request));
}

Error not_executable(const SpawnRequest& request, int error) {
  const std::string who = acting_account(request);
  const auto failed = [&](const std::string& file, const std::string& message) {
    return refusal("local.permission", "start", file, error, message);
  };
  for (const std::string& candidate : request.candidates) {
    const std::string file = in_cwd(request, candidate);
    struct stat info = {};
    if (stat(file.c_str(), &info) != 0) {
      if (errno != EACCES) continue;
      return failed(file, who + " may not enter the directory of " + quoted_path(file) +
                              ": the directories above it need x for " + who);
    }
    if (S_ISDIR(info.st_mode)) return failed(file, quoted_path(file) + " is a directory, not a program");
    const std::string whose = "mode " + mode_text(info.st_mode & 07777U) + ", owner " + user_name(info.st_uid) + ":" +
                              group_name(info.st_gid);
    if ((info.st_mode & 0111U) == 0) {
      return failed(file, quoted_path(file) + " is not executable (" + whose +
                              "): chmod it to 0755, or name its interpreter first");
    }
    return failed(file,
                  who + " may not execute " + quoted_path(file) + " (" + whose +
                      "): look at its mode, the directories above it, and whether its file system is mounted noexec");
  }
  const std::string& program = request.argv.front();
  return failed(program, who + " may not execute " + quoted_path(program));
}

Error bad_cwd(const SpawnRequest& request, int error) {
  const std::string name = "cwd " + quoted_path(request.cwd);
  std::string message;
  if (error == ENOENT) {
    message = name + " does not exist" + why_missing(request.cwd);
  } else if (error == ENOTDIR) {
    message = name + " is not a directory";
  } else if (error == EACCES) {
    message = acting_account(request) + " may not enter " + name + ": it and the directories above it need x for " +
              acting_account(request);
  } else {
    message = name + " cannot be entered: " + errno_text(error);
  }
  return refusal("local.cwd", "chdir", request.cwd, error, message);
}

}  // namespace

std::string shown(const Command& command) { return one_line(command.text(), kShownCommand); }

std::string shown(const ProcessEntry& process) {
  const std::string pid = "pid " + std::to_string(process.pid);
  return process.name.empty() ? pid : pid + " (" + one_line(process.name, 64) + ")";
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(number);
}

Error exit_error(const Command& command, const AcceptedCodes& accepted, const CommandResult& result) {
  std::string message = shown(command) + " ended with exit code " + std::to_string(result.exit_code.value_or(0));
  const auto* codes = std::get_if<ExitCodeList>(&accepted);
  if (codes != nullptr && *codes != ExitCodeList{0}) message += " (accepted: " + default_text(accepted) + ")";
  return Error("local.exit", message + what_it_wrote(result.output, result.errors)).with(value_of(result));
}

Error signal_error(const Command& command, const CommandResult& result) {
  const std::string signal = result.signal.value_or("a signal");
  std::string message = shown(command) + " was ended by " + signal;
  message.append(likely_reason(signal)).append(what_it_wrote(result.output, result.errors));
  return Error("local.signal", message).with(value_of(result));
}

Error stopped_error(const Command& command, std::optional<Duration> timeout, const StoppedCommand& stopped) {
  std::string message = shown(command);
  if (timeout) {
    message += " had not ended after " + format_duration(*timeout) + " and was killed";
  } else {
    message += " was stopped after " + humanize_duration(stopped.duration) + " and killed";
  }
  std::string left;
  for (const std::string& process : stopped.not_killed) left += (left.empty() ? "" : ", ") + process;
  if (!left.empty()) message += "; could not be killed and may still run: " + left;
  return Error(timeout ? "local.timeout" : "cancelled", message + what_it_wrote(stopped.output, stopped.errors))
      .maybe_applied()
      .with(value_of(stopped));
}

Error no_other_user_error(const std::string& wanted) {
  return refusal("local.permission", "setuid", wanted, EPERM,
                 "opshost runs as " + own_account() + " and cannot become " + wanted +
                     ": only root can; run opshost as root, or put \"sudo\", \"-n\", \"-u\", \"" + wanted +
                     "\" in front of the command");
}

Error spawn_error(const SpawnRequest& request, const SpawnFailure& failure) {
  const std::string& program = request.argv.front();
  switch (failure.stage) {
    case SpawnStage::cwd:
      return bad_cwd(request, failure.error);
    case SpawnStage::account:
      return system_error("setuid", acting_account(request), failure.error, "cannot become " + acting_account(request));
    case SpawnStage::exec:
      if (failure.error == ENOENT || failure.error == ENOTDIR) return not_found(request);
      if (failure.error == EACCES || failure.error == EPERM) return not_executable(request, failure.error);
      break;
    case SpawnStage::session:
    case SpawnStage::descriptors:
      break;
  }
  return system_error("start", program, failure.error, "cannot start " + quoted_path(program));
}

}  // namespace opshost::local
