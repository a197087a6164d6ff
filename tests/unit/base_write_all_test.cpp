// Writing to descriptors: regular files here, pipes and terminals in term_output_test.cpp and log_test.cpp.
#include "host/base/write_all.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "host/base/descriptor.hpp"

namespace opshost {

TEST_CASE("write_file: all of it, or why not") {
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  CHECK(write_file(writer.get(), "a record\n") == 0);
  std::array<char, 16> read_back{};
  CHECK(read(reader.get(), read_back.data(), read_back.size()) == 9);
  // What asks to be waited for has not taken all of it.
  CHECK(write_file(writer.get(), std::string(1 << 20, 'x')) == EAGAIN);
  CHECK(write_file(reader.get(), "a record\n") == EBADF);
}

}  // namespace opshost
