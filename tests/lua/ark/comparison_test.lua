-- Whether a site is as it was before, with databases that are made up.
local comparison = require "ark.maintenance.comparison"
local survey = require "ark.survey"
local t = require "testing"
local test = t.test

local function side(host, role)
  return { host = host, container = "db_" .. role, container_runs = true, server_runs = true, role = role,
    replication = { from = "10.0.1.2:3306", io = true, sql = true, lag = 0 } }
end

-- comparison.databases of a site that had one pair, `before`, and now has it with `sides`.
local function compared(before, sides, partly_stopped)
  local judge = require("ark.pairs").judge
  local containers, databases = survey.containers, survey.databases
  survey.containers = function() return {} end
  survey.databases = function() return { judge("pair", sides) } end
  local pair = judge("pair", before)
  pair.partly_stopped = partly_stopped
  local ok, same, seen = pcall(comparison.databases,
    { swarm = {}, decided = {}, before = { node = "h1", databases = { pair } } })
  survey.containers, survey.databases = containers, databases
  if not ok then error(same, 0) end
  return { same, seen }
end

test("both sides on the host, as before: that is no difference", function()
  local together = { side("h1", "RW"), side("h1", "RO") }
  t.equal(compared(together, together),
    { true, "1 control databases are as they were" })
end)

test("both sides on one host, where they were on two", function()
  t.equal(compared({ side("h1", "RW"), side("h2", "RO") }, { side("h1", "RW"), side("h1", "RO") }),
    { false, "pair: both sides are on h1" })
end)

test("the other side writes", function()
  t.equal(compared({ side("h1", "RW"), side("h2", "RO") }, { side("h1", "RO"), side("h2", "RW") }),
    { false, "pair writes on h2, before on h1" })
end)

test("what was wrong before is no difference, but after a stop that was begun twice", function()
  local dead = { host = "h2", container = "db", container_runs = true, server_runs = false }
  local sides = { side("h1", "RW"), dead }
  t.equal(compared(sides, sides), { true, "1 control databases are as they were" })
  t.equal(compared(sides, sides, true), { false, "pair: db on h2: its server does not run" })
  t.equal(compared({ side("h1", "RW"), side("h2", "RO") }, sides), { false, "pair: db on h2: its server does not run" })
end)
