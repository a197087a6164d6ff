#include "bindings/docker/multiplex.hpp"

#include <doctest/doctest.h>

#include "host/base/error.hpp"

using namespace opshost;
using namespace opshost::docker;

namespace {

std::string piece(char type, const std::string& content) {
  const auto size = content.size();
  std::string header = {type, 0, 0, 0};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) header += static_cast<char>((size >> shift) & 0xffU);
  return header + content;
}

struct Outputs {
  std::string output;
  std::string errors;
  Demultiplexer::Sink sink() {
    return [this](Output which, std::string_view bytes) { (which == Output::standard ? output : errors) += bytes; };
  }
};

}  // namespace

TEST_CASE("the outputs come apart whatever the pieces they come in") {
  const std::string big(70'000, 'x');
  const std::string stream = piece(1, "out ") + piece(2, "err") + piece(1, "") + piece(1, big) + piece(2, "or");
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{8}, std::size_t{4096}, stream.size()}) {
    Outputs outputs;
    Demultiplexer demultiplexer(false);
    for (std::size_t i = 0; i < stream.size(); i += step) {
      demultiplexer.feed(std::string_view(stream).substr(i, step), outputs.sink());
    }
    CAPTURE(step);
    CHECK(outputs.output == "out " + big);
    CHECK(outputs.errors == "error");
    CHECK(demultiplexer.at_boundary());
  }
}

TEST_CASE("what the engine says of itself is neither output, and ends the stream") {
  const auto complaint_in = [](const std::string& stream, std::size_t step, Outputs& outputs) {
    Demultiplexer demultiplexer(false);
    try {
      for (std::size_t i = 0; i < stream.size(); i += step) {
        demultiplexer.feed(std::string_view(stream).substr(i, step), outputs.sink());
      }
    } catch (const Error& error) {
      CHECK(error.code() == "docker.server");
      return error.message();
    }
    return std::string("none");
  };
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    Outputs outputs;
    CAPTURE(step);
    CHECK(complaint_in(piece(1, "out") + piece(3, "no space\nleft\n\n") + piece(1, "more"), step, outputs) ==
          "in the middle of the output the engine says: no space\\nleft");
    CHECK(outputs.output == "out");
    CHECK(outputs.errors.empty());
  }
  Outputs outputs;
  CHECK(complaint_in(piece(3, ""), 8, outputs) == "in the middle of the output the engine says: nothing");
  CHECK(complaint_in(piece(3, std::string(70'000, 'x')), 4096, outputs) ==
        "in the middle of the output the engine says: " + std::string(1000, 'x'));
}

TEST_CASE("with a terminal there is nothing to take apart") {
  Outputs outputs;
  Demultiplexer demultiplexer(true);
  demultiplexer.feed("\x01\x02 anything", outputs.sink());
  CHECK(outputs.output == "\x01\x02 anything");
}

TEST_CASE("what is no such stream is refused") {
  Outputs outputs;
  Demultiplexer demultiplexer(false);
  CHECK_THROWS_AS(demultiplexer.feed("plain text", outputs.sink()), Error);
  Demultiplexer cut(false);
  cut.feed(piece(1, "abc").substr(0, 9), outputs.sink());
  CHECK_FALSE(cut.at_boundary());
}
