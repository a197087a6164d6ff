#pragma once
// Declarations in words a person reads: the same in help, editor stubs and the reference.
#include <string>
#include <string_view>

#include "host/docs/catalog.hpp"

namespace opshost::docs {

/// "local.run(command, options?) -> RunResult"
std::string signature(const FunctionInfo& function);

/// "only reads", "changes this machine; safe to send again"
std::string effect_words(const FunctionInfo& function);

/// "waits at most 10m, or as long as `timeout` says"; empty where the call does not wait.
std::string waiting_words(const FunctionInfo& function);

/// What a field or parameter is, after its doc: "required", "default \"10s\"", "one of \"a\", \"b\"", joined by "; ".
/// A result (`is_argument` false) has neither defaults nor required fields.
std::string field_rules(const Field& field, bool is_argument);

/// The rules of a parameter: its choices where it is an enumeration.
std::string choice_words(const Type& type);

/// The record whose fields a caller writes or reads there: the type itself, or the one inside an optional or a list.
const Type* record_inside(const Type& type);

/// "doc (rules)"; either may be empty.
std::string with_rules(std::string_view doc, std::string_view rules);

/// The first letter large, unless the first word is a name ("exit_code") and no word.
std::string capitalized(std::string_view text);

/// The doc as a sentence: capitalized, a full stop at its end unless it has a mark of its own.
std::string sentence(std::string_view doc);

std::string joined(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace opshost::docs
