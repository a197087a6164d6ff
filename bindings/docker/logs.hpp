#pragma once
// What a container wrote.
#include <memory>
#include <optional>
#include <string>

#include "bindings/docker/container.hpp"
#include "host/fiber/stream.hpp"

namespace opshost::docker {

struct LogOptions {
  bool follow = false;
  std::optional<Duration> since{};
  std::optional<Duration> before{};
  std::optional<std::int64_t> tail{};
  bool timestamps = false;
  bool with_stdout = true;
  bool with_stderr = true;
  std::optional<Duration> timeout{};
};
OPSHOST_RECORD(LogOptions, "Which lines, and how long to wait for them",
               (follow, "go on with what it writes from now on; the iteration ends with the container"),
               (since,
                "only the latest: \"10m\", counted back from this machine's clock: where the engine's goes otherwise, "
                "give as much more"),
               (before, "only what is older: \"5m\", by this machine's clock too"),
               (tail, "at most that many of the last lines"), (timestamps, "tell when each line was written"),
               (with_stdout, "what it wrote to stdout", named("stdout")),
               (with_stderr, "what it wrote to stderr", named("stderr")),
               (timeout, "how long to wait for the next line"))

struct LogLine {
  std::string text{};
  std::string output{};
  std::optional<std::string> time{};
};
OPSHOST_RECORD(LogLine, "A line of a container", (text, "the line, without its end"),
               (output, "\"stdout\" or \"stderr\"; with a terminal all is stdout"),
               (time, "when it was written, as the engine writes it, where `timestamps` asks for it"))

}  // namespace opshost::docker
