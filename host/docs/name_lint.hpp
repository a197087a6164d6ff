#pragma once
// What keeps fifty bindings one language: names, docs and shapes every declaration has to keep to. Fails the build.
#include <string>
#include <vector>

#include "host/docs/catalog.hpp"

namespace opshost::docs {

/// One line each: "machine.read: parameter \"workdir\": say `cwd`". Empty: all is well. Beside the synonyms
/// (synonyms.hpp), it asks for
/// - names: functions, parameters, fields and codes in snake_case, types in CamelCase, no Lua keyword, none twice
/// - docs: present, without a full stop at the end
/// - errors: whatever `raises` names is declared, with its meaning and advice
/// - a change or destroy: says what it touches (a method: its handle unless it says so); never returns a boolean or an
/// optional, since "it did not work" is an
///   error and "already so" is no news
/// - `find_*` returns an optional, `exists` a boolean or an optional
/// - `wait_*` observes, returns what it saw, takes `timeout` and `every`, raises wait.timeout
/// - what waits has a timeout, unless it takes its time as a parameter or waits for the script's own functions;
///   timeouts, `grace` and `every` are durations
std::vector<std::string> name_lint(const Catalog& catalog);

}  // namespace opshost::docs
