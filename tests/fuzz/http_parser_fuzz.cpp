// An answer of HTTP reads the same in one piece and byte by byte.
#include <string>

#include "bindings/net/http_parser.hpp"
#include "host/base/error.hpp"
#include "tests/fuzz/property.hpp"

namespace {

constexpr std::size_t kHeadLimit = 64U << 10U;

struct Reading {
  bool refused = false;
  bool done = false;
  unsigned status = 0;
  std::size_t fields = 0;
  std::string body;
};

Reading read(const std::string& bytes, std::size_t step) {
  Reading reading;
  opshost::net::HttpParser parser(false);
  std::string pending;
  try {
    for (std::size_t i = 0; i < bytes.size(); i += step) {
      pending += bytes.substr(i, step);
      for (std::size_t taken = 1; taken > 0 && !pending.empty();) {
        taken = parser.feed(pending, reading.body);
        holds(taken <= pending.size(), "no more is taken than there is");
        pending.erase(0, taken);
      }
    }
  } catch (const opshost::Error&) {
    reading.refused = true;
    return reading;
  }
  reading.done = parser.stage() == opshost::net::HttpParser::Stage::done;
  if (parser.stage() != opshost::net::HttpParser::Stage::head) {
    reading.status = parser.head().status;
    reading.fields = parser.head().headers.size();
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = text_of(data, size);
  const auto whole = read(bytes, bytes.size() + 1);
  const auto single = read(bytes, 1);
  // A line that has not ended yet may be refused at once or when it ends. Where a head ends at its limit of 64 KiB
  // depends on how many bytes are seen at once.
  if (bytes.size() < kHeadLimit) {
    holds(!(whole.refused && single.done) && !(single.refused && whole.done),
          "what is refused is no answer either way");
  }
  if (whole.refused || single.refused) return 0;
  holds(whole.done == single.done, "it ends at the same place");
  holds(whole.status == single.status && whole.fields == single.fields, "the head is the same");
  holds(whole.body == single.body, "the body is the same");
  return 0;
}
