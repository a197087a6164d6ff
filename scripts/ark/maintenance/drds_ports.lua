-- Whether somebody listens on the ports of a DRDS node. The node's own machine may not reach its containers, and who
-- runs this may not reach their network: a container of the middleware on another machine looks.
local ops = require "ops"
local site = require "ark.site"
local survey = require "ark.survey"

local M = {}

-- Of `timeout` and of what an engine answers for a program that is not there.
local CANNOT_TELL = 125

--- "3306 and 3406"
function M.words()
  local words = {}
  for _, port in ipairs(site.drds_ports) do words[#words + 1] = tostring(port) end
  return table.concat(words, " and ")
end

local function on_vlan(container)
  for network in pairs(container.addresses) do
    if network:find(site.vlan) then return true end
  end
  return false
end

-- The DRDS-Manager, which has to reach every node, or whoever is in the same network.
local function find_looker(world)
  local found
  for _, container in ipairs(survey.select(survey.containers(world.swarm), { class = "middleware", running = true })) do
    if container.host ~= world.before.node and on_vlan(container) then
      if container.component == site.components.drds_manager then return container end
      found = found or container
    end
  end
  return found
end

local function is_open(world, looker, address, port)
  local command = {}
  for _, word in ipairs(site.commands.connect) do command[#command + 1] = word end
  command[#command + 1], command[#command + 2] = address, tostring(port)
  local result = survey.ask(world.swarm, looker, command)
  if not result or result.exit_code >= CANNOT_TELL then return nil end
  return result.exit_code == 0
end

-- The ports as `wanted` or not: true or false and what was seen; true where nobody can tell, which is said.
local function all_are(world, address, wanted, seen)
  local looker = address and find_looker(world)
  if not looker then return true, seen .. "; nobody can look at its ports" end
  local looks = ops.each(site.drds_ports, {}, function(port)
    return { open = is_open(world, looker, address, port) }
  end)
  local words, as_wanted = {}, true
  for index, port in ipairs(site.drds_ports) do
    local open = looks[index].value.open
    if open == nil then return true, ("%s; %s cannot look at its ports"):format(seen, looker.name) end
    as_wanted = as_wanted and open == wanted
    words[index] = port .. (open and " is open" or " is closed")
  end
  return as_wanted, ("%s; of %s %s"):format(seen, address, table.concat(words, ", "))
end

--- All of them are open; `seen` is what else is known of the node and comes first in what was seen.
function M.open(world, address, seen) return all_are(world, address, true, seen) end

--- All of them are closed.
function M.closed(world, address, seen) return all_are(world, address, false, seen) end

return M
