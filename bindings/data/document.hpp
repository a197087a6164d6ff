#pragma once
// A value of a document: on its way to a script a null stays ops.null wherever it stands; from a script it is data
// alone.
#include "host/lua/record.hpp"

namespace opshost::data {

struct Document {
  Value value{};
};

}  // namespace opshost::data

namespace opshost {
template <>
struct TypeOf<data::Document> {
  static const Type& get() { return detail::plain_type(Kind::any); }
};
}  // namespace opshost
