-- One side of a control database: its server is stopped before its container, and comes back in its old role.
local container_steps = require "ark.maintenance.container_steps"
local guards = require "ark.maintenance.guards"
local network_steps = require "ark.maintenance.network_steps"
local ops = require "ops"
local patience = require "ark.patience"
local site = require "ark.site"
local snapshot = require "ark.maintenance.snapshot"
local survey = require "ark.survey"

local M = {}

--- A side as it is now. `engine` sees its machine.
function M.look(engine, side)
  local status = ops.try(function() return engine:container(side.id):status() end, { "docker.not_found" })
  return survey.database_side(engine, {
    id = side.id, name = side.container, host = side.host, running = status ~= nil and status.status == "running",
  })
end

-- Its server lives in these, and nobody can ask for it.
local HOLDS_A_SERVER = { paused = true, restarting = true }

--- Whether its server's process is there, and what was seen; where its container is paused, it is.
function M.server_runs(machine, name)
  local result, state = machine:ask(name, site.commands.database_processes, { accept = { 0, 1 } })
  if not result then return HOLDS_A_SERVER[state] == true, state end
  return result.exit_code == 0, result.exit_code == 0 and "its server runs" or "no server runs in it"
end

--- Whether the side's role is known, which it has to get back: one whose server runs and does not answer may be any.
function M.role_is_known(world, of)
  local name = of.side.container
  if of.side.role then return true, name .. " is " .. of.side.role end
  local runs, seen = M.server_runs(world.machine, name)
  if not runs then return true, name .. ": " .. seen end
  return false, ("%s: its server runs, and its role is not known (%s)"):format(name,
    of.side.error or "it did not answer")
end

--- Whether the side that stays can carry the database; one that is only behind gets the time to catch up.
function M.survivor(world, of)
  local _, holds, seen = patience.look(ops.seconds(site.times.database_level), function()
    local side = of.other and M.look(world.swarm, of.other)
    local holds, seen = guards.survivor(side, M.server_runs(world.machine, of.side.container))
    local lag = side and side.replication and side.replication.lag or 0
    return holds or lag == 0, holds, seen
  end)
  return holds, seen
end

local function stop_both(ctx, world, name)
  local container = snapshot.container(world.before, name)
  ctx:step("stop the server in " .. name, {
    done = function()
      local runs, seen = M.server_runs(world.machine, name)
      return not runs, seen
    end,
    run = function()
      world.machine:container(name):run(site.commands.database_stop,
        { timeout = site.times.database_stop, repeatable = true })
    end,
    timeout = site.times.database_stop,
  })
  container_steps.hold_back(ctx, world.machine, container)
  container_steps.stop(ctx, world.machine, container, world.grace)
end

--- Stops the server, then the container, while the other side carries the database; without asking for the other side
--- where `alone`.
function M.stop(ctx, world, of, alone)
  local name = of.side.container
  if alone then return stop_both(ctx, world, name) end
  ctx:guard("the other side of " .. of.pair.name .. " carries it", function() return M.survivor(world, of) end,
    function() stop_both(ctx, world, name) end)
end

-- Start ---------------------------------------------------------------------------------------------------------------

--- The side on the machine as it is now.
function M.look_here(world, of)
  if not world.machine:docker_runs() then
    return { host = of.side.host, container = of.side.container, container_runs = false, server_runs = false }
  end
  return M.look(world.machine.engine, of.side)
end

local function run_sql(world, name, statement)
  world.machine:container(name):run(survey.client(statement), { repeatable = true })
end

local function start_server(ctx, world, of)
  local name = of.side.container
  ctx:step("start the server in " .. name, {
    done = function()
      local side = M.look_here(world, of)
      return side.server_runs, side.server_runs and "it answers as " .. tostring(side.role) or side.error
    end,
    -- A start that was cut off goes on where it runs: as long as its server is there, there is nothing to send.
    run = function()
      if M.server_runs(world.machine, name) then return end
      world.machine:container(name):run(site.commands.database_start,
        { timeout = site.times.database_start, repeatable = true })
    end,
    timeout = site.times.database_start,
  })
end

local function threads(side)
  local replication = side.replication
  if not replication then return false, "it replicates from nobody" end
  if replication.errno then
    return false, ("error %d: %s"):format(replication.errno, replication.error or "no text")
  end
  return replication.io and replication.sql, ("receiver %s, applier %s"):format(
    replication.io and "runs" or replication.connecting and "connects" or "stopped",
    replication.sql and "runs" or "stopped")
end

-- Whether both threads run and it has applied all that it received.
local function level(side)
  if not side.server_runs then return false, side.error or "its server does not run" end
  local both, seen = threads(side)
  local lag = side.replication and side.replication.lag
  if not both then return false, seen end
  return lag == 0, lag and lag .. " s behind" or "it does not know how far behind it is"
end

-- START SLAVE is right on the side that will write too: each replicates from the other. Where there is `nobody` to
-- receive from, the other being dead or still to be started, the receiver waits.
local function replicate(ctx, world, of, nobody)
  local name = of.side.container
  ctx:step("replicate in " .. name, {
    done = function()
      local side = M.look_here(world, of)
      local is_level, seen = level(side)
      if nobody and side.replication and side.replication.sql then return true, (select(2, threads(side))) end
      return is_level, seen
    end,
    -- A server may start its replication by itself, and then only has to catch up.
    run = function()
      if threads(M.look_here(world, of)) then return end
      run_sql(world, name, site.commands.replicate)
    end,
    timeout = site.times.database_start,
  })
end

local function place(side) return side.host .. "/" .. side.container end

-- What keeps a side from being level, nil where it is.
local function behind(side)
  local is_level, seen = level(side)
  if not is_level then return ("%s is not level: %s"):format(place(side), seen) end
  return nil
end

--- Whether the other side lets this one write: it answers and is read-only. With `levelled`, both were seen level and
--- have to be so still.
function M.may_write(world, of, partner_dead, levelled)
  if not of.other then return true, "there is no other side" end
  local other = M.look(world.swarm, of.other)
  if other.role == "RW" then return false, place(other) .. " is writable: two writable sides would diverge" end
  if other.role ~= "RO" then
    return partner_dead, place(other) .. " does not answer" .. (other.error and ": " .. other.error or "")
  end
  local problem = levelled and (behind(M.look_here(world, of)) or behind(other))
  if problem then return false, problem end
  return true, place(other) .. " is read-only"
end

-- Both ways: what the other side has not applied yet is to be there before this one writes more, and this one has to
-- have what the other got meanwhile. Whether it was awaited: in a plan it is not.
local function await_level(ctx, world, of)
  local result = ctx:step("both sides of " .. of.pair.name .. " are level", {
    done = function()
      local problem = behind(M.look_here(world, of)) or behind(M.look(world.swarm, of.other))
      return problem == nil, problem or "both apply all that they receive"
    end,
    run = function() end,
    timeout = site.times.database_start,
  })
  return result.seen ~= nil
end

local function open_for_writing(ctx, world, of, partner_dead, levelled)
  local name = of.side.container
  ctx:guard("only one side of " .. of.pair.name .. " is writable", function()
    return M.may_write(world, of, partner_dead, levelled)
  end, function()
    ctx:step("make " .. name .. " writable", {
      done = function()
        local side = M.look_here(world, of)
        return side.role == "RW", side.role or side.error
      end,
      run = function() run_sql(world, name, site.commands.open_for_writing) end,
    })
  end)
end

-- Of two sides on the machine the one that will not write comes first, and finds its partner later.
local function comes_first(of, writes) return of.other ~= nil and of.other.host == of.side.host and not writes end

--- Brings a side back: container, server, replication; writable where `writes`. `partner_dead`: a person said to go on
--- although the other side does not answer.
function M.start(ctx, world, of, writes, partner_dead)
  network_steps.start(ctx, world, snapshot.container(world.before, of.side.container))
  start_server(ctx, world, of)
  replicate(ctx, world, of, partner_dead or comes_first(of, writes))
  if not writes then return end
  local levelled = of.other and not partner_dead and await_level(ctx, world, of) or false
  open_for_writing(ctx, world, of, partner_dead, levelled)
end

return M
