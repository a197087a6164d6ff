#pragma once
// What is sent to the job script of a host, and how its answers are read.
#include <optional>
#include <string>
#include <vector>

#include "bindings/ssh/jobs.hpp"

namespace opshost::ssh {

/// `verb` of the script for the job of that name. Throws Error("usage.argument") for a name that cannot be one.
Command job_command(const std::string& verb, const std::string& name, std::vector<std::string> arguments);
/// A job's own words, as the verbs that begin one take them.
std::vector<std::string> with_directory(const std::optional<std::string>& cwd, const Command& command);

/// The host has no place for jobs, or lacks a program; "" otherwise: why.
std::string no_place(const CommandResult& answer);
/// Takes the state from the front of the script's output; from behind `mark` where one is given, which stands behind
/// it. Throws Error("ssh.job_unknown") where it is none.
JobStatus take_status(const Connection& connection, const std::string& name, CommandResult& answer,
                      const std::string& mark = {});
/// The result of a job's end, in the shape of any command's. Throws Error("ssh.job_unknown") where it has not ended.
CommandResult result_of(const Connection& connection, const std::string& name, CommandResult answer,
                        const std::string& mark = {});

/// Beside the output that was asked for.
inline constexpr std::uint64_t kStateLine = 4096;

}  // namespace opshost::ssh
