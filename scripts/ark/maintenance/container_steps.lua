-- Steps on a container of the machine: stop it, start it, hold it back from starting with Docker. `machine` is of
-- ark.machine, `container` of a snapshot.
local health = require "ark.health"
local site = require "ark.site"
local snapshot = require "ark.maintenance.snapshot"

local M = {}

--- Stops it; `grace` is its time to exit. `verify`, if given, is asked afterwards.
function M.stop(ctx, machine, container, grace, verify)
  ctx:step("stop " .. container.name, {
    done = function()
      local runs, state = machine:runs(container.name)
      return not runs and state ~= "restarting" and state ~= "paused", state
    end,
    run = function() machine:container(container.name):stop({ grace = grace }) end,
    verify = verify,
  })
end

--- Its restart policy becomes "no", so that it does not come up with Docker; ark.maintenance.start puts it back.
function M.hold_back(ctx, machine, container)
  if not site.held_back[container.class] then return end
  M.set_policy(ctx, machine, container.name, "hold back " .. container.name, "no")
end

--- Sets its restart policy.
function M.set_policy(ctx, machine, name, step, policy)
  ctx:step(step, {
    done = function()
      local state = machine:container_state(name)
      if state == "gone" then return true, state end
      if state == "stopped with Docker" then return policy == "no", state end
      local seen = snapshot.policy(machine:container(name):inspect())
      return seen == policy, "restart policy " .. seen
    end,
    run = function() machine:container(name):update({ restart = policy }) end,
  })
end

-- What its probe says, given the time the platform gives it after a start.
local function probed(machine, container)
  local check = health.check(machine.engine, {
    id = container.id, name = container.name, host = machine.name, labels = container.labels, running = true,
  })
  return check.state ~= "failing", check.state .. (check.says and ": " .. check.says or "")
end

--- Whether it runs and its probe does not fail; a container without a probe only has to run.
function M.is_well(machine, container)
  local runs, state = machine:runs(container.name)
  if not runs then return false, state end
  return probed(machine, container)
end

--- Starts it, unless it runs; whether it is well is asked when all it may need runs too.
function M.start(ctx, machine, container)
  ctx:step("start " .. container.name, {
    done = function() return machine:runs(container.name) end,
    run = function() machine:container(container.name):start() end,
  })
end

local function start_again(machine, container, grace)
  -- A plan comes here while the container is still to be started.
  if not machine:runs(container.name) then return end
  local handle = machine:container(container.name)
  local command = site.commands.after_start[container.component]
  if command then
    handle:run(command, { repeatable = true })
  else
    handle:restart({ grace = grace })
  end
end

--- Waits until it runs and its probe does not fail. One whose probe fails came up before its network or a server it
--- needs, or has a server that somebody has to start: that is done or it is restarted, once.
function M.await_well(ctx, machine, container, grace)
  ctx:step("probe of " .. container.name, {
    done = function() return M.is_well(machine, container) end,
    run = function() start_again(machine, container, grace) end,
    timeout = site.times.start,
  })
end

return M
