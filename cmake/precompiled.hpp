// Precompiled under g++: headers that most files include and that change never. No file may rely on it.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <lua.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "host/fiber/asio.hpp"
