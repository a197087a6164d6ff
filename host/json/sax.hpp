#pragma once
// RapidJSON's SAX reader as the readers here use it: in place, bounded in depth, with errors a person can find.
// Included by their .cpp files alone.
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#ifdef __SSE2__
#define RAPIDJSON_SSE2
#endif
#include <rapidjson/reader.h>

#include "host/json/document_error.hpp"

namespace opshost::json {

/// Deeper documents are refused: RapidJSON's reader and what is made of them recurse.
inline constexpr std::size_t kDeepest = 500;

/// A text as RapidJSON wants it: writable, since strings are decoded in place, and with room behind it that its
/// 16-byte loads may look at.
class Buffer {
 public:
  explicit Buffer(std::string_view text) : bytes_(new char[text.size() + kRoom]) {
    std::memcpy(bytes_.get(), text.data(), text.size());
    std::memset(bytes_.get() + text.size(), 0, kRoom);
  }
  [[nodiscard]] char* data() { return bytes_.get(); }

 private:
  static constexpr std::size_t kRoom = 32;
  std::unique_ptr<char[]> bytes_;
};

/// Why a handler ended the reading.
struct Refusal {
  std::string code;
  std::string problem;
  bool at_number = false;  ///< RapidJSON's offset is then where the number begins, else where the token ends
};

using InPlaceStream = rapidjson::InsituStringStream;

/// RapidJSON's own conversion is off by a digit at times, and rounds integers of more than 64 bits: false and a refusal
/// for those, else the nearest double. While RapidJSON reads a number, its stream still stands at the first digit.
bool exact_number(const InPlaceStream& stream, double& number, Refusal& refusal);

struct Problem {
  std::string code = "data.syntax";
  std::string text;
  std::size_t offset = 0;
};

/// What RapidJSON found wrong.
Problem syntax_problem(std::string_view text, const rapidjson::ParseResult& result);
/// Where the token that ends before `offset` begins.
std::size_t token_before(std::string_view text, std::size_t offset);

/// Where the first of the control characters stands that RapidJSON's SIMD scan lets pass in texts, depending on their
/// address (0x1A to 0x1F); npos: nowhere.
std::size_t find_passed_control(std::string_view text);

/// Reads the whole text into `handler` (RapidJSON's SAX events, with a member `refusal` and set_stream). nullopt: done.
template <class Handler>
std::optional<Problem> read_into(Handler& handler, std::string_view text, Buffer& buffer) {
  if (const std::size_t control = find_passed_control(text); control != std::string_view::npos) {
    return Problem{.text = "a control character has to be escaped", .offset = control};
  }
  InPlaceStream stream(buffer.data());
  handler.set_stream(stream);
  rapidjson::Reader reader;
  const auto result = reader.Parse<rapidjson::kParseInsituFlag>(stream, handler);
  if (!result) {
    if (result.Code() != rapidjson::kParseErrorTermination) return syntax_problem(text, result);
    const Refusal& refusal = handler.refusal;
    return Problem{.code = refusal.code,
                   .text = refusal.problem,
                   .offset = refusal.at_number ? result.Offset() : token_before(text, result.Offset())};
  }
  // RapidJSON takes a NUL for the end.
  if (stream.Tell() < text.size()) return Problem{.text = "a NUL byte after the document", .offset = stream.Tell()};
  return std::nullopt;
}

}  // namespace opshost::json
