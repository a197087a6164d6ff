-- ctx:log, ctx:fail, ctx:refuse.
local native = ...

local run = native.internal("procedure/run")
local frames = native.internal("procedure/frame")

local talk = {}

--- Once: a resumed run that comes by again is silent.
function talk.log(text)
  if run.mode ~= "run" then return end
  local path = frames.current().path
  if run.resuming and native.is_logged(path, text) then return end
  native.append("log", { path = path, text = text })
  native.write(text .. "\n")
end

function talk.stop(code, text, seen)
  error(native.new_error(code, text .. (seen == nil and "" or "; seen: " .. native.describe(seen)),
    { detail = { seen = seen } }), 0)
end

return talk
