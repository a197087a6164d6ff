#pragma once

namespace opshost::gate {

/// What a function touches (lua::Module::subject, lua::Touches) that neither reads nor alters anything a procedure
/// works on: it computes, or hands over a secret. Procedures call it without its module in their `uses`.
inline constexpr const char* kTouchesNothing = "nothing";

}  // namespace opshost::gate
