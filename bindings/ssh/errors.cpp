#include "bindings/ssh/errors.hpp"

namespace opshost::ssh {

const char* stage_name(Stage stage) {
  const char* found = "";
  opshost_enum_choices(&stage, [&](Stage choice, const char* name) {
    if (choice == stage) found = name;
  });
  return found;
}

Error lost_error(const std::string& name, Stage stage, const std::string& why) {
  return Error("ssh.lost", name + ": " + stage_name(stage) + ": the connection was lost: " + why).on(name);
}

}  // namespace opshost::ssh
