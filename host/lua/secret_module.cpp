#include "host/lua/secret_module.hpp"

#include "host/gate/touches_nothing.hpp"
#include "host/lua/secret_sources.hpp"

namespace opshost::lua {

void declare_secret(Module& module) {
  module.subject(gate::kTouchesNothing);
  module.doc(
      "A secret is opaque: scripts hand it to a binding, which alone can open it. Wherever opshost shows or writes "
      "something (output, log, errors, plan, journal), `***` stands in its place: for the secret itself, for its value "
      "from 6 characters on (also base64, URL- or JSON-escaped), and for what stands behind `IDENTIFIED BY` or a name "
      "like `DB_PASSWORD`.");
  module.observe("env", secret_from_environment, {{"name", "the variable"}}, "Take a secret from the environment",
                 Raises{"secret.not_found"});
  module.observe("file", secret_from_file, {{"path", "a file of mode 0600 or less, ours or root's"}},
                 "Take a secret from a file; a line break at its end is no part of it",
                 Raises{"secret.not_found", "secret.not_private", "secret.not_readable", "secret.empty",
                        "secret.too_large", "usage.argument"});
  module.observe("input", secret_from_person, {{"question", "what to ask for: \"Password of admin\""}},
                 "Ask the person at the terminal; what is typed is not shown", Raises{"answer.needed", "secret.empty"},
                 Timeout{std::chrono::hours(24)});
  module.error("secret.not_found", "there is no secret where one was said to be", "put it there, or correct the name");
  module.error("secret.not_private", "others can read or change the file of a secret",
               "chmod 0600 the file, and make it yours");
  module.error("secret.not_readable", "the file of a secret cannot be read", "the message has the system's words");
  module.error("secret.empty", "there is nothing where the secret should be", "put it there");
  module.error("secret.too_large", "what a file or command gives is too long for a secret",
               "name what gives the secret alone");
}

}  // namespace opshost::lua
