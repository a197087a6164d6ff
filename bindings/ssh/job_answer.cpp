#include "bindings/ssh/job_answer.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "bindings/ssh/job_script.hpp"
#include "host/base/output_text.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::string_view kNoPlace = "noplace ";

/// Any text as the name of a folder: what is no plain letter is written as %XX.
std::string folder_name(const std::string& name) {
  if (name.empty()) throw Error("usage.argument", "the job has an empty name");
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string folder;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       byte == '-' || byte == '_' || (byte == '.' && !folder.empty());
    if (plain) {
      folder += letter;
    } else {
      folder += '%';
      folder += kDigits[byte >> 4U];
      folder += kDigits[byte & 15U];
    }
  }
  if (folder.size() > kLongestName) {
    throw Error("usage.argument", "the job's name is too long: " + describe(Value(name)));
  }
  return folder;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

Error job_error(const Connection& connection, const std::string& name, const std::string& what) {
  return Error("ssh.job_unknown", connection.name() + ": job " + name + ": " + what).on(connection.name());
}

/// The first word and what follows it.
std::pair<std::string, std::string> split(const std::string& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  return {line.substr(0, space), line.substr(std::min(space + 1, line.size()))};
}

/// "0 - 12 0", "137 KILL 0 0", "125 cwd 0 40"
bool read_end(const std::string& text, JobAnswer& job) {
  const auto [code, after_code] = split(text);
  const auto [how, sizes] = split(after_code);
  const auto [output, errors] = split(sizes);
  job.status.exit_code = number(code);
  job.no_directory = how == "cwd";
  if (!job.no_directory && how != "-") job.signal = "SIG" + how;
  const auto output_size = number(output);
  const auto errors_size = number(errors);
  if (!job.status.exit_code || !output_size || !errors_size) return false;
  job.output_size = static_cast<std::uint64_t>(*output_size);
  job.errors_size = static_cast<std::uint64_t>(*errors_size);
  return true;
}

/// Cuts an output to its last `most` bytes; returns how many of the `all` that were written are not in it.
std::uint64_t keep_end(std::string& output, Size most, std::uint64_t all) {
  if (output.size() > most.bytes) output.erase(0, output.size() - most.bytes);
  return all > output.size() ? all - output.size() : 0;
}

/// The line of the state, taken out of the output.
std::optional<std::string> take_line(std::string& output, const std::string& mark) {
  const std::size_t begin = mark.empty() ? 0 : output.rfind(mark);
  if (begin == std::string::npos) return std::nullopt;
  const std::size_t end = output.find('\n', begin);
  if (end == std::string::npos) return std::nullopt;
  const std::size_t from = begin + mark.size();
  std::string line = output.substr(from, end - from);
  output.erase(begin, end + 1 - begin);
  return line;
}

}  // namespace

Command job_command(const std::string& verb, const std::string& name, std::vector<std::string> arguments) {
  Command command{{"/bin/sh", "-c", kJobScript, "opshost-job", verb, folder_name(name)}, {}};
  command.argv.insert(command.argv.end(), std::make_move_iterator(arguments.begin()),
                      std::make_move_iterator(arguments.end()));
  return command;
}

std::vector<std::string> begin_arguments(const Command& command, const RunOptions& options) {
  std::vector<std::string> arguments{std::to_string(options.input.size()), options.cwd.value_or("")};
  if (!options.env.empty()) {
    arguments.emplace_back("env");
    for (const auto& [name, value] : options.env) arguments.push_back(name + "=" + value);
    // As the name of a program it would be one more assignment.
    if (command.argv.front().find('=') != std::string::npos) {
      for (const char* word : {"/bin/sh", "-c", "exec \"$@\"", "sh"}) arguments.emplace_back(word);
    }
  }
  arguments.insert(arguments.end(), command.argv.begin(), command.argv.end());
  return arguments;
}

std::string no_place(const CommandResult& answer) {
  if (!answer.output.starts_with(kNoPlace)) return {};
  return answer.output.substr(kNoPlace.size(), answer.output.find('\n') - kNoPlace.size());
}

JobAnswer take_answer(const Connection& connection, const std::string& name, CommandResult& answer,
                      const std::string& mark) {
  if (const std::string why = no_place(answer); !why.empty()) throw job_error(connection, name, why);
  const auto line = take_line(answer.output, mark);
  const auto [word, rest] = split(line.value_or(""));
  JobAnswer job;
  if (word == "running") {
    job.status.state = JobState::running;
    job.status.pid = number(rest);
  } else if (word == "ended" && read_end(rest, job)) {
    job.status.state = JobState::ended;
  } else if (word == "unknown") {
    job.status.state = JobState::unknown;
    job.status.reason = rest;
  } else if (word != "never") {
    throw job_error(connection, name, "the host does not answer for it" + what_it_wrote(answer.output, answer.errors));
  }
  return job;
}

Error unknown_job(const Connection& connection, const std::string& name, const JobStatus& status) {
  return job_error(connection, name, status.reason.value_or("it did not begin") + "; look there what it has done")
      .maybe_applied(status.state == JobState::unknown);
}

JobResult result_of(const Connection& connection, const std::string& name, CommandResult answer, Size max_output,
                    const std::string& mark) {
  const JobAnswer job = take_answer(connection, name, answer, mark);
  if (job.status.state != JobState::ended) throw unknown_job(connection, name, job.status);
  JobResult ended;
  ended.no_directory = job.no_directory;
  ended.result = std::move(answer);
  CommandResult& result = ended.result;
  result.signal = job.signal;
  result.exit_code = job.signal ? std::nullopt : job.status.exit_code;
  result.output_dropped = keep_end(result.output, max_output, job.output_size);
  result.errors_dropped = keep_end(result.errors, max_output, job.errors_size);
  return ended;
}

}  // namespace opshost::ssh
