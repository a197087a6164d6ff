#include "host/json/record.hpp"

#include <cmath>
#include <unordered_set>

#include "host/json/sax.hpp"

namespace opshost::json {

namespace {

/// An object or list that is being read.
struct OpenValue {
  Slot slot;
  bool is_list = false;
  std::uint64_t given = 0;  ///< a bit for each field of a record that was there
  std::size_t first_name = 0;
  std::size_t elements = 0;
  std::unique_ptr<std::unordered_set<std::string_view>> many_names{};  ///< all of its names, once they are many
};

class Reader {
 public:
  explicit Reader(Slot root) : root_(root) {}

  Refusal refusal;
  void set_stream(const InPlaceStream& stream) { stream_ = &stream; }

  bool Null() {
    if (frames_.empty() || frames_.back().is_list || !is_value(frames_.back().slot)) return scalar({});
    drop_null_field();
    return true;
  }
  bool Bool(bool value) { return scalar(value); }
  bool Int(int value) { return integer(value); }
  bool Uint(unsigned value) { return integer(value); }
  bool Int64(std::int64_t value) { return integer(value); }
  /// RapidJSON calls it for whatever is beyond 32 bits.
  bool Uint64(std::uint64_t value) {
    constexpr auto kSigned = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return value <= kSigned ? integer(value) : number(value);
  }
  bool Double(double value) { return exact_number(*stream_, value, refusal) && number(value); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType length, bool) { return scalar(std::string_view(text, length)); }
  bool StartObject() { return begin(false); }
  bool StartArray() { return begin(true); }
  bool EndArray(rapidjson::SizeType) { return end(); }

  bool Key(const char* text, rapidjson::SizeType length, bool) {
    OpenValue& frame = frames_.back();
    const std::string_view name(text, length);
    if (is_twice(frame, name)) {
      refusal = {.code = "data.duplicate_key",
                 .problem = "the name " + describe(Value(std::string(name))) + " stands in this object already"};
      return false;
    }
    names_.push_back(name);
    next_ = {};
    if (frame.slot.shape == nullptr) return true;
    next_ = frame.slot.shape->field(frame.slot.target, name);
    if (next_.shape != nullptr && next_.field < 64) frame.given |= std::uint64_t{1} << next_.field;
    return true;
  }

  bool EndObject(rapidjson::SizeType) {
    const OpenValue& frame = frames_.back();
    const Shape* shape = frame.slot.shape;
    const std::string missing =
        shape != nullptr && shape->missing != nullptr ? shape->missing(frame.given) : std::string();
    if (!missing.empty()) return mismatch("the field " + describe(Value(missing)) + " is missing");
    return end();
  }

 private:
  static bool is_value(const Slot& slot) { return slot.shape == &shape_of<Value>(); }

  // The field was made when its name was read.
  void drop_null_field() {
    auto& value = *static_cast<Value*>(frames_.back().slot.target);
    value.get_if<ValueMap>()->pop_back();
  }

  /// Few names are compared one by one, many through a set.
  bool is_twice(OpenValue& frame, std::string_view name) {
    constexpr std::size_t kFew = 24;
    const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(frame.first_name);
    if (names_.size() - frame.first_name < kFew) return std::find(begin, names_.end(), name) != names_.end();
    if (!frame.many_names)
      frame.many_names = std::make_unique<std::unordered_set<std::string_view>>(begin, names_.end());
    return !frame.many_names->insert(name).second;
  }

  /// Where the next value goes.
  Slot take_slot() {
    if (frames_.empty()) return root_;
    OpenValue& frame = frames_.back();
    if (!frame.is_list) return next_;
    ++frame.elements;
    return frame.slot.shape == nullptr ? Slot{} : frame.slot.shape->element(frame.slot.target);
  }

  template <class Integer>
  bool integer(Integer value) {
    return number(static_cast<std::int64_t>(value));
  }
  bool number(const Scalar& value) {
    const bool taken = scalar(value);
    refusal.at_number = !taken;
    return taken;
  }

  bool scalar(const Scalar& value) {
    const Slot slot = take_slot();
    if (slot.shape == nullptr) return true;
    if (slot.shape->scalar == nullptr) {
      return std::holds_alternative<std::monostate>(value) || mismatch(*slot.shape, shown(value));
    }
    return slot.shape->scalar(slot.target, value) || mismatch(*slot.shape, shown(value));
  }

  bool begin(bool is_list) {
    if (frames_.size() >= kDeepest) {
      refusal = {.code = "data.limit", .problem = "nested deeper than " + std::to_string(kDeepest) + " levels"};
      return false;
    }
    Slot slot = take_slot();
    if (slot.shape != nullptr && slot.shape->inside != nullptr) slot = slot.shape->inside(slot.target);
    if (slot.shape != nullptr) {
      const bool fits = is_list ? slot.shape->element != nullptr : slot.shape->field != nullptr;
      if (!fits) return mismatch(*slot.shape, is_list ? "a list" : "an object");
      const auto start = is_list ? slot.shape->begin_list : slot.shape->begin_object;
      if (start != nullptr) start(slot.target);
    }
    frames_.push_back({.slot = slot, .is_list = is_list, .first_name = names_.size()});
    return true;
  }

  bool end() {
    names_.resize(frames_.back().first_name);
    frames_.pop_back();
    return true;
  }

  static std::string shown(const Scalar& value) {
    struct Shown {
      std::string operator()(std::monostate) const { return "null"; }
      std::string operator()(bool value) const { return value ? "true" : "false"; }
      std::string operator()(std::string_view value) const {
        return "string " + describe(Value(std::string(value)), 40);
      }
      std::string operator()(std::int64_t value) const { return "number " + std::to_string(value); }
      std::string operator()(std::uint64_t value) const { return "number " + std::to_string(value); }
      std::string operator()(double value) const { return "number " + describe(Value(value)); }
    };
    return std::visit(Shown{}, value);
  }

  bool mismatch(const Shape& shape, const std::string& got) {
    return mismatch("expected " + shape.expected() + ", got " + got);
  }
  bool mismatch(const std::string& problem) {
    const std::string way = where();
    refusal = {.code = "data.mismatch", .problem = (way.empty() ? "" : way + ": ") + problem};
    return false;
  }

  [[nodiscard]] std::string where() const {
    std::string way;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      const OpenValue& frame = frames_[i];
      if (frame.is_list) {
        way += "[" + std::to_string(frame.elements) + "]";
        continue;
      }
      const std::size_t last = i + 1 < frames_.size() ? frames_[i + 1].first_name : names_.size();
      if (last > frame.first_name) way += (way.empty() ? "" : ".") + std::string(names_[last - 1]);
    }
    return way;
  }

  Slot root_;
  Slot next_;
  const InPlaceStream* stream_ = nullptr;
  std::vector<OpenValue> frames_;
  std::vector<std::string_view> names_;  ///< of all objects around, innermost last, in the buffer
};

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool same_name(std::string_view name, std::string_view field) {
  std::size_t i = 0;
  std::size_t j = 0;
  for (;;) {
    while (i < name.size() && name[i] == '_') ++i;
    while (j < field.size() && field[j] == '_') ++j;
    if (i == name.size() || j == field.size()) return i == name.size() && j == field.size();
    if (folded(name[i++]) != folded(field[j++])) return false;
  }
}

void read_json_into(Slot root, std::string_view text, const std::string& file) {
  Buffer buffer(text);
  Reader reader(root);
  if (const auto problem = read_into(reader, text, buffer)) {
    throw document_error(problem->code, file, text_place(text, problem->offset), problem->text);
  }
}

namespace detail {

bool take(bool& target, const Scalar& value) {
  const auto* given = std::get_if<bool>(&value);
  if (given != nullptr) target = *given;
  return given != nullptr;
}

bool take(double& target, const Scalar& value) {
  if (const auto* number = std::get_if<double>(&value))
    target = *number;
  else if (const auto* integer = std::get_if<std::int64_t>(&value))
    target = static_cast<double>(*integer);
  else if (const auto* big = std::get_if<std::uint64_t>(&value))
    target = static_cast<double>(*big);
  else
    return false;
  return true;
}

bool take(std::string& target, const Scalar& value) {
  const auto* given = std::get_if<std::string_view>(&value);
  if (given != nullptr) target = *given;
  return given != nullptr;
}

bool take(Duration& target, const Scalar& value) {
  std::optional<Duration> duration;
  double seconds = 0;
  if (const auto* text = std::get_if<std::string_view>(&value))
    duration = parse_duration(*text);
  else if (take(seconds, value))
    duration = seconds_to_duration(seconds);
  if (duration) target = *duration;
  return duration.has_value();
}

bool take(Size& target, const Scalar& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const auto size = parse_size(*text);
    if (size) target = *size;
    return size.has_value();
  }
  return take_unsigned(target.bytes, value, std::numeric_limits<std::uint64_t>::max());
}

bool take(Value& target, const Scalar& value) {
  struct Make {
    Value operator()(std::string_view text) const { return std::string(text); }
    Value operator()(std::monostate) const { return {}; }
    Value operator()(bool boolean) const { return boolean; }
    Value operator()(std::int64_t integer) const { return integer; }
    Value operator()(std::uint64_t integer) const { return integer; }
    Value operator()(double number) const { return number; }
  };
  target = std::visit(Make{}, value);
  return true;
}

bool take_signed(std::int64_t& target, const Scalar& value, std::int64_t low, std::int64_t high) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  if (integer != nullptr) {
    target = *integer;
  } else {
    const auto* number = std::get_if<double>(&value);
    if (number == nullptr || std::floor(*number) != *number || std::abs(*number) >= 0x1p53) return false;
    target = static_cast<std::int64_t>(*number);
  }
  return target >= low && target <= high;
}

bool take_unsigned(std::uint64_t& target, const Scalar& value, std::uint64_t high) {
  if (const auto* big = std::get_if<std::uint64_t>(&value)) {
    target = *big;
    return target <= high;
  }
  std::int64_t integer = 0;
  if (!take_signed(integer, value, 0, std::numeric_limits<std::int64_t>::max())) return false;
  target = static_cast<std::uint64_t>(integer);
  return target <= high;
}

Slot value_element(void* target) {
  auto& list = *static_cast<Value*>(target)->get_if<ValueList>();
  return {.target = &list.emplace_back(), .shape = &shape_of<Value>()};
}

Slot value_field(void* target, std::string_view name) {
  auto& map = *static_cast<Value*>(target)->get_if<ValueMap>();
  return {.target = &map.emplace_back(std::string(name), Value()).second, .shape = &shape_of<Value>()};
}

void value_begin_list(void* target) { *static_cast<Value*>(target) = ValueList(); }
void value_begin_object(void* target) { *static_cast<Value*>(target) = ValueMap(); }

}  // namespace detail

}  // namespace opshost::json
