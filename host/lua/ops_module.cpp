#include "host/lua/ops_module.hpp"

#include "host/gate/touches_nothing.hpp"
#include "host/lua/shell_line.hpp"

namespace opshost::lua {

namespace {

std::shared_ptr<ShellLine> shell(std::string line) { return std::make_shared<ShellLine>(ShellLine{std::move(line)}); }

}  // namespace

void declare_ops(Module& module) {
  module.subject(gate::kTouchesNothing);
  module.type<ShellLine>("ShellLine", "A line a shell reads, accepted wherever a command is", &ShellLine::subject);
  module.type<Secret>("Secret", "A value only a binding may open; printed and logged as ***", &Secret::shown);
  module.observe("shell", shell, {{"line", "as you would type it; /bin/sh -c reads it"}},
                 "A command that needs a shell: pipes, globs, redirections",
                 Returns{"pass it where a command's arguments go"},
                 Example{"local local_ = require \"local\"\n"
                         "local ops = require \"ops\"\n"
                         "print(local_.read(ops.shell \"printf 'b\\\\na\\\\n' | sort\").stdout)"});
  module.error("closed", "the handle was closed by this script", "open it again, or close it later");
  module.error("cancelled", "a sibling failed, or the group was left", "look at the first error of the group");
  module.error("interrupted", "Ctrl-C, SIGTERM or SIGHUP", "go on when you are ready: run it again, or resume it");
  module.error("deadline.exceeded", "an enclosing ops.deadline, or the run's own limit, was reached",
               "give it more time, or look at what it was waiting for");
  module.error("plan.unknown", "a plan needed a value that only the run will have",
               "nothing: the plan says where it stops knowing");
  module.error("usage.argument", "an argument has the wrong type, or a field nobody knows", "correct the call");
  module.error("usage.unknown_name", "a module or record has no such name", "use the name the message suggests");
  module.error("usage.unknown_method", "a handle has no such method", "use the name the message suggests");
  module.error("usage.read_only", "a module or library was assigned to", "keep your own functions in a local table");
  module.error("script.error", "the script raised an error of its own, or has a mistake in it",
               "look at the line it names");
  module.error("script.undeclared", "a name was used that nobody declared", "write `local` before its first use");
  module.error("script.syntax", "the file is no valid Lua",
               "correct the line it names; `opshost check FILE` looks again");
  module.error("script.memory", "the script needs more memory than it may use", "raise the limit with --memory");
  module.error("script.no_module", "require found no such module", "use the name the message suggests");
  module.error("script.not_readable", "the file cannot be run", "the message says why");
  module.error("script.require_loop", "modules require each other in a circle", "move what both need into a third one");
  module.error("script.cannot_yield", "a coroutine yields inside of a deadline, a clean-up or a step that it is in",
               "end the block before the yield, or use ops.group, whose fibers wait by themselves");
  module.error("script.cannot_wait", "a call that waits stands where Lua cannot be suspended",
               "collect the answers before sorting or replacing");
  module.error("script.coroutine_waits", "a coroutine was resumed while it waits in a call of another fiber",
               "resume it from the fiber that runs it");
  module.error("gate.observe_only", "a change was asked for under --observe-only", "run it without the option");
  module.error("gate.undeclared", "a procedure used what its `uses` does not declare",
               "declare it there, if it may do this");
  module.error("gate.outside_step", "a procedure changed something outside of a step",
               "put the change into a step's run");
  module.error("gate.after_unrepeatable", "a second change follows one that cannot be sent again",
               "give each a step of its own");
  module.error("gate.not_repeatable", "a clean-up made a change that is not repeatable",
               "say repeatable = true where sending it again ends in the same state, or use a change that does");
  module.error("gate.not_confirmed", "a person said no", "nothing was sent");
  module.error("answer.needed", "a person has to answer and there is no terminal",
               "run it on a terminal, or answer as the message says");
  module.error("stream.busy", "a stream is read by two fibers at once", "let one read it, or ask for a stream each");
  module.error("stream.failed", "a stream was read on after an error ended it", "ask for a new one");
  module.error("host.thread_limit", "no thread could be started for a call that blocks",
               "lower `parallel`, or raise the limit on threads (ulimit -u)");
  module.error("internal.exception", "a defect of opshost", "please report it, with the message");
  module.error("internal.declaration", "a module of opshost declares itself wrongly",
               "please report it, with the message");
}

}  // namespace opshost::lua
