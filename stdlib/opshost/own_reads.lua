-- What opshost itself reads for a script (a secret, an inventory) is no use of `local` by the procedure: it says so in
-- no `uses`.
local native = ...

local raw_pcall, raw_error = native.pcall, error

local function finish(ok, ...)
  native.pop_scope()
  if not ok then raw_error((...), 0) end
  return ...
end

return function(fn, ...)
  native.push_scope { uses = { ["local"] = "observe" } }
  return finish(raw_pcall(fn, ...))
end
