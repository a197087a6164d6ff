#pragma once
// What every reader of documents throws: the place stands in the message and in the detail.
//
//   data.syntax         the text is no document of its kind
//   data.duplicate_key  a name stands twice in one object
//   data.number         a number that neither a Lua number nor 64 bits hold
//   data.limit          nested too deeply, or more than a reader takes
//   data.mismatch       a document of another shape than the one asked for
#include <cstdint>
#include <string>

#include "host/base/error.hpp"
#include "host/base/text_place.hpp"
#include "host/lua/record.hpp"

namespace opshost {

struct DocumentPlace {
  std::optional<std::string> file{};
  std::uint64_t line = 1;
  std::uint64_t column = 1;
};
OPSHOST_RECORD(DocumentPlace, "Where in a document", (file, "the file, where the text is of one"),
               (line, "counted from 1"), (column, "counted from 1, in characters"))

/// `file` may be empty.
Error document_error(std::string code, const std::string& file, TextPlace place, const std::string& problem);

}  // namespace opshost
