-- One side of a control database stops and comes back, with servers that are made up: what no real one does on demand.
local database_steps = require "ark.maintenance.database_steps"
local fake = require "fake_run"
local t = require "testing"
local test = t.test

local function said(text) return { exit_code = 0, stdout = text, stderr = "" } end
local DEAD = { exit_code = 1, stdout = "", stderr = "no server" }

-- A database's container and its server: {runs, role, threads, connecting, lag}. `autostart`: its server replicates as
-- soon as it runs; `catches_up`: what its lag becomes.
local function database(server, status)
  local function replication()
    if not server.runs then return DEAD end
    local io = server.connecting and "Connecting" or server.threads and "Yes" or "No"
    return said(("Slave_IO_Running: %s\nSlave_SQL_Running: %s\nSeconds_Behind_Master: %s\nLast_SQL_Errno: %d\n"
      .. "Last_SQL_Error: %s\n"):format(io, server.threads and "Yes" or "No",
      server.connecting and "NULL" or server.lag or "NULL", server.errno or 0, server.errno and "Duplicate" or ""))
  end
  local function on_run(words)
    if words == "myadm start" then server.runs, server.threads = true, server.autostart == true end
    if words == "myadm stop" then server.runs = server.stuck == true end
    if words:find("START SLAVE", 1, true) then server.threads = true end
    if words:find("read_only = 0", 1, true) then server.role = "RW" end
  end
  return {
    status = status or "running", on_run = on_run, answers = {
      dbs = function() return server.runs and said("mysql 3306 [" .. server.role .. "]") or DEAD end,
      ["my 3306 -e SHOW SLAVE STATUS\\G"] = replication,
      ["pgrep -x mysqld|mariadbd"] = function() return server.runs and said("12") or DEAD end,
    },
  }
end

local function side(host, container, role)
  return { host = host, container = container, id = container, role = role, container_runs = true, server_runs = true }
end

-- A world where h1 is the machine; `own` and `other` are databases. Both on h1 where `together`.
local function world(own, other, together)
  local machine = fake.machine { containers = { own = own, other = together and other or nil } }
  local swarm = fake.machine { containers = { own = own, other = other } }
  return {
    machine = machine, swarm = swarm.engine, grace = 30,
    before = { containers = {
      { name = "own", class = "database", policy = "always" },
      { name = "other", class = "database", policy = "always" },
    } },
  }
end

local function of_pair(together)
  local own, other = side("h1", "own", "RW"), side(together and "h1" or "h2", "other", "RO")
  return { pair = { name = "pair", sides = { own, other } }, side = own, other = other }
end

-- Start ---------------------------------------------------------------------------------------------------------------

test("the side that writes: container, server, replication, both level, writable", function()
  local own = { runs = false, role = "RO", lag = 0 }
  local one = world(database(own, "exited"), database { runs = true, role = "RO", threads = true, lag = 0 })
  local ctx = fake.ctx()
  database_steps.start(ctx, one, of_pair(), true, false)
  t.equal(ctx.said, { "did start own", "did start the server in own", "did replicate in own",
    "already both sides of pair are level", "did make own writable" })
  t.equal(one.machine.did, { "start own", "exec own: myadm start", "exec own: my 3306 -e START SLAVE",
    "exec own: my 3306 -e SET GLOBAL read_only = 0" })
end)

test("a server that replicates by itself, and is behind, is not opened before it is level", function()
  local own = { runs = false, role = "RO", autostart = true, lag = 7 }
  local seen = {}
  local ctx = fake.ctx { tick = function()
    own.lag = own.lag - 1
    seen[#seen + 1] = own.role
  end }
  local one = world(database(own, "exited"), database { runs = true, role = "RO", threads = true, lag = 0 })
  database_steps.start(ctx, one, of_pair(), true, false)
  t.equal({ own.lag, own.role, seen }, { 0, "RW", { "RO", "RO", "RO", "RO", "RO", "RO", "RO" } })
  t.equal(one.machine.did, { "start own", "exec own: myadm start", "exec own: my 3306 -e SET GLOBAL read_only = 0" })
end)

test("one that never gets level is not opened", function()
  local own = { runs = true, role = "RO", threads = true, lag = 600 }
  local one = world(database(own), database { runs = true, role = "RO", threads = true, lag = 0 })
  local failure = t.raises("procedure.goal", nil, function()
    database_steps.start(fake.ctx(), one, of_pair(), true, false)
  end)
  t.equal({ failure.message, one.machine.did },
    { 'the step "replicate in own" waited; last seen: 600 s behind', {} })
end)

test("the other side that does not follow holds it back", function()
  local own = { runs = true, role = "RO", threads = true, lag = 0 }
  local one = world(database(own), database { runs = true, role = "RO", threads = true, lag = 3 })
  local failure = t.raises("procedure.goal", nil, function()
    database_steps.start(fake.ctx(), one, of_pair(), true, false)
  end)
  t.equal({ failure.message, one.machine.did },
    { 'the step "both sides of pair are level" waited; last seen: h2/other is not level: 3 s behind', {} })
end)

test("whatever breaks between the look and the change holds it back", function()
  for _, case in ipairs {
    { function(_, other) other.role = "RW" end, "h2/other is writable: two writable sides would diverge" },
    { function(_, other) other.runs = false end, "h2/other does not answer" },
    { function(_, other) other.lag = 2 end, "h2/other is not level: 2 s behind" },
    { function(_, other) other.threads, other.errno = false, 1062 end,
      "h2/other is not level: error 1062: Duplicate" },
    { function(own) own.lag = 4 end, "h1/own is not level: 4 s behind" },
    { function(own) own.threads = false end, "h1/own is not level: receiver stopped, applier stopped" },
  } do
    local own = { runs = true, role = "RO", threads = true, lag = 0 }
    local other = { runs = true, role = "RO", threads = true, lag = 0 }
    local one = world(database(own), database(other))
    local ctx = fake.ctx()
    local step = ctx.step
    -- The last step has looked, its change is still to come.
    function ctx.step(self, name, options)
      if name == "make own writable" then case[1](own, other) end
      return step(self, name, options)
    end
    local failure = t.raises("procedure.guard", nil, function()
      database_steps.start(ctx, one, of_pair(), true, false)
    end)
    t.equal({ failure.message, own.role, one.machine.did }, {
      'the guard "only one side of pair is writable" holds back make own writable; seen: ' .. case[2], "RO", {} })
  end
end)

test("a plan is not held back by what only a run makes level", function()
  local own = { runs = true, role = "RO", threads = false }
  local one = world(database(own), database { runs = true, role = "RO", threads = true, connecting = true })
  t.equal({ database_steps.may_write(one, of_pair(), false, false) }, { true, "h2/other is read-only" })
end)

test("a dead other side: a person said to go on, and its receiver finds nobody", function()
  local own = { runs = true, role = "RO", threads = true, connecting = true }
  local one = world(database(own), database({ runs = false, role = "RO" }))
  local ctx = fake.ctx()
  database_steps.start(ctx, one, of_pair(), true, true)
  t.equal({ own.role, ctx.said[#ctx.said] }, { "RW", "did make own writable" })
  own.role = "RO"
  t.equal({ database_steps.may_write(one, of_pair(), false, false) }, { false, "h2/other does not answer" })
end)

test("both sides on the host: the read-only one first, which finds its partner when that comes", function()
  local own = { runs = false, role = "RO", lag = 0 }
  local other = { runs = false, role = "RO", connecting = true }
  local one = world(database(own, "exited"), database(other, "exited"), true)
  local pair = of_pair(true)
  local ctx = fake.ctx { tick = function() end }
  local first = { pair = pair.pair, side = pair.other, other = pair.side }
  database_steps.start(ctx, one, first, false, false)
  t.equal(ctx.said, { "did start other", "did start the server in other", "did replicate in other" })
  -- It connects once there is somebody, some time after.
  local looks = 0
  local second = fake.ctx { tick = function()
    looks = looks + 1
    if looks == 3 then other.connecting, other.lag = false, 0 end
  end }
  database_steps.start(second, one, pair, true, false)
  t.equal(second.said, { "did start own", "did start the server in own", "did replicate in own",
    "did both sides of pair are level", "did make own writable" })
  t.equal({ own.role, other.role, looks }, { "RW", "RO", 3 })
end)

-- Stop ----------------------------------------------------------------------------------------------------------------

test("the server first, then the container, held back from coming up with Docker", function()
  local one = world(database { runs = true, role = "RW", threads = true, lag = 0 },
    database { runs = true, role = "RO", threads = true, lag = 0 })
  database_steps.stop(fake.ctx(), one, of_pair(), false)
  t.equal(one.machine.did, { "exec own: myadm stop", "policy of own no", "stop own 30" })
end)

test("a stop that ended and left the server: its container is not stopped", function()
  local one = world(database { runs = true, role = "RW", threads = true, lag = 0, stuck = true },
    database { runs = true, role = "RO", threads = true, lag = 0 })
  local failure = t.raises("procedure.goal", nil, function()
    database_steps.stop(fake.ctx(), one, of_pair(), false)
  end)
  t.equal({ failure.message, one.machine.did },
    { 'the step "stop the server in own" waited; last seen: its server runs', { "exec own: myadm stop" } })
end)

test("a container that is paused holds a server: it is never taken for stopped", function()
  local machine = fake.machine { containers = { own = database({ runs = true, role = "RO" }, "paused"),
    gone = database({}, "exited"), again = database({}, "restarting") } }
  t.equal({ database_steps.server_runs(machine, "own") }, { true, "paused" })
  t.equal({ database_steps.server_runs(machine, "again") }, { true, "restarting" })
  t.equal({ database_steps.server_runs(machine, "gone") }, { false, "exited" })
  t.equal({ database_steps.server_runs(machine, "none") }, { false, "gone" })
end)

test("a server that runs has to tell its role; one that does not run has none to get back", function()
  local function known(server, role)
    local of = of_pair()
    of.side.role = role
    return { database_steps.role_is_known(world(database(server), database {}), of) }
  end
  t.equal(known({ runs = true }, "RO"), { true, "own is RO" })
  t.equal(known({ runs = false }), { true, "own: no server runs in it" })
  t.equal(known({ runs = true }), { false, "own: its server runs, and its role is not known (it did not answer)" })
end)

test("the other side breaks between the stop of the server and that of its container", function()
  local other = { runs = true, role = "RO", threads = true, lag = 0 }
  local one = world(database { runs = true, role = "RW", threads = true, lag = 0 }, database(other))
  local ctx = fake.ctx()
  local step = ctx.step
  function ctx.step(self, name, options)
    if name == "stop own" then other.threads, other.errno = false, 1062 end
    return step(self, name, options)
  end
  local failure = t.raises("procedure.guard", nil, function() database_steps.stop(ctx, one, of_pair(), false) end)
  t.equal({ failure.message, one.machine.did },
    { 'the guard "the other side of pair carries it" holds back stop own; seen: h2/other: it does not replicate: '
      .. "error 1062, Duplicate", { "exec own: myadm stop", "policy of own no" } })
end)
