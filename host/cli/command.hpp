#pragma once
// What a command of opshost declares: its options, its arguments, what it does. parser.cpp makes the command line and
// its help from it.
#include <functional>
#include <string>
#include <vector>

namespace opshost::cli {

struct Option {
  std::string name;        ///< "--memory"
  std::string value_name;  ///< "SIZE"; empty: a flag
  std::string doc;
  std::function<void(const std::string&)> set;  ///< gets "" for a flag; throws Error("usage.option") for a bad value
};

struct Command {
  std::string name;
  std::string summary;
  std::string arguments;  ///< "SCRIPT [ARGUMENT...]", for usage lines
  std::size_t required_arguments = 0;
  /// Everything after the first argument belongs to the script, options too.
  bool arguments_are_the_scripts = false;
  std::vector<Option> options{};
  std::function<int(const std::vector<std::string>& arguments)> run{};  ///< returns the exit code
};

/// Runs the command the arguments name; returns the exit code. Usage errors are said on stderr, with the nearest name.
int run_command_line(const std::vector<Command>& commands, int argc, const char* const* argv);

}  // namespace opshost::cli
