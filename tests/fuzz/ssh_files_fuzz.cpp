// What SSH reads from files that others wrote: keys, known hosts, configuration. None of it may crash or hang.
#include "bindings/ssh/client_config.hpp"
#include "bindings/ssh/known_hosts.hpp"
#include "bindings/ssh/private_key.hpp"
#include "bindings/ssh/wire.hpp"
#include "host/base/error.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opshost::ssh;
  const std::string text = text_of(data, size);
  for (const KnownKey& key : KnownHosts::parse(text, "known_hosts").keys_of("db1")) {
    holds(key_type(key.key) == key.type, "a key is of the type that its line names");
  }
  try {
    ClientConfigReader reader("db1", "/nonexistent", [&](const std::string& path) -> std::optional<std::string> {
      return path == "config" ? std::optional(text) : std::nullopt;
    });
    reader.add_file("config");
    holds(reader.take().identity_files.size() <= text.size(), "no more values than text");
  } catch (const opshost::Error& error) {
    holds(error.code() == "ssh.config", "bad configuration is named so");
  }
  try {
    const auto key = PrivateKey::parse(text, std::nullopt);
    holds(!key->public_key().empty(), "a private key has a public one");
  } catch (const opshost::Error& error) {
    holds(error.code() == "ssh.key", "a bad key is named so");
  }
  return 0;
}
