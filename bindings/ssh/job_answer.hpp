#pragma once
// What is sent to the job script of a host, and how its answers are read.
#include <optional>
#include <string>
#include <vector>

#include "bindings/ssh/jobs.hpp"

namespace opshost::ssh {

/// `verb` of the script for the job of that name. Throws Error("usage.argument") for a name that cannot be one.
Command job_command(const std::string& verb, const std::string& name, std::vector<std::string> arguments);
/// A job's own words and how it begins, as the verbs that begin one take them; its variables are for it alone.
std::vector<std::string> begin_arguments(const Command& command, const RunOptions& options);

/// The host has no place for jobs, or lacks a program; "" otherwise: why.
std::string no_place(const CommandResult& answer);

struct JobAnswer {
  JobStatus status;
  std::optional<std::string> signal;  ///< "SIGKILL", where one ended it
  bool no_directory = false;          ///< it ended before it began: `cwd` cannot be entered
  std::uint64_t output_size = 0;      ///< all it has written, of one that ended
  std::uint64_t errors_size = 0;
};
/// Takes the state from the front of the script's output; from behind `mark` where one is given, which stands behind
/// it. Throws Error("ssh.job_unknown") where it is none.
JobAnswer take_answer(const Connection& connection, const std::string& name, CommandResult& answer,
                      const std::string& mark = {});

struct JobResult {
  CommandResult result;
  bool no_directory = false;
};
/// The result of a job's end, in the shape of any command's. Throws Error("ssh.job_unknown") where it has not ended.
JobResult result_of(const Connection& connection, const std::string& name, CommandResult answer, Size max_output,
                    const std::string& mark = {});
Error unknown_job(const Connection& connection, const std::string& name, const JobStatus& status);

/// Beside the output that was asked for.
inline constexpr std::uint64_t kStateLine = 4096;

}  // namespace opshost::ssh
