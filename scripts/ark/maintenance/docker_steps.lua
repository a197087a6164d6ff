-- Docker on the machine, and what carries its network.
local answers = require "ark.answers"
local container_steps = require "ark.maintenance.container_steps"
local site = require "ark.site"
local snapshot = require "ark.maintenance.snapshot"

local M = {}

local function place_in_order(container)
  local text = container.name .. " " .. (container.why or "")
  for index, word in ipairs(site.base_stop_order) do
    if text:find(word, 1, true) then return index end
  end
  return 0
end

--- The base containers in the order they are stopped: what carries the network last.
function M.base_in_stop_order(before)
  local base = snapshot.of_class(before, "base")
  local place = {}
  for index, container in ipairs(base) do place[container] = place_in_order(container) * 1000 + index end
  table.sort(base, function(one, other) return place[one] < place[other] end)
  return base
end

-- The socket first: the next call of any docker client would start the daemon again.
local function stop_socket(ctx, machine)
  ctx:step("stop " .. site.docker.socket, {
    done = function()
      local state = machine:unit(site.docker.socket)
      return state == nil or state == "stopped", state or "there is no such unit"
    end,
    run = function() machine:stop_unit(site.docker.socket) end,
  })
end

-- Seen by the unit and the processes, never by a docker client, which would connect to the socket.
local function stop_daemon(ctx, machine)
  ctx:step("stop " .. site.docker.service, {
    done = function()
      local state = machine:unit(site.docker.service)
      local processes = machine:daemons()
      return state ~= "running" and state ~= "changing" and #processes == 0,
        ("the service is %s, daemons: %d"):format(state or "not there", #processes)
    end,
    run = function() machine:stop_unit(site.docker.service) end,
    timeout = site.times.docker,
  })
end

--- Whether none of the machine's containers runs but for the excluded.
function M.nothing_runs(machine, excluded)
  if not machine:docker_runs() then return true, "Docker is stopped" end
  local running = {}
  for _, container in ipairs(machine.engine:containers({ status = "running" })) do
    if not excluded[container.name] then running[#running + 1] = container.name end
  end
  return #running == 0, #running == 0 and "no container runs" or table.concat(running, ", ")
end

--- Services that may wake Docker through its socket.
function M.users_of_docker(machine)
  local users = {}
  for _, name in ipairs(site.docker_users) do
    if machine:unit(name) == "running" then users[#users + 1] = name end
  end
  return users
end

function M.stop(ctx, machine)
  stop_socket(ctx, machine)
  stop_daemon(ctx, machine)
end

--- Starts Docker; its socket too where it listened before.
function M.start(ctx, machine, with_socket)
  ctx:step("start " .. site.docker.service, {
    done = function()
      local state = machine:unit(site.docker.service)
      return state == "running", "the service is " .. (state or "not there")
    end,
    run = function()
      if with_socket then machine:start_unit(site.docker.socket) end
      machine:start_unit(site.docker.service)
    end,
    verify = function() return machine.engine:alive(), "the engine's answer" end,
    timeout = site.times.docker,
  })
end

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

--- The base, in the reverse order of its stop.
function M.start_base(ctx, world)
  local base = M.base_in_stop_order(world.before)
  for index = #base, 1, -1 do
    local container = base[index]
    if container.running then container_steps.start(ctx, world.machine, container) end
  end
end

--- Whether a container reaches its gateway: what starts before the network is there comes up with none.
function M.reaches_gateway(machine, container)
  local routes, state = machine:ask(container.name, site.commands.routes)
  if not routes then return false, container.name .. ": " .. state end
  local gateway = answers.gateway(routes.stdout)
  if not gateway then return false, container.name .. " has no way out" end
  local command = {}
  for _, word in ipairs(site.commands.ping) do command[#command + 1] = word end
  command[#command + 1] = gateway
  local result = machine:ask(container.name, command, { accept = "any" })
  return result ~= nil and result.exit_code == 0, container.name .. " pings its gateway " .. gateway
end

--- Whether a container has an address of its own: only such a one tells anything about the network.
function M.has_own_address(container)
  for network in pairs(container.networks) do
    if network:find(site.vlan) then return true end
  end
  return false
end

return M
