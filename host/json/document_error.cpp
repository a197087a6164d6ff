#include "host/json/document_error.hpp"

#include "host/lua/value_of.hpp"

namespace opshost {

Error document_error(std::string code, const std::string& file, TextPlace place, const std::string& problem) {
  const DocumentPlace detail{
      .file = file.empty() ? std::nullopt : std::optional(file), .line = place.line, .column = place.column};
  return Error(std::move(code), place_text(file, place) + ": " + problem).with(value_of(detail));
}

}  // namespace opshost
