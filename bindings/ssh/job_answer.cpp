#include "bindings/ssh/job_answer.hpp"

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

std::vector<std::string> with_directory(const std::optional<std::string>& cwd, const Command& command) {
  std::vector<std::string> arguments{cwd.value_or("")};
  arguments.insert(arguments.end(), command.argv.begin(), command.argv.end());
  return arguments;
}

std::string no_place(const CommandResult& answer) {
  if (!answer.output.starts_with(kNoPlace)) return {};
  return answer.output.substr(kNoPlace.size(), answer.output.find('\n') - kNoPlace.size());
}

JobStatus take_status(const Connection& connection, const std::string& name, CommandResult& answer,
                      const std::string& mark) {
  if (const std::string why = no_place(answer); !why.empty()) throw job_error(connection, name, why);
  const auto line = take_line(answer.output, mark);
  const std::size_t space = line ? line->find(' ') : std::string::npos;
  const std::string word = line ? line->substr(0, space) : std::string();
  const std::string rest = space == std::string::npos ? std::string() : line->substr(space + 1);
  JobStatus status;
  if (word == "running") {
    status.state = JobState::running;
    status.pid = number(rest);
  } else if (word == "ended" && number(rest)) {
    status.state = JobState::ended;
    status.exit_code = number(rest);
  } else if (word == "unknown") {
    status.state = JobState::unknown;
    status.reason = rest;
  } else if (word != "never") {
    throw job_error(connection, name, "the host does not answer for it" + what_it_wrote(answer.output, answer.errors));
  }
  return status;
}

CommandResult result_of(const Connection& connection, const std::string& name, CommandResult answer,
                        const std::string& mark) {
  const JobStatus status = take_status(connection, name, answer, mark);
  if (status.state != JobState::ended) {
    const Error error =
        job_error(connection, name, status.reason.value_or("it did not begin") + "; look there what it has done");
    throw Error(error).maybe_applied(status.state == JobState::unknown);
  }
  answer.exit_code = status.exit_code;
  answer.signal.reset();
  return answer;
}

}  // namespace opshost::ssh
