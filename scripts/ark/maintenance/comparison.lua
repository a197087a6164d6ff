-- Whether the site is as it was before the stop. Each returns a boolean and what is different.
local container_steps = require "ark.maintenance.container_steps"
local ops = require "ops"
local snapshot = require "ark.maintenance.snapshot"
local survey = require "ark.survey"

local M = {}

local function verdict(problems, fine)
  if #problems == 0 then return true, fine end
  return false, table.concat(problems, "; ")
end

-- DRDS nodes come back by the console, perhaps under another name.
local function expected(world)
  local list = {}
  for _, container in ipairs(world.before.containers) do
    if container.running and container.class ~= "drds_server" then list[#list + 1] = container end
  end
  return list
end

function M.containers(world)
  if not world.machine:docker_runs() then return false, "stopped with Docker" end
  local running = {}
  for _, container in ipairs(world.machine.engine:containers({ status = "running" })) do
    running[container.name] = true
  end
  local problems, list = {}, expected(world)
  for _, container in ipairs(list) do
    if not running[container.name] then problems[#problems + 1] = container.name .. " does not run" end
  end
  return verdict(problems, #list .. " containers run")
end

function M.probes(world)
  local problems, list = {}, expected(world)
  local results = ops.each(list, {}, function(container)
    local well, seen = container_steps.is_well(world.machine, container)
    return { well = well, seen = seen }
  end)
  for index, container in ipairs(list) do
    local result = results[index].value
    if not result.well then problems[#problems + 1] = container.name .. ": " .. result.seen end
  end
  return verdict(problems, "no probe of " .. #list .. " containers fails")
end

-- Which host has the writable side of a pair, after a switch the other one.
local function writer(world, pair)
  if not pair.writable then return nil end
  local host = pair.writable.host
  if world.decided[pair.name] ~= "switch" then return host end
  for _, side in ipairs(pair.sides) do
    if side.host ~= host then return side.host end
  end
end

-- What was wrong with a pair before and so is no difference. After a stop that was begun twice only its layout is
-- known: the rest was the first one's doing.
local function wrong_before(pair)
  local known = {}
  if pair.layout then known[pair.layout] = true end
  for _, problem in ipairs(pair.partly_stopped and {} or pair.problems) do known[problem] = true end
  return known
end

function M.databases(world)
  local problems, looked_at = {}, 0
  local now = {}
  for _, pair in ipairs(survey.databases(world.swarm, survey.containers(world.swarm))) do now[pair.name] = pair end
  for _, pair in ipairs(world.before.databases) do
    if #snapshot.sides(world.before, pair.name) > 0 then
      looked_at = looked_at + 1
      local is = now[pair.name]
      local known = wrong_before(pair)
      for _, problem in ipairs(is.problems) do
        if not known[problem] then problems[#problems + 1] = pair.name .. ": " .. problem end
      end
      local before, after = writer(world, pair), is.writable and is.writable.host
      if before and after and before ~= after then
        problems[#problems + 1] = ("%s writes on %s, before on %s"):format(pair.name, after, before)
      end
    end
  end
  return verdict(problems, looked_at .. " control databases are as they were")
end

--- A name server that came back hears of the brokers one after the other.
function M.brokers(world)
  local listed, problems = {}, {}
  for _, broker in ipairs(survey.brokers(world.swarm, survey.containers(world.swarm)).brokers) do
    listed[broker.address] = broker
  end
  for _, broker in ipairs(world.before.brokers) do
    local now = listed[broker.address]
    if not now then
      problems[#problems + 1] = broker.address .. " is not listed"
    elseif broker.everywhere and not now.everywhere then
      problems[#problems + 1] = broker.address .. " is not listed by every name server"
    end
  end
  return verdict(problems, #world.before.brokers .. " brokers are listed")
end

--- As many nodes as before; which ones is the console's business, and what they are was compared where they came back.
function M.drds(world)
  local known, more = {}, {}
  for _, node in ipairs(world.before.drds) do known[node] = true end
  local now = survey.select(survey.containers(world.swarm), { class = "drds_server", running = true })
  for _, container in ipairs(now) do
    local name = container.host .. "/" .. container.name
    if not known[name] then more[#more + 1] = name end
  end
  return #now == #world.before.drds, ("%d DRDS servers run, %d before; new: %s"):format(#now, #world.before.drds,
    #more > 0 and table.concat(more, ", ") or "none")
end

return M
