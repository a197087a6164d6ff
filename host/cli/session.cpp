#include "host/cli/session.hpp"

#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "host/base/json_text.hpp"
#include "host/base/names.hpp"
#include "host/base/secret.hpp"
#include "host/base/utf8.hpp"
#include "host/cli/advice.hpp"
#include "host/log/error_output.hpp"
#include "host/log/log.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/script_files.hpp"
#include "host/term/output.hpp"
#include "host/term/output_format.hpp"

namespace opshost::cli {

namespace {

Option flag(const char* name, const char* doc, std::function<void()> set) {
  return {.name = name, .value_name = "", .doc = doc, .set = [set = std::move(set)](const std::string&) { set(); }};
}

void set_memory(SessionOptions& options, const std::string& text) {
  constexpr Size kLeast = 8_MiB;
  const auto size = parse_size(text);
  if (!size || size->bytes < kLeast.bytes) {
    throw Error("usage.option", "--memory takes a size of at least 8MiB (\"2GiB\"), got \"" + text + "\"");
  }
  options.vm.memory = *size;
}

Value error_document(const Outcome& outcome, const std::string& advice) {
  const auto& error = outcome.error;
  return ValueMap{{"code", error.code()},
                  {"message", error.message()},
                  {"op", error.op()},
                  {"target", error.target()},
                  {"at", outcome.at},
                  {"retryable", error.is_retryable()},
                  {"maybe_applied", error.is_maybe_applied()},
                  {"detail", error.detail()},
                  {"advice", advice},
                  {"exit_code", outcome.exit_code}};
}

std::string causes_text(const Error& error) {
  std::string text;
  for (const auto* cause = error.cause().get(); cause != nullptr; cause = cause->cause().get()) {
    text += "  because: " + lua::one_line(*cause, {}) + "\n";
  }
  return text;
}

}  // namespace

void say(const std::string& text) {
  standard_output().release();
  std::string shown;
  std::istringstream lines(redact(text));
  for (std::string line; std::getline(lines, line);) shown += printable(line) + (lines.eof() ? "" : "\n");
  standard_error().write(shown);
}

std::vector<Option> inventory_options(InventoryChoice& choice) {
  return {{.name = "--inventory",
           .value_name = "FILE",
           .doc = "the site's hosts, for ops.inventory.hosts",
           .set = [&choice](const std::string& file) { choice.file = file; }},
          {.name = "--limit",
           .value_name = "HOSTS",
           .doc = "which of them: 'db*,!db3,@group'",
           .set = [&choice](const std::string& limit) { choice.limit = limit; }}};
}

std::vector<Option> session_options(const std::shared_ptr<SessionOptions>& options) {
  std::vector<Option> all{
      {.name = "--memory",
       .value_name = "SIZE",
       .doc = "what the script may use (1GiB)",
       .set = [options](const std::string& text) { set_memory(*options, text); }},
      {.name = "--scripts",
       .value_name = "FOLDER",
       .doc = "look for script libraries here first",
       .set = [options](const std::string& folder) { options->script_folders.push_back(folder); }},
      {.name = "--log",
       .value_name = "FILE",
       .doc = "append every message to FILE as JSON lines",
       .set = [options](const std::string& file) { options->log_file = file; }},
      flag("--verbose", "show what is done, not only what is wrong", [options] { options->verbose = true; }),
      flag("--observe-only", "refuse every change", [options] { options->observe_only = true; }),
      flag("--jit", "compile hot loops; they no longer react to Ctrl-C and deadlines",
           [options] { options->vm.jit = true; }),
      flag("--unsafe-lua", "give scripts ffi, debug, os.execute, io.popen and bytecode",
           [options] { options->vm.unsafe_lua = true; }),
  };
  // The options live as long as what sets them.
  for (auto& option : inventory_options(options->inventory)) {
    option.set = [options, set = std::move(option.set)](const std::string& text) { set(text); };
    all.push_back(std::move(option));
  }
  return all;
}

Option json_option(const std::shared_ptr<SessionOptions>& options, const char* doc) {
  return flag("--json", doc, [options] { options->json = true; });
}

std::unique_ptr<Runtime> open_session(const SessionOptions& options, const Modules& modules) {
  log_to_stderr(options.verbose ? Level::debug : Level::warn);
  if (options.log_file) log_to_file(*options.log_file);
  auto vm = options.vm;
  vm.script_path = options.script_folders;
  for (auto& folder : lua::default_script_folders()) vm.script_path.push_back(std::move(folder));
  auto runtime = std::make_unique<Runtime>(std::move(vm), modules);
  runtime->gate().observe_only = options.observe_only;
  use_json_output(options.json);
  choose_inventory(options.inventory);
  return runtime;
}

void choose_inventory(const InventoryChoice& choice) {
  if (choice.limit && !choice.file) {
    throw Error("usage.option", "--limit selects from an inventory; name it with --inventory FILE");
  }
  use_inventory(choice);
}

std::optional<int> read_inventory(const SessionOptions& options, Runtime& runtime) {
  if (!options.inventory.file) return std::nullopt;
  const auto outcome = runtime.run_text("require('ops.inventory').hosts()", "=[opshost] --inventory", {});
  if (outcome.returned) return std::nullopt;
  report(outcome, options, runtime);
  return outcome.exit_code;
}

void report(const Outcome& outcome, const SessionOptions& options, Runtime& runtime, ValueMap document) {
  const auto& error = outcome.error;
  if (error.code() == "exit") return;
  // Who interrupts does not wait for a reader that stands still.
  if (error.code() == "interrupted") standard_output().flush_within(kReaderPatience);
  const auto advice = advice_for(error, runtime);
  log_in_file(Level::error, lua::one_line(error, outcome.at),
              {{"code", error.code()}, {"at", outcome.at}, {"exit_code", std::to_string(outcome.exit_code)}});
  if (options.json) {
    document.emplace_back("error", error_document(outcome, advice));
    standard_output().write(json_text(document) + "\n");
  }
  std::string text = "opshost: " + lua::one_line(error, outcome.at) + "\n" + causes_text(error);
  const bool says_more = outcome.traceback != "  " + outcome.at + "\n";
  if (says_more) text += outcome.traceback;
  if (!advice.empty()) text += "What to do: " + advice + ".\n";
  say(text);
}

namespace {

lua::ScriptSource find_script_source(const std::string& name, Runtime& runtime) {
  if (name == "-") return lua::read_script_from_stdin();
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored) || name.ends_with(".lua") || name.find('/') != std::string::npos) {
    auto source = lua::read_script_file(name);
    const auto folder = std::filesystem::path(name).parent_path().string();
    runtime.vm().set_script_folder(folder.empty() ? "." : folder);
    return source;
  }
  if (auto source = lua::find_script(name, runtime.vm().options().script_path)) return *source;
  std::vector<std::string> names;
  for (const auto& listing : lua::list_scripts(runtime.vm().options().script_path)) names.push_back(listing.name);
  throw Error("script.not_readable", "there is neither a file nor a script library \"" + name + "\"" +
                                         did_you_mean(name, names) + "; `opshost scripts` lists the libraries");
}

}  // namespace

lua::ScriptSource find_named_script(const std::string& name, Runtime& runtime) {
  auto source = find_script_source(name, runtime);
  runtime.vm().note_loaded(source);
  return source;
}

}  // namespace opshost::cli
