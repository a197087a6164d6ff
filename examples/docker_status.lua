-- opshost run examples/docker_status.lua: what the engine of this machine (or DOCKER_HOST) runs, and how it is.
local docker = require "docker"

local engine = docker.connect()
if not engine:alive() then
  print("no Docker engine answers here")
  return
end
for _, container in ipairs(engine:containers()) do
  print(container.name .. ": " .. container.description)
end
