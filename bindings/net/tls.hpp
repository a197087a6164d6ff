#pragma once
// TLS over any ByteStream: peers and their names are verified unless one connection says otherwise.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bindings/net/byte_stream.hpp"
#include "host/base/error.hpp"

namespace opshost::net {

enum class TlsProblem : std::uint8_t {
  expired,         ///< the certificate's time is over
  not_yet_valid,   ///< or has not begun: often a clock that is wrong
  name_mismatch,   ///< it is somebody else's
  unknown_ca,      ///< nobody we trust signed it
  revoked,         ///< taken back by who signed it
  invalid,         ///< refused for another reason
  client_wanted,   ///< the server wants a client certificate and got none
  client_refused,  ///< it does not take ours
  no_tls,          ///< the other side speaks something else
  protocol,        ///< no version or cipher in common, or broken records
};

/// Why a connection was not secured. The message is a whole sentence about the address.
class TlsFailure : public Error {
 public:
  TlsFailure(TlsProblem problem, std::string message) : Error("net.tls", std::move(message)), problem_(problem) {}
  [[nodiscard]] TlsProblem problem() const { return problem_; }

 private:
  TlsProblem problem_;
};

struct TlsFiles {
  std::string ca{};           ///< PEM of the authorities to trust; empty: those of the system
  std::string certificate{};  ///< PEM of our own; empty: none
  std::string key{};          ///< its key; empty: it is in the same file
  bool verify = true;         ///< false: anybody may answer
};

/// What is the same for all connections of one configuration.
class TlsContext {
 public:
  struct Native;

  /// Reads the files, off the loop. Throws Error("net.tls_file") where one is missing, unreadable, no PEM, writable for
  /// everybody or where key and certificate do not belong together.
  static Awaitable<std::shared_ptr<const TlsContext>> load(Call& call, TlsFiles files);

  TlsContext(TlsFiles files, std::shared_ptr<Native> native);
  [[nodiscard]] const TlsFiles& files() const { return files_; }
  [[nodiscard]] Native& native() const { return *native_; }

 private:
  TlsFiles files_;
  std::shared_ptr<Native> native_;
};

/// Warns in the log that nobody knows who answers at `target`, as `verify = false` asks for.
void warn_unverified(const std::string& target);

/// Shakes hands over `stream` with `host`, a name or an address: what the certificate must say.
/// Throws TlsFailure, or Failure(Obstacle::cut).
Awaitable<std::unique_ptr<ByteStream>> start_tls(Call& call, std::unique_ptr<ByteStream> stream,
                                                 std::shared_ptr<const TlsContext> context, std::string host);

/// What an error of an established connection means; nullopt: it is none of TLS. Servers tell only then that they do
/// not take a client certificate.
std::optional<TlsFailure> tls_failure(const ErrorCode& error, const TlsContext& context, const std::string& host);

}  // namespace opshost::net
