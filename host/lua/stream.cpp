#include "host/lua/stream.hpp"

namespace opshost::lua {

bool StreamState::begin_step(const FunctionInfo& info) {
  switch (stage_) {
    case Stage::ended:
      return true;
    case Stage::stepping:
      throw Error("stream.busy",
                  "another fiber waits for the next item of this stream; let one fiber read it, or ask " +
                      info.qualified() + " for one each");
    case Stage::failed:
      throw Error("stream.failed", "the stream ended with an error before (" + failure_ + "); ask " + info.qualified() +
                                       " for a new one");
    case Stage::idle:
      break;
  }
  stage_ = Stage::stepping;
  return false;
}

void StreamState::step_failed(const std::string& why) {
  stage_ = Stage::failed;
  failure_ = why;
}

}  // namespace opshost::lua
