#include "host/lua/globals.hpp"

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
      {"gcinfo"},
      {"getfenv"},
      {"getmetatable"},
      {"io",
       {"close", "flush", "input", "lines", "open", "output", "read", "stderr", "stdin", "stdout", "tmpfile", "type",
        "write"}},
      {"ipairs"},
      {"jit", {"arch", "attach", "flush", "off", "on", "opt", "os", "security", "status", "version", "version_num"}},
      {"load"},
      {"loadfile"},
      {"loadstring"},
      {"math", {"abs",   "acos", "asin",  "atan",   "atan2",      "ceil", "cos",   "cosh", "deg", "exp",
                "floor", "fmod", "frexp", "huge",   "ldexp",      "log",  "log10", "max",  "min", "modf",
                "pi",    "pow",  "rad",   "random", "randomseed", "sin",  "sinh",  "sqrt", "tan", "tanh"}},
      {"module"},
      {"next"},
      {"os", {"clock", "date", "difftime", "exit", "getenv", "remove", "rename", "setlocale", "time", "tmpname"}},
      {"package", {"config", "cpath", "loaded", "loaders", "path", "preload", "searchpath", "seeall"}},
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
  static constexpr std::array<RemovedName, 6> names{
      RemovedName{"ffi", "a binding, or --unsafe-lua"},
      RemovedName{"io.popen", "local.read or local.run, which have a timeout and appear in plans"},
      RemovedName{"newproxy", "setmetatable, or --unsafe-lua"},
      RemovedName{"os.execute", "local.read or local.run, which have a timeout and appear in plans"},
      RemovedName{"package.loadlib", "a binding, or --unsafe-lua"},
      RemovedName{"string.dump", "the source text: bytecode is not loaded"},
  };
  return names;
}

}  // namespace opshost
