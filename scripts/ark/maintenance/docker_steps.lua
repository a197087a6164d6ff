-- Docker on the machine, and the base containers.
local container_steps = require "ark.maintenance.container_steps"
local site = require "ark.site"
local snapshot = require "ark.maintenance.snapshot"
local survey = require "ark.survey"

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

-- With live-restore a container goes on without its daemon, and then nobody stops it.
local function await_end_of_containers(ctx, world)
  ctx:step("no container outlives " .. site.docker.service, {
    done = function()
      local left = {}
      for _, shim in ipairs(world.machine:shims()) do
        local known = shim.id and survey.select(world.before.containers, { id = shim.id })[1]
        left[#left + 1] = ("%s (process %s)"):format(known and known.name or shim.id or "one without an id", shim.pid)
      end
      return #left == 0, #left == 0 and "no process of a container is left"
        or "these run on without Docker: " .. table.concat(left, ", ")
    end,
    run = function() end,
    timeout = site.times.grace,
  })
end

--- Whether Docker's own stop ends what is left to it: with live-restore it ends nothing.
function M.ends_what_is_left(machine, excluded)
  if next(excluded) == nil then return true, "nothing is left to Docker's own stop" end
  if not machine:docker_runs() then return true, "Docker is stopped" end
  if not machine.engine:info().LiveRestoreEnabled then return true, "it has no live-restore" end
  return false, "Docker has live-restore there, so its stop ends no container; stop them by hand, or leave --exclude "
    .. "out"
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

function M.stop(ctx, world)
  stop_socket(ctx, world.machine)
  stop_daemon(ctx, world.machine)
  await_end_of_containers(ctx, world)
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

--- The base, in the reverse order of its stop.
function M.start_base(ctx, world)
  local base = M.base_in_stop_order(world.before)
  for index = #base, 1, -1 do
    local container = base[index]
    if container.running then container_steps.start(ctx, world.machine, container) end
  end
end

return M
