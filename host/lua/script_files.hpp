#pragma once
// Where the Lua of a name comes from: a site's folders before what is built in.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opshost::lua {

/// The text of a built-in file ("stdlib/ops.lua"); empty: there is none.
std::string_view embedded_text(std::string_view path);

/// Modules of opshost's own Lua that scripts may require ("ops"), without the private ones of stdlib/opshost/.
std::vector<std::string> stdlib_modules();

struct ScriptSource {
  std::string text;
  std::string chunk_name;  ///< "@/etc/opshost/scripts/ark/facts.lua", "@scripts/ark/facts.lua" built in
  bool built_in = false;
};

/// Reads a script of the site. Throws Error: not there, a folder, too long, bytecode, or writable by anyone, itself or
/// its folder (whoever can write it runs code as us).
ScriptSource read_script_file(const std::string& path);

/// A script somebody pipes in. Throws Error: not text, too long.
ScriptSource read_script_from_stdin();

/// The file a dotted module name means ("ark.facts"): `folders` in order, then the built-in scripts. nullopt: none.
std::optional<ScriptSource> find_script(const std::string& module, const std::vector<std::string>& folders);

/// One script library file: where it comes from and what it hides.
struct ScriptListing {
  std::string name;  ///< "ark.facts"
  std::string path;  ///< the file that runs; "built in"
  bool hides_built_in = false;
};
/// Every module find_script can find, by name: what `opshost scripts` shows.
std::vector<ScriptListing> list_scripts(const std::vector<std::string>& folders);

/// A script library as it is built in.
struct BuiltInScript {
  std::string name;       ///< "ark.facts"
  std::string_view path;  ///< within a folder of scripts: "ark/facts.lua"
  std::string_view text;
};
std::vector<BuiltInScript> built_in_scripts();

/// /etc/opshost/scripts and the user's XDG folder, those that exist; OPSHOST_SCRIPTS (colon separated) before them.
std::vector<std::string> default_script_folders();

}  // namespace opshost::lua
