#pragma once
// What a module declares, as data. Filled by module.hpp (C++ bindings) and stdlib's declare.lua (Lua modules); read by
// help, the stub, reference and luacheck generators, `check`, the gate and the name lint. There is no second list.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/time.hpp"
#include "host/lua/type.hpp"

namespace opshost {

enum class Effect : std::uint8_t {
  observe,  ///< reads; free to repeat
  change,   ///< alters something
  destroy,  ///< alters what cannot be put back
};
const char* effect_name(Effect effect);

struct ParamInfo {
  std::string name{};
  std::string doc{};
  const Type* type = nullptr;
};

struct FunctionInfo {
  std::string module{};             ///< "docker"
  std::string owner{};              ///< type name for a method ("Container"), else empty
  std::string name{};               ///< "stop"
  std::string doc{};                ///< one sentence, no full stop
  std::vector<ParamInfo> params{};  ///< without self
  const Type* result = nullptr;
  std::string result_doc{};
  Effect effect = Effect::observe;
  std::vector<std::string> raises{};  ///< error codes of its own, beside those every call may raise
  bool repeatable = false;            ///< sent again it ends in the same state
  std::string touches{};              ///< the subject it alters or reads ("this machine"); empty: the handle itself
  int touches_argument = 0;           ///< the argument (from 1) that narrows `touches`, a path say; 0: none
  std::optional<Duration> timeout{};  ///< how long a call waits unless told otherwise
  bool waits = false;                 ///< parks the calling fiber
  bool variadic = false;              ///< the last parameter takes all further arguments
  bool hidden = false;                ///< only opshost's own Lua calls it: in no documentation, not in the module
  std::string example{};              ///< runnable Lua, may be several lines

  /// "docker.connect", "Container:stop": as a person writes it.
  [[nodiscard]] std::string qualified() const;
};

struct ErrorInfo {
  std::string code{};            ///< "local.timeout"
  std::string meaning{};         ///< what was seen when it is raised
  std::string advice{};          ///< what to do about it
  const Type* detail = nullptr;  ///< the record in err.detail; nullptr: none
};

struct HandleInfo {
  const Type* type = nullptr;
  std::vector<std::shared_ptr<const FunctionInfo>> methods{};
};

struct ModuleInfo {
  std::string name{};     ///< as `require` takes it
  std::string summary{};  ///< one line
  std::string doc{};      ///< paragraphs, Markdown
  std::string example{};  ///< a whole short script
  std::vector<std::shared_ptr<const FunctionInfo>> functions{};
  std::vector<HandleInfo> handles{};
  std::vector<const Type*> types{};  ///< records and enumerations the functions mention
  std::vector<ErrorInfo> errors{};
};

}  // namespace opshost
