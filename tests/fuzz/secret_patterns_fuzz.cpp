// Secrets known by what stands before them: one that is planted is found whatever stands around it, and what is found
// lies within the text.
#include "host/base/secret_index.hpp"
#include "host/base/secret_patterns.hpp"
#include "tests/fuzz/property.hpp"

namespace {

std::string redacted(const std::string& text) {
  auto found = opshost::find_secret_values(text);
  std::size_t end = 0;
  for (const auto& range : found) {
    holds(range.begin < range.end && range.end <= text.size(), "what is found lies within the text");
    holds(range.begin >= end, "in its order, and nothing twice");
    end = range.end;
  }
  return found.empty() ? text : opshost::blank(text, std::move(found));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::string_literals;
  const std::string around = text_of(data, size);
  redacted(around);
  const std::string planted = "pL4nted-v4lue";
  if (around.find(planted) != std::string::npos) return 0;
  for (const auto& text : {"\nDB_PASSWORD="s + planted + "\n", "\n\"api_token\": \""s + planted + "\"\n",
                           "\nIDENTIFIED BY '"s + planted + "'\n", "\nSET PASSWORD FOR x = '"s + planted + "'\n"}) {
    holds(redacted(text + around).find(planted) == std::string::npos, "what is planted is found");
  }
  return 0;
}
