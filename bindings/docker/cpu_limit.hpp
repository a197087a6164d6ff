#pragma once
// How many processors' time a container gets, in the fields of the engine's API.
#include "host/base/value.hpp"

namespace opshost::docker {

/// Adds the limit to a HostConfig or an update. `version` is the API version spoken: before 1.25 it is a quota in each
/// tenth of a second, which is what newer engines make of it themselves.
void add_cpu_limit(ValueMap& host, double cpus, int version);

}  // namespace opshost::docker
