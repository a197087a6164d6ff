// Bytes from servers, made safe for a terminal and for JSON.
#include <algorithm>

#include "host/base/json_text.hpp"
#include "host/base/utf8.hpp"
#include "host/base/value.hpp"
#include "tests/fuzz/property.hpp"

namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto point = opshost::decode_utf8(text);
    if (!point) return false;
    text.remove_prefix(point->length);
  }
  return true;
}

bool is_safe_for_a_terminal(std::string_view text) {
  while (!text.empty()) {
    const auto point = opshost::decode_utf8(text);
    if (!point || !opshost::is_printable(point->value)) return false;
    text.remove_prefix(point->length);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = text_of(data, size);
  holds(is_safe_for_a_terminal(opshost::printable(text)), "printable() lets nothing through that moves a cursor");
  const std::string json = opshost::json_text(opshost::Value(text));
  holds(is_utf8(json), "JSON is UTF-8");
  holds(std::none_of(json.begin(), json.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }),
        "JSON is one line");
  holds(json.size() >= 2 && json.front() == '"' && json.back() == '"', "a string is a JSON string");
  return 0;
}
