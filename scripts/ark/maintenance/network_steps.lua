-- What carries the containers' network: the kernel's module, and whether it works once the base runs. The first
-- container with an address of its own tells: what starts before the network is there comes up with none.
local answers = require "ark.answers"
local container_steps = require "ark.maintenance.container_steps"
local site = require "ark.site"

local M = {}

--- The module the network needs, where it was there before the stop.
function M.load_module(ctx, machine, needed)
  if not needed then return end
  ctx:step("load " .. site.network_module, {
    done = function() return machine:has_module(site.network_module), "/sys/module/" .. site.network_module end,
    run = function()
      machine.ssh:run({ "modprobe", site.network_module }, { as_user = site.docker.as_user, repeatable = true })
    end,
  })
end

-- Where the engine chose the network itself a container reaches whatever its machine does.
local function has_own_address(container)
  for network in pairs(container.networks or {}) do
    if network:find(site.vlan) then return true end
  end
  return false
end

--- The first of the containers with an address of its own, nil where none has one.
function M.witness(containers)
  for _, container in ipairs(containers) do
    if has_own_address(container) then return container end
  end
  return nil
end

local function reaches_gateway(machine, container)
  local routes, state = machine:ask(container.name, site.commands.routes)
  if not routes then return false, container.name .. ": " .. state end
  local gateway = answers.gateway(routes.stdout)
  if not gateway then return false, container.name .. " has no way out" end
  local command = {}
  for _, word in ipairs(site.commands.ping) do command[#command + 1] = word end
  command[#command + 1] = gateway
  local result, why = machine:ask(container.name, command, { accept = "any" })
  if result and result.exit_code == 0 then return true, container.name .. " pings its gateway " .. gateway end
  return false, container.name .. " does not reach its gateway " .. gateway .. (result and "" or ": " .. why)
end

local function look_at_network(ctx, world, container)
  ctx:step("look at the network", {
    done = function() return reaches_gateway(world.machine, container) end,
    run = function() end,
    timeout = site.times.start,
  })
end

--- Starts a container; where it is the one that tells about the network (`world.witness`), it has to reach its gateway
--- before anything else is started.
function M.start(ctx, world, container)
  container_steps.start(ctx, world.machine, container)
  if world.witness and world.witness.name == container.name then look_at_network(ctx, world, container) end
end

return M
