-- Ask many at once; one that fails is named, the others go on.
local machine = require "local"
local ops = require "ops"

local checks = { "true", "sleep 0.1", "exit 3" }

local results = ops.each(checks, { parallel = 8, on_error = "collect" }, function(line)
  return machine.read(ops.shell(line), { timeout = "5s" }).duration
end)

for _, result in ipairs(results) do
  if result.ok then
    print("ok      " .. result.item)
  else
    print("failed  " .. result.item .. ": " .. result.error.message)
  end
end
