#pragma once
// The two outputs of a container without a terminal, as the engine sends them: each piece behind eight bytes that say
// which it is and how long.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/base/error.hpp"

namespace opshost::docker {

enum class Output : std::uint8_t { standard, errors };

class Demultiplexer {
 public:
  using Sink = std::function<void(Output, std::string_view)>;

  /// `plain`: with a terminal there are no such bytes, all is standard output.
  explicit Demultiplexer(bool plain) : plain_(plain) {}

  /// Throws Error("docker.protocol") for what is no such stream, and Error("docker.server") with an EngineRefusal for
  /// what the engine says in it of itself: what came before was given to `sink`, what comes behind is not read.
  void feed(std::string_view bytes, const Sink& sink);
  /// The stream ended where a piece does.
  [[nodiscard]] bool at_boundary() const { return header_.empty() && left_ == 0; }

 private:
  void begin_piece();
  [[nodiscard]] Error complaint() const;

  bool plain_;
  std::string header_;
  Output output_ = Output::standard;
  std::uint64_t left_ = 0;  ///< bytes of the piece still to come
  bool complains_ = false;  ///< the piece is the engine's own words
  std::string words_;
};

}  // namespace opshost::docker
