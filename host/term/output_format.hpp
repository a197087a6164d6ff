#pragma once

namespace opshost {

/// --json: what scripts print through ops.print is one JSON document a line. Set once, before a script runs.
void use_json_output(bool json);
bool is_json_output();

}  // namespace opshost
