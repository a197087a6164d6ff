#pragma once
// Why there is no connection, in terms that every binding shares. A binding puts its own code on it.
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <string>

#include "host/base/error.hpp"

namespace opshost::net {

enum class Obstacle : std::uint8_t {
  name_unknown,        ///< the name servers say there is no such name
  name_server_failed,  ///< they do not answer, or answer nothing usable
  refused,             ///< nothing listens there
  unroutable,          ///< no way there: network or host unreachable
  silent,              ///< the connection was asked for, nothing came back in time
  permission,          ///< the operating system does not let us (a Unix socket's mode)
  absent,              ///< the Unix socket does not exist
  cut,                 ///< it was there and is gone: reset, broken pipe, closed in the middle
  no_descriptors,      ///< this process has as many open as it may
  other,
};

/// What net throws where the other side cannot be reached. Its message is a whole sentence about the address.
class Failure : public Error {
 public:
  Failure(Obstacle obstacle, std::string message) : Error("net.unreachable", std::move(message)), obstacle_(obstacle) {}

  [[nodiscard]] Obstacle obstacle() const { return obstacle_; }

  /// The same as an error of a binding: `module` + ".unreachable", retryable, with the target the binding names.
  [[nodiscard]] Error as(const std::string& module, std::string target) const;

 private:
  Obstacle obstacle_;
};

/// The obstacle behind what the operating system answered.
Obstacle obstacle_of(const boost::system::error_code& error);

/// "connection refused", "no route to host": the operating system's words, in lower case.
std::string words_of(const boost::system::error_code& error);

}  // namespace opshost::net
