#include "host/lua/globals.hpp"

#include <algorithm>
#include <array>

namespace opshost {

std::span<const GlobalInfo> global_names() {
  // LuaJIT 2.1's own, less removed_names().
  static const std::vector<GlobalInfo> names{
      {"_G"},
      {"_VERSION"},
      {"assert"},
      {"bit", {"arshift", "band", "bnot", "bor", "bswap", "bxor", "lshift", "rol", "ror", "rshift", "tobit", "tohex"}},
      {"collectgarbage"},
      {"coroutine", {"create", "isyieldable", "resume", "running", "status", "wrap", "yield"}},
      {"debug", {"traceback"}},
      {"dofile"},
      {"error"},
      {"getfenv"},
      {"getmetatable"},
      {"io", {"write"}},
      {"ipairs"},
      {"jit", {"arch", "os", "version", "version_num"}},
      {"load"},
      {"loadfile"},
      {"loadstring"},
      {"math", {"abs",   "acos", "asin",  "atan",   "atan2",      "ceil", "cos",   "cosh", "deg", "exp",
                "floor", "fmod", "frexp", "huge",   "ldexp",      "log",  "log10", "max",  "min", "modf",
                "pi",    "pow",  "rad",   "random", "randomseed", "sin",  "sinh",  "sqrt", "tan", "tanh"}},
      {"next"},
      {"os", {"clock", "date", "difftime", "exit", "getenv", "time"}},
      {"package", {"config", "cpath", "loaded", "path", "preload"}},
      {"pairs"},
      {"pcall"},
      {"print"},
      {"rawequal"},
      {"rawget"},
      {"rawset"},
      {"require"},
      {"select"},
      {"setfenv"},
      {"setmetatable"},
      {"string",
       {"byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper"}},
      {"table", {"concat", "foreach", "foreachi", "getn", "insert", "maxn", "move", "remove", "sort"}},
      {"tonumber"},
      {"tostring"},
      {"type"},
      {"unpack"},
      {"xpcall"},
  };
  return names;
}

std::span<const RemovedName> removed_names() {
  static constexpr std::array names{
      RemovedName{"debug.getinfo", "debug.traceback, or --unsafe-lua"},
      RemovedName{"debug.sethook", "ops.deadline, or --unsafe-lua"},
      RemovedName{"ffi", "a binding, or --unsafe-lua"},
      RemovedName{"io.lines", "local.read_file"},
      RemovedName{"io.open", "local.read_file and local.write_file, which appear in plans"},
      RemovedName{"io.popen", "local.read or local.run, which have a timeout and appear in plans"},
      RemovedName{"io.read", "the script's arguments, ops.args"},
      RemovedName{"io.stderr", "print, or error for what failed"},
      RemovedName{"io.stdin", "the script's arguments, ops.args"},
      RemovedName{"io.stdout", "print or io.write"},
      RemovedName{"jit.on", "the --jit option: compiled loops ignore Ctrl-C and deadlines"},
      RemovedName{"module", "a table the file returns"},
      RemovedName{"newproxy", "setmetatable, or --unsafe-lua"},
      RemovedName{"os.execute", "local.read or local.run, which have a timeout and appear in plans"},
      RemovedName{"os.remove", "local.delete, which appears in plans"},
      RemovedName{"os.rename", "local.run {\"mv\", ...}, which appears in plans"},
      RemovedName{"os.tmpname", "local.temp"},
      RemovedName{"package.loadlib", "a binding, or --unsafe-lua"},
      RemovedName{"string.dump", "the source text: bytecode is not loaded"},
  };
  return names;
}

const RemovedName* find_removed_name(std::string_view name) {
  const auto names = removed_names();
  const auto found = std::find_if(names.begin(), names.end(), [name](const auto& known) { return known.name == name; });
  return found == names.end() ? nullptr : &*found;
}

}  // namespace opshost
