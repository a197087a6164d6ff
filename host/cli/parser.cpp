#include <CLI/CLI.hpp>
#include <algorithm>
#include <span>

#include "host/base/error.hpp"
#include "host/base/names.hpp"
#include "host/cli/command.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/cli/session.hpp"
#include "host/log/error_output.hpp"
#include "host/log/log.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

constexpr int kUsageError = static_cast<int>(ExitCode::script_error);

int usage_error(const std::string& text, const std::string& command) {
  const std::string help = command.empty() ? "opshost --help" : "opshost " + command + " --help";
  say("opshost: " + text + "\n`" + help + "` shows what there is.\n");
  return kUsageError;
}

std::string overview(const std::vector<Command>& commands) {
  std::string text =
      "opshost runs Lua procedures against clusters.\n\nUsage: opshost COMMAND [OPTION...] [ARGUMENT...]\n\n";
  for (const auto& command : commands) {
    text += "  " + command.name + std::string(10 - std::min<std::size_t>(command.name.size(), 9), ' ') +
            command.summary + "\n";
  }
  return text + "\n`opshost COMMAND --help` shows a command's options, `opshost help` how to write a script.\n";
}

const Command* find(const std::vector<Command>& commands, const std::string& name) {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const Command& command) { return command.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

std::string unknown_option_text(const Command& command, const std::string& given) {
  std::vector<std::string> names{"--help"};
  for (const auto& option : command.options) names.push_back(option.name);
  const auto name = given.substr(0, given.find('='));
  return "unknown option \"" + name + "\" of " + command.name + did_you_mean(name, names);
}

/// The option that lacks its value is the last word.
std::string missing_value_text(const Command& command, const std::string& last_word) {
  const auto option = std::find_if(command.options.begin(), command.options.end(),
                                   [&](const Option& known) { return known.name == last_word; });
  if (option == command.options.end()) return "an option of " + command.name + " has the wrong number of values";
  return option->name + " needs a value: " + option->name + " " + option->value_name;
}

std::string options_text(const Command& command) {
  std::string text;
  for (const auto& option : command.options) {
    const auto left = "  " + option.name + (option.value_name.empty() ? "" : " " + option.value_name);
    text += left + std::string(left.size() < 22 ? 22 - left.size() : 2, ' ') + option.doc + "\n";
  }
  return text.empty() ? text : "\nOptions:\n" + text;
}

void declare(CLI::App& app, const Command& command, std::vector<std::string>& arguments) {
  if (command.arguments_are_the_scripts) app.positionals_at_end(false);
  for (const auto& option : command.options) {
    if (option.value_name.empty()) {
      app.add_flag_callback(option.name, [&option] { option.set({}); }, option.doc);
    } else {
      // Given twice, it is set twice: folders add up, of other values the last one counts.
      const auto set_all = [&option](const std::vector<std::string>& values) {
        for (const auto& value : values) option.set(value);
      };
      app.add_option_function<std::vector<std::string>>(option.name, set_all, option.doc)
          ->type_name(option.value_name)
          ->allow_extra_args(false);
    }
  }
  app.add_option("arguments", arguments, "")->group("");
  app.allow_extras();
}

/// Where the script's own words begin: CLI11 would take its options for ours.
std::size_t first_script_argument(const Command& command, std::span<const char* const> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--" || word == "-" || !word.starts_with('-')) return i;
    const auto option = std::find_if(command.options.begin(), command.options.end(),
                                     [&](const Option& known) { return known.name == word; });
    if (option != command.options.end() && !option->value_name.empty()) ++i;
  }
  return words.size();
}

int parse_and_run(const Command& command, std::span<const char* const> words) {
  CLI::App app;
  std::vector<std::string> arguments;
  declare(app, command, arguments);
  std::vector<std::string> ours(words.begin(), words.end());
  std::vector<std::string> scripts;
  if (command.arguments_are_the_scripts) {
    const auto split = first_script_argument(command, words);
    ours.assign(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(split));
    scripts.assign(words.begin() + static_cast<std::ptrdiff_t>(split), words.end());
    if (!scripts.empty() && scripts.front() == "--") scripts.erase(scripts.begin());
  }
  const std::string last_word = ours.empty() ? "" : ours.back();
  std::reverse(ours.begin(), ours.end());  // CLI11 takes them last first
  try {
    app.parse(ours);
  } catch (const CLI::CallForHelp&) {
    standard_output().write("Usage: opshost " + command.name + " [OPTION...] " + command.arguments + "\n\n" +
                            command.summary + "\n" + options_text(command));
    return 0;
  } catch (const CLI::ArgumentMismatch&) {
    return usage_error(missing_value_text(command, last_word), command.name);
  } catch (const CLI::ParseError& error) {
    return usage_error(std::string(error.what()), command.name);
  }
  for (const auto& extra : app.remaining()) {
    if (extra.starts_with('-') && extra != "-") return usage_error(unknown_option_text(command, extra), command.name);
    arguments.push_back(extra);
  }
  arguments.insert(arguments.end(), scripts.begin(), scripts.end());
  if (arguments.size() < command.required_arguments) {
    return usage_error(command.name + " needs " + command.arguments, command.name);
  }
  if (command.arguments.empty() && !arguments.empty()) {
    return usage_error(command.name + " takes no arguments, got \"" + arguments.front() + "\"", command.name);
  }
  return command.run(arguments);
}

}  // namespace

namespace {

int run_words(const std::vector<Command>& commands, int argc, const char* const* argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 2) {
    standard_output().write(overview(commands));
    return 0;
  }
  const std::string name = words[1];
  if (name == "--help" || name == "-h") {
    standard_output().write(overview(commands));
    return 0;
  }
  const auto* command = find(commands, name == "--version" ? "version" : name);
  if (command == nullptr) {
    std::vector<std::string> names;
    for (const auto& known : commands) names.push_back(known.name);
    return usage_error("unknown command \"" + name + "\"" + did_you_mean(name, names), {});
  }
  try {
    const int exit_code = parse_and_run(*command, words.subspan(2));
    standard_output().flush();
    return exit_code;
  } catch (const Error& error) {
    if (error.code().starts_with("usage.")) return usage_error(error.message(), command->name);
    log_in_file(Level::error, error.message(), {{"code", error.code()}});
    say("opshost: " + error.message() + "\n");
    return kUsageError;
  }
}

}  // namespace

int run_command_line(const std::vector<Command>& commands, int argc, const char* const* argv) {
  constexpr int kSignalled = 128;
  const int exit_code = run_words(commands, argc, argv);
  // Who interrupted the run does not wait for a reader that stands still; everybody else wants the last message read.
  if (exit_code > kSignalled) {
    standard_error().flush_within(kReaderPatience);
  } else {
    standard_error().flush();
  }
  return exit_code;
}

}  // namespace opshost::cli
