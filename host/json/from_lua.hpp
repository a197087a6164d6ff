#pragma once
// Lua values as JSON text.
#include <lua.hpp>
#include <string>

#include "host/lua/record.hpp"

namespace opshost::json {

enum class Bytes : std::uint8_t { refuse, raw };
OPSHOST_ENUM(Bytes, "What becomes of a text that is no UTF-8", (refuse, "refuse"), (raw, "raw"))

struct WriteOptions {
  std::uint8_t indent = 0;
  Bytes bytes = Bytes::refuse;
};
OPSHOST_RECORD(WriteOptions, "How to write JSON", (indent, "spaces a level is indented by; 0 writes one line"),
               (bytes,
                "\"raw\" writes a text that is no UTF-8 as it is, which `from_json` reads back and others may not"))

/// The value at `index`. Names are sorted, so that equal tables read the same. Throws Error
///   data.unwritable   JSON has no word for it: a function, a handle, NaN, a list with a hole, a text that is no UTF-8
///   data.limit        nested too deeply, or a table inside itself
/// and PlanUnknown where a plan's unknown is in it;
/// whose message names the place ("services[2].port"). May raise (memory).
std::string write_json(lua_State* state, int index, const WriteOptions& options);

}  // namespace opshost::json
