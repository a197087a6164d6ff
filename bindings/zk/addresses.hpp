#pragma once
// Where the servers of an ensemble are: the library is only ever given numbers, since it would wait for a name server
// with the loop standing still.
#include <string>
#include <vector>

#include "bindings/zk/hosts.hpp"
#include "host/fiber/call.hpp"

namespace opshost::zk {

/// "10.0.0.1:2181,::1:2181", as the library reads it. A name that cannot be looked up is left out while another can.
/// Throws Error("zk.unreachable") where none can.
Awaitable<std::string> library_addresses(Call& call, std::vector<HostPort> servers);

}  // namespace opshost::zk
