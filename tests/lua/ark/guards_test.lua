-- What may be away at the same time: managers, ensembles, sides of databases, brokers.
local guards = require "ark.maintenance.guards"
local t = require "testing"
local test = t.test

local function manager(host, running) return { host = host, running = running } end

test("managers: a majority without the host", function()
  local all = { manager("h1", true), manager("h2", true), manager("h3", true) }
  t.equal({ guards.managers(all, "h1", true) },
    { true, "without h1 Swarm managers run on h2, h3 (down: none); 2 are needed" })
end)

test("managers: a second one is down", function()
  local all = { manager("h1", true), manager("h2", false), manager("h3", true) }
  for _, judge in ipairs { guards.managers, guards.all_managers } do
    t.equal({ judge(all, "h1", true) },
      { false, "without h1 Swarm managers run on h3 (down: h2); 2 are needed" })
  end
end)

test("managers: one whose machine is away is in no list and counts all the same", function()
  t.equal({ guards.managers({ manager("h1", true), manager("h3", true) }, "h1", true) },
    { false, "without h1 Swarm managers run on h3 (down: none); 2 are needed" })
end)

test("managers: the host's own, which is down already, is not needed", function()
  local others = { manager("h2", true), manager("h3", true) }
  for _, judge in ipairs { guards.managers, guards.all_managers } do
    t.equal({ judge(others, "h1", true) },
      { true, "without h1 Swarm managers run on h2, h3 (down: none); 2 are needed" })
  end
end)

test("managers: the host has none: its stop takes none away, and all have to run before it", function()
  local two = { manager("h2", false), manager("h3", true) }
  t.equal({ guards.managers(two, "h9", false) }, { true, "h9 has no Swarm manager" })
  t.equal({ guards.all_managers(two, "h9", false) },
    { false, "without h9 Swarm managers run on h3 (down: h2); 3 are needed" })
  t.equal({ guards.all_managers({ manager("h1", true), manager("h2", true), manager("h3", true) }, "h9", false) },
    { true, "without h9 Swarm managers run on h1, h2, h3 (down: none); 3 are needed" })
end)

local function ensemble(...)
  local servers = {}
  for index, mode in ipairs { ... } do servers[index] = { server = "10.0.0." .. index .. ":2181", mode = mode } end
  return { health = { servers = servers } }
end

test("quorum: three serve, one goes", function()
  t.equal({ guards.quorum(ensemble("follower", "leader", "follower"), { "10.0.0.1" }) },
    { true, "without it 2 of 3 servers serve (not: none); 2 are needed" })
end)

test("quorum: one is down and another goes", function()
  t.equal({ guards.quorum(ensemble("follower", "leader", "unreachable"), { "10.0.0.1" }) },
    { false, "without it 1 of 3 servers serve (not: 10.0.0.3:2181 (unreachable)); 2 are needed" })
end)

test("quorum: the one that is down is the one that goes", function()
  t.equal(guards.quorum(ensemble("unreachable", "leader", "follower"), { "10.0.0.1" }), true)
end)

test("quorum: an observer has no voice", function()
  t.equal(guards.quorum(ensemble("follower", "leader", "unreachable", "observer"), { "10.0.0.1" }), false)
end)

test("quorum: of five one may be down beside the one that goes", function()
  t.equal(guards.quorum(ensemble("follower", "leader", "unreachable", "follower", "follower"), { "10.0.0.1" }), true)
end)

test("quorum: none of the servers is there; 10.0.0.1 is not 10.0.0.10", function()
  t.equal({ guards.quorum(ensemble("unreachable", "leader", "follower"), { "10.0.0.10" }) },
    { true, "none of its servers is there" })
end)

test("whole: every other server serves, one leads", function()
  local without = "without it 2 of 3 servers serve (not: none); 2 are needed; 10.0.0.2:2181 leads"
  t.equal({ guards.whole(ensemble("follower", "leader", "follower"), { "10.0.0.1" }) }, { true, without })
  t.equal({ guards.whole(ensemble("unreachable", "leader", "follower"), { "10.0.0.1" }) }, { true, without })
  t.equal({ guards.whole(ensemble("follower", "leader", "follower"), { "10.0.0.9" }) },
    { true, "without it 3 of 3 servers serve (not: none); 3 are needed; 10.0.0.2:2181 leads" })
end)

test("whole: one that is down is one too many, also where the host has none and where five are enough", function()
  t.equal({ guards.whole(ensemble("unreachable", "leader", "follower"), { "10.0.0.10" }) },
    { false, "without it 2 of 3 servers serve (not: 10.0.0.1:2181 (unreachable)); 3 are needed" })
  t.equal({ guards.whole(ensemble("follower", "leader", "not_serving", "follower", "follower"), { "10.0.0.1" }) },
    { false, "without it 3 of 5 servers serve (not: 10.0.0.3:2181 (not_serving)); 4 are needed" })
end)

test("whole: none has a quorum", function()
  t.equal({ guards.whole(ensemble("not_serving", "unreachable", "unreachable"), { "10.0.0.10" }) },
    { false, "without it 0 of 3 servers serve (not: 10.0.0.1:2181 (not_serving), 10.0.0.2:2181 (unreachable), "
      .. "10.0.0.3:2181 (unreachable)); 3 are needed" })
end)

test("whole: nobody leads, or two do", function()
  t.equal({ guards.whole(ensemble("follower", "follower", "follower"), { "10.0.0.1" }) },
    { false, "servers that lead: none; there has to be one" })
  t.equal({ guards.whole(ensemble("leader", "leader", "follower"), { "10.0.0.3" }) },
    { false, "servers that lead: 10.0.0.1:2181, 10.0.0.2:2181; there has to be one" })
end)

test("whole: a follower that is not in step with the leader", function()
  local one = ensemble("follower", "leader", "follower")
  one.health.servers[2].followers = 1
  t.equal({ guards.whole(one, { "10.0.0.1" }) },
    { false, "1 of 2 followers are in step with the leader 10.0.0.2:2181" })
  one.health.servers[2].followers = 2
  t.equal(guards.whole(one, { "10.0.0.1" }), true)
end)

test("whole: a single server, here or elsewhere", function()
  t.equal({ guards.whole(ensemble("standalone"), { "10.0.0.9" }) }, { true, "10.0.0.1:2181 stands alone" })
  t.equal({ guards.whole(ensemble("standalone"), { "10.0.0.1" }) },
    { false, "without it 0 of 1 servers serve (not: none); 1 are needed" })
end)

test("a paused container", function()
  t.equal({ guards.none_paused { { name = "one", status = "running" }, { name = "two", status = "exited" } } },
    { true, "none is" })
  t.equal({ guards.none_paused { { name = "one", status = "paused" }, { name = "two" }, { name = "three",
    status = "paused" } } }, { false, "paused: one, three; nothing in them can end properly, so unpause them first" })
end)

local function side(changes)
  local made = { host = "h2", container = "db", container_runs = true, server_runs = true, role = "RO",
    replication = { from = "h1:3306", io = true, sql = true, lag = 0 } }
  for key, value in pairs(changes or {}) do made[key] = value end
  return made
end

test("survivor: well", function()
  t.equal({ guards.survivor(side(), true) }, { true, "h2/db is RO" })
  t.equal({ guards.survivor(side { role = "RW" }, true) }, { true, "h2/db is RW" })
end)

test("survivor: broken in every way", function()
  for _, case in ipairs {
    { nil, "the database has no other side" },
    { side { container_runs = false }, "h2/db: its container does not run" },
    { side { server_runs = false }, "h2/db: its server does not run" },
    { side { replication = { io = true, sql = true, lag = 7 } }, "h2/db: it is 7 s behind" },
    { side { replication = { io = true, sql = false, errno = 1062, error = "Duplicate" } },
      "h2/db: it does not replicate: error 1062, Duplicate" },
    { side { role = "RW", replication = { io = false, sql = true } }, "h2/db: it has its receiving thread stopped" },
  } do
    t.equal({ guards.survivor(case[1], true) }, { false, case[2] })
  end
end)

test("survivor: once the other side has gone, a receiver that finds nobody is no fault, an applier that stopped is",
  function()
    local unreached = { io = false, connecting = true, sql = true, errno = 2003, error = "Can't connect" }
    t.equal(guards.survivor(side { replication = unreached }, false), true)
    t.equal(guards.survivor(side { role = "RW", replication = unreached }, false), true)
    t.equal(guards.survivor(side { replication = unreached }, true), false)
    t.equal(guards.survivor(side { replication = { io = false, connecting = true, sql = false, errno = 1062 } }, false),
      false)
  end)

local function broker(name, address) return { cluster = "c", name = name, id = "0", address = address .. ":10911" } end

test("brokers: another one of the group has to be listed now", function()
  local known = { broker("a", "10.0.0.1"), broker("a", "10.0.0.2"), broker("b", "10.0.0.3") }
  t.equal({ guards.other_broker(known, known, "10.0.0.1") },
    { true, "beside it of c/a there is listed: 10.0.0.2:10911" })
  t.equal({ guards.other_broker(known, { broker("a", "10.0.0.1"), broker("b", "10.0.0.3") }, "10.0.0.1") },
    { false, "beside it of c/a there is listed: none" })
  -- Its own end is what the guard's body does.
  t.equal(guards.other_broker(known, { broker("a", "10.0.0.2") }, "10.0.0.1"), true)
  t.equal({ guards.other_broker(known, known, "10.0.0.9") }, { true, "it was not listed itself" })
end)

test("a container that nobody can class", function()
  t.equal({ guards.classed { { class = "base" }, { class = "middleware" } } }, { true, "2 containers" })
  t.equal({ guards.classed { { class = "unknown", name = "x", why = "no label" }, { class = "base" } } },
    { false, "x (no label)" })
end)
