#include "bindings/net/failure.hpp"

#include <boost/asio/error.hpp>
#include <cctype>
#include <utility>

namespace opshost::net {

Error Failure::as(const std::string& module, std::string target) const {
  return Error(module + ".unreachable", message()).on(std::move(target)).retryable();
}

Obstacle obstacle_of(const boost::system::error_code& error) {
  namespace failed = boost::system::errc;
  if (error == boost::asio::error::eof) return Obstacle::cut;
  if (error == failed::connection_refused) return Obstacle::refused;
  if (error == failed::no_such_file_or_directory) return Obstacle::absent;
  if (error == failed::permission_denied || error == failed::operation_not_permitted) return Obstacle::permission;
  if (error == failed::network_unreachable || error == failed::host_unreachable ||
      error == failed::address_not_available || error == failed::network_down) {
    return Obstacle::unroutable;
  }
  if (error == failed::timed_out) return Obstacle::silent;
  if (error == failed::too_many_files_open || error == failed::too_many_files_open_in_system) {
    return Obstacle::no_descriptors;
  }
  if (error == failed::connection_reset || error == failed::broken_pipe || error == failed::connection_aborted ||
      error == failed::not_connected) {
    return Obstacle::cut;
  }
  return Obstacle::other;
}

std::string words_of(const boost::system::error_code& error) {
  if (error == boost::asio::error::eof) return "closed by the other side";
  auto words = error.message();
  const bool abbreviation = words.size() > 1 && std::isupper(static_cast<unsigned char>(words[1])) != 0;
  if (!words.empty() && !abbreviation) words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return words;
}

}  // namespace opshost::net
