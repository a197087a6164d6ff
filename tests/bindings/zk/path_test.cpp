#include "bindings/zk/path.hpp"

#include <doctest/doctest.h>

#include <string>

#include "host/base/error.hpp"

using namespace opshost;
using namespace opshost::zk;

namespace {
std::string path_refusal(const std::string& path, bool sequential = false) {
  try {
    check_path(path, sequential);
  } catch (const Error& error) {
    CHECK(error.code() == "usage.argument");
    return error.message();
  }
  return "";
}
}  // namespace

TEST_CASE("paths that servers take") {
  for (const char* path :
       {"/", "/a", "/a/b", "/a b", "/...", "/.a", "/a..", "/\xe6\xbc\xa2", "/\xc2\xa0", "/\xef\xbf\xaf"})
    CHECK(path_refusal(path).empty());
  CHECK(path_refusal("/a/", true).empty());
  CHECK(path_refusal("/", true).empty());
}

TEST_CASE("paths that servers refuse, and why") {
  CHECK(path_refusal("") == "\"\" is no path of a node: it has to begin with \"/\"");
  CHECK(path_refusal("/a/") == "\"/a/\" is no path of a node: it ends in \"/\"");
  CHECK(path_refusal("/a//", true) == "\"/a//\" is no path of a node: it has an empty part");
  CHECK(path_refusal("//") == "\"//\" is no path of a node: it has an empty part");
  CHECK(path_refusal("/./a") == "\"/./a\" is no path of a node: \".\" is no name; give the whole path");
  CHECK(path_refusal(std::string("/a\0b", 4)).find("byte 3 begins a character") != std::string::npos);
  // C1 controls, private use, specials, what is beyond 16 bits.
  for (const char* path : {"/\x7f", "/\xc2\x80", "/\xee\x80\x80", "/\xef\xbf\xbd", "/\xf0\x9f\x98\x80"})
    CHECK(path_refusal(path).find("byte 2 begins a character no server takes") != std::string::npos);
  // Overlong, cut off, a surrogate.
  for (const char* path : {"/\xc0\xaf", "/\xe6\xbc", "/\xed\xa0\x80", "/\xff"})
    CHECK(path_refusal(path).find("it is not UTF-8") != std::string::npos);
}

TEST_CASE("parts of paths") {
  CHECK(parent_of("/a") == "/");
  CHECK(parent_of("/a/b") == "/a");
  CHECK(parent_of("/") == "/");
  CHECK(name_of("/a/b") == "b");
  CHECK(name_of("/").empty());
  CHECK(join("/", "a") == "/a");
  CHECK(join("/a", "b") == "/a/b");
}
