-- Change a setting; a second run changes nothing. See it first with `opshost plan edit_a_file.lua FILE`.
-- Without FILE it works on a sample of its own.
local machine = require "local"
local ops = require "ops"

local path = ops.args[1]
if not path then
  path = machine.temp() .. "/database.cnf"
  machine.write_file(path, "[server]\nmax_connections = 100\n")
end

local result = machine.edit(path, function(text)
  return (text:gsub("max_connections = %d+", "max_connections = 500"))
end, { backup = ".before" })

print(result.changed and "changed; the old text is in " .. path .. ".before" or "already so")
