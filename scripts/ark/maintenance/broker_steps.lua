-- A message broker: it writes its messages to disk only where it gets the time to, and its group's other one has to
-- be there meanwhile.
local container_steps = require "ark.maintenance.container_steps"
local guards = require "ark.maintenance.guards"
local network_steps = require "ark.maintenance.network_steps"
local site = require "ark.site"
local survey = require "ark.survey"

local M = {}

local function listed(world)
  return survey.brokers(world.swarm, survey.containers(world.swarm)).brokers
end

local function entry_of(world, container)
  for _, broker in ipairs(listed(world)) do
    if broker.address:match("^(.*):%d+$") == container.address then return broker end
  end
end

--- Whether another one of its group is there for as long as it is away.
function M.other_is_listed(world, container)
  return guards.other_broker(world.before.brokers, listed(world), container.address)
end

function M.stop(ctx, world, container)
  local name = "another broker of the group of " .. container.name .. " stays"
  ctx:guard(name, function() return M.other_is_listed(world, container) end, function()
    container_steps.hold_back(ctx, world.machine, container)
    container_steps.stop(ctx, world.machine, container, world.mq_grace, function()
      return not entry_of(world, container), "the brokers the name servers list"
    end)
  end)
end

-- It registers with one name server after the other, in its own time: no reason to start it again.
local function await_registration(ctx, world, container)
  ctx:step("registration of " .. container.name, {
    done = function()
      local entry = entry_of(world, container)
      if not entry then return false, "no name server lists " .. container.address end
      return entry.everywhere, (entry.everywhere and "each" or "not each") .. " name server lists " .. container.address
    end,
    run = function() end,
    timeout = site.times.start,
  })
end

--- It is back once its probe passes and every name server lists it.
function M.start(ctx, world, container)
  network_steps.start(ctx, world, container)
  container_steps.await_well(ctx, world.machine, container, world.mq_grace)
  await_registration(ctx, world, container)
end

return M
