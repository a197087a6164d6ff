// What an engine sends: outputs of a container, and archives.
#include <string>

#include "bindings/docker/multiplex.hpp"
#include "bindings/docker/tar.hpp"
#include "host/base/error.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using opshost::docker::Demultiplexer;
using opshost::docker::Output;
using opshost::docker::TarEntry;

/// The outputs, one after the other; whether it was refused.
std::pair<std::string, bool> outputs_of(const std::string& bytes, std::size_t step) {
  std::string outputs[2];
  Demultiplexer demultiplexer(false);
  bool refused = false;
  try {
    for (std::size_t i = 0; i < bytes.size(); i += step) {
      demultiplexer.feed(std::string_view(bytes).substr(i, step), [&](Output output, std::string_view piece) {
        outputs[output == Output::standard ? 0 : 1] += piece;
      });
    }
  } catch (const opshost::Error&) {
    refused = true;
  }
  return {outputs[0] + '|' + outputs[1], refused};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = text_of(data, size);
  holds(outputs_of(bytes, bytes.size() + 1) == outputs_of(bytes, 1), "the outputs do not depend on the pieces");
  TarEntry entry;
  try {
    const auto length = opshost::docker::read_tar_entry(bytes, entry);
    if (length) holds(*length <= bytes.size(), "headers are no longer than the archive");
    if (!length) return 0;
    if (entry.name.find('\0') != std::string::npos || entry.target.find('\0') != std::string::npos) return 0;
    entry.size = 0;
    TarEntry again;
    const auto header = opshost::docker::tar_header(entry);
    holds(opshost::docker::read_tar_entry(header, again) == header.size(), "what is written can be read");
    holds(again.name == entry.name && again.target == entry.target, "names survive");
  } catch (const opshost::Error&) {
    return 0;
  }
  return 0;
}
