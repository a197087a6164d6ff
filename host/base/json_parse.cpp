#include "host/base/json_parse.hpp"

#include <rapidjson/memorystream.h>

#include <limits>
#include <string>
#include <vector>

#include "host/json/sax.hpp"  // with the same settings everywhere

namespace opshost {

namespace {

constexpr std::size_t kDeepest = 128;

/// Builds the value while rapidjson reads; each handler returns false to stop.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  bool Null() { return put({}); }
  bool Bool(bool value) { return put(value); }
  bool Int(int value) { return put(value); }
  bool Uint(unsigned value) { return put(static_cast<std::int64_t>(value)); }
  bool Int64(std::int64_t value) { return put(value); }
  // RapidJSON calls every positive integer unsigned.
  bool Uint64(std::uint64_t value) {
    constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return value <= kLargest ? put(static_cast<std::int64_t>(value)) : put(value);
  }
  bool Double(double value) { return put(value); }
  bool String(const char* text, rapidjson::SizeType length, bool) { return put(std::string(text, length)); }
  bool StartObject() { return open(); }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    open_.back().keys.emplace_back(text, length);
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    auto container = close();
    ValueMap map;
    map.reserve(container.keys.size());
    for (std::size_t i = 0; i < container.keys.size(); ++i)
      map.emplace_back(std::move(container.keys[i]), std::move(container.values[i]));
    return put(std::move(map));
  }
  bool StartArray() { return open(); }
  bool EndArray(rapidjson::SizeType) { return put(std::move(close().values)); }

  [[nodiscard]] Value take() { return std::move(root_); }

 private:
  struct Container {
    std::vector<std::string> keys;
    ValueList values;
  };

  bool open() {
    if (open_.size() >= kDeepest) return false;
    open_.emplace_back();
    return true;
  }
  Container close() {
    auto container = std::move(open_.back());
    open_.pop_back();
    return container;
  }
  bool put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().values.push_back(std::move(value));
    }
    return true;
  }

  Value root_;
  std::vector<Container> open_;
};

}  // namespace

std::optional<Value> parse_json(std::string_view text) {
  rapidjson::MemoryStream memory(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  rapidjson::Reader reader;
  Builder builder;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag | rapidjson::kParseValidateEncodingFlag;
  if (!reader.Parse<kFlags>(stream, builder)) return std::nullopt;
  return builder.take();
}

}  // namespace opshost
