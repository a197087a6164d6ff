#pragma once
// A file of this machine as the body of a request.
#include <functional>
#include <memory>
#include <string>

#include "host/fiber/call.hpp"

namespace opshost::net {

/// Its pieces, read off the loop; an empty one at the end.
struct FileBody {
  std::uint64_t size = 0;
  std::function<Awaitable<std::string>(Call&)> next{};
};

/// Throws Error("net.file") where it cannot be read.
Awaitable<FileBody> open_file_body(Call& call, std::string path);

}  // namespace opshost::net
