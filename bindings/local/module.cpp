#include "bindings/local/module.hpp"

#include "bindings/local/process.hpp"

namespace opshost::local {

void declare(lua::Module& module) {
  using namespace lua;
  module.subject("this machine");
  module.doc("Runs programs and works with files where opshost itself runs.");
  module.observe("read", run_process, {{"command", "the program and its arguments"}, {"options", "how to run it"}},
                 "Run a program that only reads", Raises{"local.exit", "local.timeout"});
  module.change("run", run_process, {{"command", "the program and its arguments"}, {"options", "how to run it"}},
                "Run a program that changes something", Raises{"local.exit", "local.timeout"});
}

}  // namespace opshost::local
