#include "host/lua/type.hpp"

#include <array>
#include <mutex>
#include <utility>

namespace opshost::detail {
namespace {

struct PlainName {
  Kind kind;
  const char* name;
};

constexpr std::array kPlainNames{
    PlainName{Kind::nothing, "nil"},        PlainName{Kind::any, "any"},
    PlainName{Kind::boolean, "boolean"},    PlainName{Kind::integer, "integer"},
    PlainName{Kind::number, "number"},      PlainName{Kind::string, "string"},
    PlainName{Kind::duration, "duration"},  PlainName{Kind::size, "size"},
    PlainName{Kind::enumeration, "string"}, PlainName{Kind::optional, "any?"},
    PlainName{Kind::list, "any[]"},         PlainName{Kind::map, "table<string, any>"},
    PlainName{Kind::record, "table"},       PlainName{Kind::handle, "userdata"},
    PlainName{Kind::secret, "secret"},      PlainName{Kind::callback, "function"},
    PlainName{Kind::function, "function"},  PlainName{Kind::stream, "stream<any>"},
    PlainName{Kind::one_of, "any"},
};

std::map<Kind, Type> make_plain_types() {
  std::map<Kind, Type> types;
  for (const PlainName& plain : kPlainNames) types.emplace(plain.kind, Type{.kind = plain.kind, .name = plain.name});
  return types;
}

bool is_union(const Type& type) { return type.name.find('|') != std::string::npos && !type.name.ends_with(')'); }

/// "string?" in a list must not read as an optional list: "(string?)[]".
std::string as_operand(const Type& element) {
  const bool compound = element.kind == Kind::optional || is_union(element);
  return compound ? "(" + element.name + ")" : element.name;
}

std::string composed_name(Kind kind, const Type& element) {
  switch (kind) {
    case Kind::list:
      return as_operand(element) + "[]";
    case Kind::map:
      return "table<string, " + element.name + ">";
    case Kind::optional:
      return (is_union(element) ? as_operand(element) : element.name) + "?";
    default:
      return "stream<" + element.name + ">";
  }
}

/// One description per shape, so that two mentions of string[] are the same Type. Declarations are made by static
/// initialisers and by stdlib at run time, in any thread; a map's nodes keep their address.
struct Composed {
  std::mutex mutex;
  std::map<std::pair<Kind, const Type*>, Type> types;

  /// With the mutex held.
  void rename_those_of(const Type& element) {
    for (auto& [shape, type] : types) {
      if (shape.second != &element) continue;
      type.name = composed_name(type.kind, element);
      rename_those_of(type);
    }
  }
};

Composed& composed() {
  static Composed instance;
  return instance;
}

const Type& interned(Kind kind, const Type& element) {
  const std::scoped_lock lock(composed().mutex);
  const auto [entry, added] = composed().types.try_emplace({kind, &element});
  if (added) entry->second = Type{.kind = kind, .name = composed_name(kind, element), .element = &element};
  return entry->second;
}

}  // namespace

void rename_composed_of(const Type& element) {
  const std::scoped_lock lock(composed().mutex);
  composed().rename_those_of(element);
}

const Type& plain_type(Kind kind) {
  static const std::map<Kind, Type> types = make_plain_types();
  return types.at(kind);
}

const Type& list_type(const Type& element) { return interned(Kind::list, element); }
const Type& map_type(const Type& element) { return interned(Kind::map, element); }
const Type& stream_type(const Type& element) { return interned(Kind::stream, element); }

const Type& optional_type(const Type& element) {
  const bool has_nil = element.kind == Kind::optional || element.kind == Kind::any || element.kind == Kind::nothing;
  return has_nil ? element : interned(Kind::optional, element);
}

}  // namespace opshost::detail
