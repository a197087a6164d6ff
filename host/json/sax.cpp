#include "host/json/sax.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace opshost::json {

namespace {

std::string problem_text(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
      return "the text is empty, a JSON value is expected";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "there is more text after the document's end";
    case rapidjson::kParseErrorObjectMissName:
      return "a name in quotes is expected here";
    case rapidjson::kParseErrorObjectMissColon:
      return "a colon is expected after the name";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "a comma or the object's closing brace is expected here";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "a comma or the list's closing bracket is expected here";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "\\u needs four hexadecimal digits";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "half of a surrogate pair stands alone";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "JSON has no such escape";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "the text's closing quote is missing";
    case rapidjson::kParseErrorStringInvalidEncoding:
      return "a control character in a text has to be escaped";
    case rapidjson::kParseErrorNumberTooBig:
      return "the number is too big";
    case rapidjson::kParseErrorNumberMissFraction:
      return "digits are missing after the point";
    case rapidjson::kParseErrorNumberMissExponent:
      return "digits are missing in the exponent";
    default:
      return "a JSON value is expected here";
  }
}

bool is_escaped(std::string_view text, std::size_t quote) {
  std::size_t backslashes = 0;
  while (backslashes < quote && text[quote - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

bool passes(char c) { return static_cast<unsigned char>(c - 0x1A) <= 0x1F - 0x1A; }

}  // namespace

std::size_t find_passed_control(std::string_view text) {
  constexpr std::size_t kBlock = 64;
  std::size_t begin = 0;
  for (; begin + kBlock <= text.size(); begin += kBlock) {
    unsigned char any = 0;  // no branch inside a block: the compiler makes vector code of it
    for (std::size_t i = 0; i < kBlock; ++i) any |= static_cast<unsigned char>(passes(text[begin + i]));
    if (any != 0) break;
  }
  const auto found = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), passes);
  return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

bool exact_number(const InPlaceStream& stream, double& number, Refusal& refusal) {
  const std::string_view digits(stream.src_, std::strspn(stream.src_, "0123456789+-.eE"));
  if (digits.find_first_of(".eE") == std::string_view::npos) {
    refusal = {.code = "data.number",
               .problem = "an integer of more than 64 bits would lose digits; write it as a text",
               .at_number = true};
    return false;
  }
  double nearest = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), nearest);
  if (read.ec == std::errc{}) number = nearest;
  if (std::isfinite(number)) return true;
  // RapidJSON 1.1 sees it only where the exponent alone is too big.
  refusal = {.code = "data.number", .problem = problem_text(rapidjson::kParseErrorNumberTooBig), .at_number = true};
  return false;
}

Problem syntax_problem(std::string_view text, const rapidjson::ParseResult& result) {
  const std::size_t offset = std::min(result.Offset(), text.size());
  if (offset == 0 && text.starts_with("\xEF\xBB\xBF")) {
    return {.text = "a byte order mark stands in front of the document, and JSON has none; take its three bytes away",
            .offset = 0};
  }
  const bool at_end = offset == text.size() && !text.empty() && result.Code() != rapidjson::kParseErrorNumberTooBig;
  // RapidJSON has one code for both, depending on its version.
  const bool is_control = offset < text.size() && static_cast<unsigned char>(text[offset]) < 0x20U;
  const bool is_escape = result.Code() == rapidjson::kParseErrorStringEscapeInvalid;
  const std::string problem =
      problem_text(is_escape && is_control ? rapidjson::kParseErrorStringInvalidEncoding : result.Code());
  const bool is_number = result.Code() == rapidjson::kParseErrorNumberTooBig;
  return {.code = is_number ? "data.number" : "data.syntax",
          .text = at_end ? "the text ends too early: " + problem : problem,
          .offset = offset};
}

std::size_t token_before(std::string_view text, std::size_t offset) {
  std::size_t end = std::min(offset, text.size());
  if (end == 0) return 0;
  --end;
  if (text[end] == '"') {
    while (end > 0) {
      --end;
      if (text[end] == '"' && !is_escaped(text, end)) break;
    }
    return end;
  }
  const auto in_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '+' || c == '-' || c == '.' || c == 'E';
  };
  while (end > 0 && in_word(text[end]) && in_word(text[end - 1])) --end;
  return end;
}

}  // namespace opshost::json
