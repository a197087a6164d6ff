#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace opshost {

/// Where in a text, as editors count: both from 1, columns in characters of UTF-8.
struct TextPlace {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// The place of the byte at `offset`; beyond the end it is the end's.
TextPlace text_place(std::string_view text, std::size_t offset);

/// "hosts.yml:3:14", or "line 3, column 14" where the text is of no file.
std::string place_text(const std::string& file, TextPlace place);

}  // namespace opshost
