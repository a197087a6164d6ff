#include "bindings/ssh/errors.hpp"

namespace opshost::ssh {

const char* stage_name(Stage stage) {
  const char* found = "";
  opshost_enum_choices(&stage, [&](Stage choice, const char* name) {
    if (choice == stage) found = name;
  });
  return found;
}

}  // namespace opshost::ssh
