#pragma once
// Cuts in a YAML text. They do what is right for how people write YAML; the editor checks each result, so that the
// unusual is refused rather than spoilt.
#include "bindings/data/yaml/editor.hpp"

namespace opshost::data::yaml {

// Each throws Error data.edit where it finds no place to cut.

/// The value at `path`, which is there, becomes `value`.
Edited replaced(const Tree& tree, const Path& path, const Value& value);
/// The map at `path` gets one more name, at its end.
Edited with_entry(const Tree& tree, const Path& path, const std::string& name, const Value& value);
/// The list at `path` gets one more element, at its end.
Edited with_element(const Tree& tree, const Path& path, const Value& value);
/// What is at `path` goes, with its lines.
Edited without(const Tree& tree, const Path& path);

}  // namespace opshost::data::yaml
