#include <algorithm>
#include <charconv>
#include <optional>

#include "bindings/data/inventory/model.hpp"

namespace opshost::data::inventory {

namespace {

/// Of one pattern; a typing mistake shall not make millions.
constexpr std::size_t kMostNames = 100'000;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_letter(std::string_view text) {
  return text.size() == 1 && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
}

std::size_t number_of(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

struct Range {
  std::string_view from;
  std::string_view to;
  std::size_t step = 1;
};

/// What stands between the brackets.
std::optional<Range> parse_range(std::string_view inside) {
  const std::size_t separator = inside.find_first_of("-:");
  if (separator == std::string_view::npos) return std::nullopt;
  Range range{.from = inside.substr(0, separator), .to = inside.substr(separator + 1)};
  if (const std::size_t colon = range.to.find(':'); colon != std::string_view::npos) {
    const auto step = range.to.substr(colon + 1);
    if (!is_number(step) || number_of(step) == 0) return std::nullopt;
    range.step = number_of(step);
    range.to = range.to.substr(0, colon);
  }
  const bool numbers = is_number(range.from) && is_number(range.to);
  const bool letters = is_letter(range.from) && is_letter(range.to);
  return numbers || letters ? std::optional(range) : std::nullopt;
}

std::vector<std::string> members(const Range& range) {
  std::vector<std::string> list;
  if (is_letter(range.from)) {
    const auto last = static_cast<unsigned char>(range.to[0]);
    for (std::size_t letter = static_cast<unsigned char>(range.from[0]); letter <= last; letter += range.step) {
      list.emplace_back(1, static_cast<char>(letter));
    }
    return list;
  }
  const std::size_t width = range.from.starts_with('0') ? range.from.size() : 0;
  for (std::size_t number = number_of(range.from); number <= number_of(range.to); number += range.step) {
    std::string digits = std::to_string(number);
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    list.push_back(std::move(digits));
    if (list.size() > kMostNames) break;
  }
  return list;
}

}  // namespace

std::vector<std::string> expand_ranges(std::string_view pattern, std::string& problem) {
  std::vector<std::string> names{""};
  while (!pattern.empty()) {
    const std::size_t open = std::min(pattern.find('['), pattern.size());
    for (auto& name : names) name += pattern.substr(0, open);
    pattern.remove_prefix(open);
    if (pattern.empty()) break;
    const std::size_t close = pattern.find(']');
    const auto range = close == std::string_view::npos ? std::nullopt : parse_range(pattern.substr(1, close - 1));
    if (!range) {
      problem = "a range is [1-9], [01:20], [a-f] or, with a step, [1:9:2]";
      return {};
    }
    const auto parts = members(*range);
    if (parts.empty()) {
      problem = "the range " + std::string(pattern.substr(0, close + 1)) + " is empty: it ends before it begins";
      return {};
    }
    if (parts.size() * names.size() > kMostNames) {
      problem = "its ranges stand for more than " + std::to_string(kMostNames) + " names";
      return {};
    }
    std::vector<std::string> longer;
    longer.reserve(parts.size() * names.size());
    for (const auto& name : names) {
      for (const auto& part : parts) longer.push_back(name + part);
    }
    names = std::move(longer);
    pattern.remove_prefix(close + 1);
  }
  return names;
}

}  // namespace opshost::data::inventory
