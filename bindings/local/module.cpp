#include "bindings/local/module.hpp"

#include "bindings/local/files.hpp"
#include "bindings/local/process.hpp"
#include "bindings/local/system_error.hpp"

namespace opshost::local {

namespace {

using namespace lua;

// A change returns no boolean: a plan could not know it, and "already so" is no news.
Awaitable<void> mkdir(Call& call, std::string path, MkdirOptions options) {
  co_await make_directory(call, std::move(path), std::move(options));
}

Awaitable<void> delete_file(Call& call, std::string path, DeleteOptions options) {
  co_await delete_path(call, std::move(path), options);
}

// Ends with opshost, so making it is no change of this machine and needs no step.
Awaitable<std::string> temp(Call& call, TempOptions options) { return make_temp(call, std::move(options)); }

const Raises kRunRaises{"local.exit",       "local.signal", "local.timeout",      "local.not_found",
                        "local.permission", "local.cwd",    "local.user_unknown", "local.system"};
const Raises kReadsFiles{"local.not_found", "local.permission", "local.wrong_type", "local.system"};
const Raises kWritesFiles{"local.not_found", "local.permission", "local.wrong_type",
                          "local.read_only", "local.no_space",   "local.system"};

void declare_commands(Module& module) {
  module.observe("read", run_process, {{"command", "the program and its arguments"}, {"options", "how to run it"}},
                 "Run a program that only reads; a plan runs it too", kRunRaises, Returns{"what it answered"},
                 Example{"local machine = require \"local\"\n"
                         "local result = machine.read({\"uname\", \"-s\"})\n"
                         "print(result.exit_code, result.stdout)"});
  module.change("run", run_process, {{"command", "the program and its arguments"}, {"options", "how to run it"}},
                "Run a program that changes something; a plan only shows it", kRunRaises, Returns{"what it answered"},
                Example{"local machine = require \"local\"\n"
                        "local folder = machine.temp()\n"
                        "machine.run({\"touch\", folder .. \"/ready\"})\n"
                        "machine.run({\"sh\", \"-c\", \"exit 3\"}, { accept = { 0, 3 } })"});
}

void declare_reading(Module& module) {
  module.observe("read_file", read_file, {{"path", "the file"}, {"options", "how to read it"}}, "Read a whole file",
                 kReadsFiles, Raises{"local.too_large"}, Touches{"this machine", 1}, Returns{"its bytes"});
  module.observe("stat", stat_path, {{"path", "the file, directory or link"}, {"options", "how to look"}},
                 "Tell type, size, owner and mode of a path", kReadsFiles, Touches{"this machine", 1});
  module.observe("exists", find_path, {{"path", "the file, directory or link"}},
                 "Tell whether a path leads to something, and to what", Raises{"local.permission", "local.system"},
                 Touches{"this machine", 1}, Returns{"nil where nothing is"});
  module.observe("list", list_directory, {{"path", "the directory"}, {"options", "what of it"}},
                 "List a directory, by name", kReadsFiles, Raises{"local.too_large"}, Touches{"this machine", 1});
  module.observe("checksum", checksum, {{"path", "the file"}, {"options", "which checksum"}},
                 "Compute the checksum of a file", kReadsFiles, Touches{"this machine", 1},
                 Returns{"lower-case hexadecimal digits"});
  module.observe("temp", temp, {{"options", "what kind of place"}},
                 "Make a temporary directory or file; it is deleted when opshost ends", kWritesFiles,
                 Returns{"its path"});
}

void declare_writing(Module& module) {
  module.change("write_file", write_file,
                {{"path", "the file"}, {"content", "its new bytes"}, {"options", "mode, owner, group, parents"}},
                "Replace a file's content at once: readers see the old or the new", Repeatable{}, kWritesFiles,
                Raises{"local.user_unknown"}, Touches{"this machine", 1});
  module.change("mkdir", mkdir, {{"path", "the directory"}, {"options", "mode, owner, group, parents"}},
                "Make a directory, unless it exists", Repeatable{}, kWritesFiles, Raises{"local.user_unknown"},
                Touches{"this machine", 1});
  module.change("chmod", change_mode, {{"path", "the file or directory"}, {"mode", "\"0644\""}},
                "Set the permissions of a path", Repeatable{}, kWritesFiles, Touches{"this machine", 1});
  module.destroy("delete", delete_file, {{"path", "the file, link or directory"}, {"options", "recursive or not"}},
                 "Delete a file or directory, unless it is gone", Repeatable{}, kWritesFiles,
                 Raises{"local.not_empty", "local.refused"}, Touches{"this machine", 1});
}

void declare_errors(Module& module) {
  module.error<CommandResult>("local.exit", "the program ended with an exit code that was not accepted",
                              "read its stderr in the message; list the code in `accept` where it is an answer");
  module.error<CommandResult>("local.signal", "the program was ended by a signal that was not ours",
                              "look for who sent it: the out-of-memory killer, an administrator, a crash");
  module.error<StoppedCommand>("local.timeout", "there was no answer within `timeout`; a program was ended",
                               "give it more time with `timeout`, or find out what it waits for");
  module.error<SystemFailure>("local.not_found", "the program, file or directory does not exist",
                              "correct the name; the message shows the nearest one there is");
  module.error<SystemFailure>("local.permission", "the operating system does not let us",
                              "run opshost as a user that may, or change the permissions");
  module.error<SystemFailure>("local.cwd", "the directory to start in cannot be entered", "correct `cwd`");
  module.error<SystemFailure>("local.user_unknown", "this machine has no such user or group", "correct the name");
  module.error<SystemFailure>("local.wrong_type", "a directory stands where a file is needed, or the other way round",
                              "correct the path");
  module.error<SystemFailure>("local.read_only", "the file system is mounted read-only",
                              "remount it, or write elsewhere");
  module.error<SystemFailure>("local.no_space", "the file system or the quota is full", "make room, then run it again");
  module.error<SystemFailure>("local.too_large", "there is more than the limit lets into memory",
                              "raise the limit the message names, or look at less");
  module.error<SystemFailure>("local.not_empty", "a directory with something in it was to be deleted",
                              "say recursive = true if all of it shall go");
  module.error<SystemFailure>("local.refused", "nobody deletes that on purpose", "name what shall go more exactly");
  module.error<SystemFailure>("local.system", "the operating system refused for another reason",
                              "the message has its words");
}

}  // namespace

void declare(Module& module) {
  module.subject("this machine");
  module.doc(
      "Runs programs and works with files where opshost itself runs. A relative path starts at opshost's own "
      "working directory; \"~\" is not expanded.");
  module.example(
      "local machine = require \"local\"\n"
      "local result = machine.read({\"uptime\"})\n"
      "print(result.stdout)");
  declare_commands(module);
  declare_reading(module);
  declare_writing(module);
  declare_errors(module);
}

}  // namespace opshost::local
