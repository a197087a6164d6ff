#include "host/journal/records.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "host/base/digest.hpp"
#include "host/base/json_parse.hpp"
#include "host/base/json_text.hpp"
#include "host/base/secret.hpp"
#include "host/base/secret_patterns.hpp"
#include "host/base/utf8.hpp"
#include "host/log/json_line.hpp"

namespace opshost::journal {

namespace {

constexpr std::string_view kBeforeCrc = ",\"crc\":\"";
constexpr std::size_t kCrcLength = 8;
constexpr std::string_view kAfterCrc = "\"}";

std::string crc_text(std::uint32_t crc) {
  std::array<char, kCrcLength + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x", crc);
  return digits.data();
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto code_point = decode_utf8(text);
    if (!code_point) return false;
    text.remove_prefix(code_point->length);
  }
  return true;
}

Value text_form(const std::string& text) {
  auto shown = redact(text);
  if (is_utf8(shown)) return shown;
  return ValueMap{{"$hex", to_hex(shown)}};
}

Value number_form(double number) {
  if (!std::isfinite(number)) return ValueMap{{"$number", std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf"}};
  // Beyond 2^53 JSON would read as an integer of 64 bits, which Lua tells from a number.
  if (std::floor(number) != number || std::abs(number) < 0x1p53) return number;
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return ValueMap{{"$number", std::string(digits.data(), end)}};
}

bool reads_as_mark(const ValueMap& map) { return map.size() == 1 && map.front().first.starts_with('$'); }

double number_from(const std::string& text) {
  if (text == "nan") return std::nan("");
  if (text == "inf" || text == "-inf") return text.front() == '-' ? -HUGE_VAL : HUGE_VAL;
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

ValueMap map_from(const ValueMap& map) {
  ValueMap plain;
  plain.reserve(map.size());
  for (const auto& [name, element] : map) plain.emplace_back(name, from_journal_form(element));
  return plain;
}

Value unmarked(const ValueMap& map) {
  const auto& [mark, content] = map.front();
  if (mark == "$hex" && content.get_if<std::string>() != nullptr) return from_hex(*content.get_if<std::string>());
  if (mark == "$number" && content.get_if<std::string>() != nullptr) return number_from(*content.get_if<std::string>());
  if (mark == "$map" && content.get_if<ValueMap>() != nullptr) return map_from(*content.get_if<ValueMap>());
  return map_from(map);
}

}  // namespace

const Value* Record::field(std::string_view name) const {
  for (const auto& [known, value] : fields) {
    if (known == name) return &value;
  }
  return nullptr;
}

std::string Record::text(std::string_view name) const {
  const auto* value = field(name);
  const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
  return text == nullptr ? std::string() : *text;
}

bool Record::flag(std::string_view name) const {
  const auto* value = field(name);
  const auto* flag = value == nullptr ? nullptr : value->get_if<bool>();
  return flag != nullptr && *flag;
}

std::uint64_t Record::count(std::string_view name) const {
  const auto* value = field(name);
  if (value == nullptr) return 0;
  if (const auto* positive = value->get_if<std::uint64_t>()) return *positive;
  const auto* any = value->get_if<std::int64_t>();
  return any == nullptr || *any < 0 ? 0 : static_cast<std::uint64_t>(*any);
}

std::string encode(const Record& record) {
  std::string line = json_text(ValueMap{{"n", record.number}, {"t", record.time}, {"k", record.kind}});
  line.pop_back();
  for (const auto& [name, value] : record.fields) {
    append_json_string(line += ',', name);
    append_json_text(line += ':', value);
  }
  const auto crc = crc_text(crc32c(line));
  return line.append(kBeforeCrc).append(crc).append(kAfterCrc) += '\n';
}

std::optional<Record> decode(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  const auto tail = kBeforeCrc.size() + kCrcLength + kAfterCrc.size();
  if (line.size() < tail) return std::nullopt;
  const auto body = line.substr(0, line.size() - tail);
  if (line.substr(body.size()) != std::string(kBeforeCrc) + crc_text(crc32c(body)) + std::string(kAfterCrc))
    return std::nullopt;
  const auto document = parse_json(line);
  const auto* members = document ? document->get_if<ValueMap>() : nullptr;
  if (members == nullptr || members->size() < 4) return std::nullopt;
  Record record{.number = 0, .time = {}, .kind = {}, .fields = *members};
  record.number = record.count("n");
  record.time = record.text("t");
  record.kind = record.text("k");
  record.fields.erase(record.fields.begin(), record.fields.begin() + 3);
  record.fields.pop_back();
  return record;
}

Value to_journal_form(const Value& value) {
  if (const auto* text = value.get_if<std::string>()) return text_form(*text);
  if (const auto* opaque = value.get_if<Opaque>()) return text_form(opaque->shown);
  if (const auto* number = value.get_if<double>()) return number_form(*number);
  if (const auto* list = value.get_if<ValueList>()) {
    ValueList form;
    form.reserve(list->size());
    for (const auto& element : *list) form.push_back(to_journal_form(element));
    return form;
  }
  if (const auto* map = value.get_if<ValueMap>()) {
    ValueMap form;
    form.reserve(map->size());
    for (const auto& [name, element] : *map) {
      form.emplace_back(redact(name), is_secret_field(name, element) ? Value("***") : to_journal_form(element));
    }
    if (reads_as_mark(form)) return ValueMap{{"$map", std::move(form)}};
    return form;
  }
  return value;
}

std::optional<std::string> blanked_place(const Value& value) {
  const auto within = [](std::string here, const Value& element) -> std::optional<std::string> {
    auto place = blanked_place(element);
    return place ? std::optional(here + *place) : std::nullopt;
  };
  if (const auto* text = value.get_if<std::string>())
    return redact(*text) == *text ? std::nullopt : std::optional<std::string>("");
  if (const auto* list = value.get_if<ValueList>()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (auto place = within("[" + std::to_string(i + 1) + "]", (*list)[i])) return place;
    }
  }
  if (const auto* map = value.get_if<ValueMap>()) {
    for (const auto& [name, element] : *map) {
      if (redact(name) != name || is_secret_field(name, element)) return "." + redact(name);
      if (auto place = within("." + name, element)) return place;
    }
  }
  return std::nullopt;
}

Value from_journal_form(const Value& value) {
  if (const auto* list = value.get_if<ValueList>()) {
    ValueList plain;
    plain.reserve(list->size());
    for (const auto& element : *list) plain.push_back(from_journal_form(element));
    return plain;
  }
  const auto* map = value.get_if<ValueMap>();
  if (map == nullptr) return value;
  return reads_as_mark(*map) ? unmarked(*map) : Value(map_from(*map));
}

std::string utc_now() {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const auto seconds = system_clock::to_time_t(now);
  const auto millis = duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(millis));
  return text.data();
}

}  // namespace opshost::journal
