-- When a pair of databases is well.
local pairs_of_databases = require "ark.pairs"
local t = require "testing"
local test = t.test

local function side(host, role, changes)
  local one = {
    container = "db", host = host, container_runs = true, server_runs = true, role = role,
    replication = { from = "10.0.0.9:3306", io = true, sql = true, connecting = false, lag = 0 },
  }
  for key, value in pairs(changes or {}) do one[key] = value end
  return one
end

local function replicating(changes)
  local replication = { from = "10.0.0.9:3306", io = true, sql = true, connecting = false, lag = 0 }
  for key, value in pairs(changes) do replication[key] = value end
  return { replication = replication }
end

local function problems(...) return pairs_of_databases.judge("p", { ... }).problems end

test("one writable side, both replicating and level, on two hosts", function()
  local writable, read_only = side("h1", "RW"), side("h2", "RO")
  local pair = pairs_of_databases.judge("p", { read_only, writable })
  t.equal({ pair.healthy, pair.problems }, { true, {} })
  t.truthy(pair.writable == writable and pair.read_only == read_only, "the sides")
end)

test("what is wrong with the sides together", function()
  t.equal(problems(side("h1", "RW")), { "it has 1 side instead of 2" })
  t.equal(problems(), { "it has 0 sides instead of 2" })
  t.equal(problems(side("h1", "RW"), side("h1", "RO")), { "both sides are on h1" })
  t.equal(problems(side("h1", "RW"), side("h2", "RW")), { "both sides are writable" })
  t.equal(problems(side("h1", "RO"), side("h2", "RO")), { "no side is writable" })
end)

test("neither side is called writable where both are", function()
  local pair = pairs_of_databases.judge("p", { side("h1", "RW"), side("h2", "RW") })
  t.equal({ pair.writable, pair.read_only }, {})
end)

test("what is wrong with one side", function()
  local cases = {
    { { container_runs = false }, "its container does not run" },
    { { server_runs = false }, "its server does not run" },
    { { error = "it did not answer" }, "it did not answer" },
    { replicating { errno = 1062, error = "Duplicate entry" }, "does not replicate: error 1062, Duplicate entry" },
    { replicating { io = false, connecting = true }, "does not reach 10.0.0.9:3306" },
    { replicating { io = false }, "has its receiving thread stopped" },
    { replicating { sql = false }, "has its applying thread stopped" },
    { replicating { lag = 7 }, "is 7 s behind" },
  }
  for _, case in ipairs(cases) do
    t.equal(problems(side("h1", "RW"), side("h2", "RO", case[1])), { "db on h2: " .. case[2] })
  end
  local without = side("h2", "RO")
  without.replication = nil
  t.equal(problems(side("h1", "RW"), without), { "db on h2: replicates from nobody" })
  without = side("h2", "RO")
  without.replication.lag = nil
  t.equal(problems(side("h1", "RW"), without), { "db on h2: does not know how far behind it is" })
end)

test("a side whose role is not known says nothing about the other's", function()
  local dead = side("h1", nil, { server_runs = false })
  t.equal(problems(dead, side("h2", "RO")), { "db on h1: its server does not run" })
end)
