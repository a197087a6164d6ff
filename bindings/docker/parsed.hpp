#pragma once
// What an engine answered, read.
#include <string>

#include "host/base/error.hpp"

namespace opshost::docker {

/// Runs `parse`, and says who sent it where the engine's answer is not what it should be.
template <class Parse>
auto parsed(const std::string& engine, const Parse& parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw Error("docker.protocol", "the engine's answer makes no sense: " + error.message()).on(engine);
  }
}

}  // namespace opshost::docker
