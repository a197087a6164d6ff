#pragma once
// LuaCATS stubs for editors (lua-language-server): what `opshost types DIR` writes.
#include <string>
#include <string_view>
#include <vector>

#include "host/docs/catalog.hpp"

namespace opshost::docs {

struct GeneratedFile {
  std::string path;  ///< below the folder asked for
  std::string text;
};

/// The folder below DIR the stubs are in; `.luarc.json` points there.
inline constexpr std::string_view kStubFolder = "types";

/// `.luarc.json`, types/opshost.lua (durations, sizes, errors: what all modules share) and types/<module>.lua each.
/// `version` is stamped into each stub.
std::vector<GeneratedFile> stub_files(const Catalog& catalog, std::string_view version);

/// One module's stub.
std::string module_stub(const Catalog& catalog, const ModuleInfo& module, std::string_view version);

/// What the stubs share.
std::string shared_stub(std::string_view version);

std::string luarc_json();

/// "ops.duration", "docker.Container[]", "table<string, string>": a type as LuaCATS writes it.
std::string luacats_type(const Catalog& catalog, const Type& type);

}  // namespace opshost::docs
