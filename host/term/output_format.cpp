#include "host/term/output_format.hpp"

namespace opshost {

namespace {
bool& json_output() {
  static bool json = false;
  return json;
}
}  // namespace

void use_json_output(bool json) { json_output() = json; }
bool is_json_output() { return json_output(); }

}  // namespace opshost
