#include "host/lua/description.hpp"

namespace opshost {

const char* effect_name(Effect effect) {
  switch (effect) {
    case Effect::observe:
      return "observe";
    case Effect::change:
      return "change";
    case Effect::destroy:
      return "destroy";
  }
  return "observe";
}

std::string FunctionInfo::qualified() const { return owner.empty() ? module + "." + name : owner + ":" + name; }

}  // namespace opshost
