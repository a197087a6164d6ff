#include "host/log/json_line.hpp"

#include "host/base/utf8.hpp"

namespace opshost {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

void append_control(std::string& json, unsigned char c) {
  constexpr std::string_view kControls = "\b\f\n\r\t";
  constexpr std::string_view kLetters = "bfnrt";
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto known = kControls.find(static_cast<char>(c));
  if (known != std::string_view::npos) {
    json.append("\\").append(1, kLetters[known]);
  } else {
    json.append("\\u00").append(1, kHex[c >> 4U]).append(1, kHex[c & 0xFU]);
  }
}

}  // namespace

void append_json_string(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    const char c = text.front();
    const auto code_point = decode_utf8(text);
    if (!code_point) {
      append_utf8(json, kReplacement);
    } else if (c == '"' || c == '\\') {
      json.append("\\").append(1, c);
    } else if (code_point->value < 0x20) {
      append_control(json, static_cast<unsigned char>(c));
    } else {
      json.append(text.substr(0, code_point->length));
    }
    text.remove_prefix(code_point ? code_point->length : 1);
  }
  json += '"';
}

}  // namespace opshost
