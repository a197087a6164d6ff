#include "bindings/docker/tar.hpp"

#include <doctest/doctest.h>

#include "host/base/error.hpp"

using namespace opshost;
using namespace opshost::docker;

TEST_CASE("an entry reads back as it was written") {
  TarEntry entry{
      .name = "file", .type = '0', .mode = 04755, .uid = 1000, .gid = 50, .size = 12, .mtime = 1'700'000'000};
  TarEntry read;
  const auto header = tar_header(entry);
  CHECK(header.size() == 512);
  CHECK(read_tar_entry(header, read) == 512);
  CHECK(read.name == "file");
  CHECK(read.mode == 04755);
  CHECK(read.uid == 1000);
  CHECK(read.gid == 50);
  CHECK(read.size == 12);
  CHECK(read.mtime == 1'700'000'000);
}

TEST_CASE("long names and targets, and numbers beyond octal digits") {
  TarEntry entry{.name = std::string(300, 'n') + "/\xc3\xbc", .type = '2', .uid = 5'000'000'000};
  entry.target = std::string(150, 't');
  entry.size = 9'000'000'000'000;
  TarEntry read;
  const auto header = tar_header(entry);
  CHECK(read_tar_entry(header, read) == header.size());
  CHECK(read.name == entry.name);
  CHECK(read.target == entry.target);
  CHECK(read.uid == entry.uid);
  CHECK(read.size == entry.size);
  // Not all of it is there yet.
  for (std::size_t size = 0; size < header.size(); size += 512) {
    CHECK_FALSE(read_tar_entry(std::string_view(header).substr(0, size), read));
  }
}

TEST_CASE("an archive's end, and what is no archive") {
  TarEntry read;
  CHECK(tar_end().size() == 1024);
  CHECK_FALSE(read_tar_entry(tar_end(), read));
  CHECK_THROWS_AS(read_tar_entry(std::string(512, 'x'), read), Error);
  auto header = tar_header({.name = "file"});
  header[0] = 'g';
  try {
    read_tar_entry(header, read);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == "docker.protocol");
    CHECK(error.message() == "the engine's archive is broken: a header does not fit its checksum");
  }
}
