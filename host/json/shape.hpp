#pragma once
// How a C++ type takes a JSON document: what record.hpp makes of a declaration and the reader in record.cpp walks
// along. No lua_State, no RapidJSON.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace opshost::json {

/// A value without parts, as the document has it. Texts live as long as the reading.
using Scalar = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string_view>;

struct Shape;

/// A place that takes a value. No shape: nobody wants it, whatever comes is passed over.
struct Slot {
  void* target = nullptr;
  const Shape* shape = nullptr;
  std::size_t field = 0;  ///< its number in the record
};

struct Shape {
  /// "integer from 0 to 255", "string[]": for messages.
  std::string (*expected)();
  /// False: it takes no such value. nullptr: it takes no scalar but null, which leaves it as it is.
  bool (*scalar)(void* target, const Scalar& value) = nullptr;
  /// For an optional: makes it hold something and names what is inside. nullptr: the slot itself.
  Slot (*inside)(void* target) = nullptr;
  /// A list begins: it is emptied.
  void (*begin_list)(void* target) = nullptr;
  /// Room for one more element. nullptr: it is no list.
  Slot (*element)(void* target) = nullptr;
  /// An object begins.
  void (*begin_object)(void* target) = nullptr;
  /// The place of the field of that name. nullptr: it takes no object.
  Slot (*field)(void* target, std::string_view name) = nullptr;
  /// The name of the first required field that is not among the given ones (a bit each); empty: none is missing.
  std::string (*missing)(std::uint64_t given) = nullptr;
};

/// True where a document's name means the field: case and "_" do not count, so that ExitCode and exitCode are
/// exit_code.
bool same_name(std::string_view name, std::string_view field);

/// Fills what `root` points to. Throws Error (document_error.hpp): data.mismatch where the document does not fit.
void read_json_into(Slot root, std::string_view text, const std::string& file);

}  // namespace opshost::json
