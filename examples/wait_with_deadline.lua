-- Wait for a condition, never for ever: an error says what was awaited and what was seen last.
local machine = require "local"
local ops = require "ops"

local path = machine.temp() .. "/ready"

local _, failure = ops.try(function()
  ops.wait_until(function()
    local found = machine.exists(path)
    return found ~= nil, "no file yet"
  end, { timeout = "300ms", every = "100ms", what = path .. " to appear" })
end, { "wait.timeout" })

print(failure.code, failure.detail.seen)
