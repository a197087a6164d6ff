// What a script or an inventory names to ZooKeeper: servers, and paths of nodes.
#include "bindings/zk/hosts.hpp"
#include "bindings/zk/path.hpp"
#include "host/base/error.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace opshost;

void fuzz_hosts(const std::string& text) {
  try {
    for (const zk::HostPort& server : zk::parse_hosts(text)) {
      holds(!server.host.empty() && server.port != 0, "a server has a host and a port");
      // What was parsed is named so that it parses to the same server.
      const auto again = zk::parse_hosts(zk::text_of(server));
      holds(again.size() == 1 && again[0].host == server.host && again[0].port == server.port,
            "a server's text names that server");
    }
  } catch (const Error& error) {
    holds(error.code() == "usage.argument", "what names no server is refused as an argument");
  }
}

void fuzz_path(const std::string& text, bool sequential) {
  try {
    zk::check_path(text, sequential);
    holds(text.front() == '/' && text.find('\0') == std::string::npos, "a path is absolute, and C text");
    if (text != "/")
      holds(zk::join(zk::parent_of(text), zk::name_of(text)) == text, "a path is its parent and its name");
  } catch (const Error& error) {
    holds(error.code() == "usage.argument", "what is no path is refused as an argument");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = text_of(data, size);
  fuzz_hosts(text);
  fuzz_path(text, false);
  fuzz_path(text, true);
  return 0;
}
