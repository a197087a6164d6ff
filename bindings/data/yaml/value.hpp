#pragma once
// YAML to Values and back.
#include <optional>
#include <string>
#include <vector>

#include "bindings/data/yaml/tree.hpp"
#include "host/base/value.hpp"

namespace opshost::data::yaml {

/// What a text without quotes means by YAML 1.2's core schema, but that digits
/// with a leading zero (a file's mode) stay a text. nullopt: a number no value
/// holds; number_problem says why.
std::optional<Value> plain_value(std::string_view text);
std::string number_problem(std::string_view text);

/// What a scalar means; in quotes, or as !!str, it is a text. Throws Error
/// (document_error.hpp).
Value scalar_value(const Tree& tree, const Node& node);

/// The node with its aliases and merges (<<) expanded. Throws Error: data.limit
/// where that would be too much.
Value to_value(const Tree& tree, const Node& node);

/// The text's one document; null where it is empty. Throws Error.
Value read(std::string_view text, const std::string& file);
Value only_document(const Tree& tree);
/// Every document of the text.
std::vector<Value> read_all(std::string_view text, const std::string& file);

/// In block style, names as the map has them, ending in a line break. Throws
/// Error data.unwritable for what YAML has no word for: an Opaque, a text that
/// is no UTF-8.
std::string write(const Value& value);

/// What follows "name:" or, with `in_list`, "-": from the blank or line break
/// on to the line break at its end.
std::string write_indented(const Value& value, std::size_t indent, bool in_list);

/// A value on one line, quoted where it has to be, lists and maps in [] and {};
/// inside of those more has to.
std::string scalar_text(const Value& value, bool in_flow);

}  // namespace opshost::data::yaml
