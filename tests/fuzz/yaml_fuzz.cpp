// YAML: what is read is written and read back as the same.
#include "bindings/data/yaml/value.hpp"
#include "host/base/error.hpp"
#include "tests/fuzz/property.hpp"

/// libfyaml 0.7 forgets a small buffer for some texts it refuses.
// NOLINTNEXTLINE(bugprone-reserved-identifier): LeakSanitizer's own name
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace opshost;
  const std::string text = text_of(bytes, size);
  Value value;
  try {
    value = data::yaml::read(text, "input");
  } catch (const Error& error) {
    holds(error.message().starts_with("input:"), "an error names the place");
    return 0;
  }
  std::string written;
  try {
    written = data::yaml::write(value);
  } catch (const Error& error) {
    holds(error.code() == "data.unwritable", "only what YAML has no word for is not written");
    return 0;
  }
  holds(describe(data::yaml::read(written, "written"), written.size()) == describe(value, written.size()),
        "a document reads back");
  return 0;
}
