#include "host/cli/print_values.hpp"

#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

void print_values(lua_State* thread, int count) {
  const int first = lua_gettop(thread) - count + 1;
  for (int index = first; index < first + count; ++index) {
    if (lua::is_error(thread, index)) {
      standard_output().write(lua::one_line(lua::to_error(thread, index), {}) + "\n");
      continue;
    }
    const auto value = lua::value_from_lua(thread, index);
    const auto* text = value.get_if<std::string>();
    standard_output().write((text != nullptr ? *text : describe(value, 4096)) + "\n");
  }
}

}  // namespace opshost::cli
