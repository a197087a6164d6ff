// JSON: into a Value and into a record. What is read is written and read back as the same.
#include "host/base/error.hpp"
#include "host/base/json_text.hpp"
#include "host/json/record.hpp"
#include "tests/fuzz/property.hpp"

namespace opshost::fuzz {

struct Part {
  std::string name{};
  std::optional<std::int32_t> count{};
};
OPSHOST_RECORD(Part, "A part", (name, "its name", required), (count, "how many"))

struct Whole {
  std::vector<Part> parts{};
  std::map<std::string, std::vector<double>> series{};
  Duration timeout{};
  Size size{};
  Value rest{};
};
OPSHOST_RECORD(Whole, "A whole", (parts, "its parts"), (series, "numbers"), (timeout, "a duration"), (size, "a size"),
               (rest, "anything"))

template <class T>
std::optional<T> read(const std::string& text) {
  try {
    return json::read<T>(text, "input");
  } catch (const Error& error) {
    holds(error.message().starts_with("input:"), "an error names the place");
    return std::nullopt;
  }
}

}  // namespace opshost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace opshost;
  const std::string text = text_of(bytes, size);
  fuzz::read<fuzz::Whole>(text);
  const auto value = fuzz::read<Value>(text);
  if (!value) return 0;
  const std::string json = json_text(*value);
  const auto again = fuzz::read<Value>(json);
  holds(again.has_value() && json_text(*again) == json, "a document reads back");
  return 0;
}
