#include "bindings/http/basic_auth.hpp"

#include <cstdint>

namespace opshost::http {

std::string basic_auth(std::string_view user_info) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = "Basic ";
  for (std::size_t i = 0; i < user_info.size(); i += 3) {
    const auto three = user_info.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = (bits << 8U) | (k < three.size() ? static_cast<unsigned char>(three[k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= three.size() ? kAlphabet[(bits >> (18U - 6U * static_cast<unsigned>(k))) & 63U] : '=';
    }
  }
  return text;
}

}  // namespace opshost::http
