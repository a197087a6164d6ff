#include "host/base/size.hpp"

#include <array>

#include "host/base/decimal.hpp"

namespace opshost {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

/// Binary units before decimal ones, larger before smaller: the order format_size prefers them in.
constexpr std::array<Unit, 14> kUnits{{{"EiB", std::uint64_t{1} << 60U},
                                       {"PiB", std::uint64_t{1} << 50U},
                                       {"TiB", std::uint64_t{1} << 40U},
                                       {"GiB", std::uint64_t{1} << 30U},
                                       {"MiB", std::uint64_t{1} << 20U},
                                       {"KiB", std::uint64_t{1} << 10U},
                                       {"EB", 1'000'000'000'000'000'000},
                                       {"PB", 1'000'000'000'000'000},
                                       {"TB", 1'000'000'000'000},
                                       {"GB", 1'000'000'000},
                                       {"MB", 1'000'000},
                                       {"kB", 1'000},
                                       {"KB", 1'000},
                                       {"B", 1}}};

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

}  // namespace

std::optional<Size> parse_size(std::string_view text) {
  const auto number = read_decimal(text);
  if (!number) return std::nullopt;
  const Unit* unit = find_unit(text.substr(number->length()));
  if (unit == nullptr) return std::nullopt;
  if (unit->bytes == 1 && !number->fraction.empty()) return std::nullopt;
  const auto bytes = scale_decimal(*number, unit->bytes);
  if (!bytes) return std::nullopt;
  return Size{*bytes};
}

std::string format_size(Size size) {
  std::string shortest = std::to_string(size.bytes) + "B";
  if (size.bytes == 0) return shortest;
  bool plain_bytes = true;
  for (const Unit& unit : kUnits) {
    if (size.bytes % unit.bytes != 0) continue;
    std::string text = std::to_string(size.bytes / unit.bytes).append(unit.name);
    if (text.size() < shortest.size() || (plain_bytes && text.size() == shortest.size())) {
      shortest = std::move(text);
      plain_bytes = false;
    }
  }
  return shortest;
}

}  // namespace opshost
