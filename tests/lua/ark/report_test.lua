-- A survey as a person reads it, to the letter.
local pairs_of_databases = require "ark.pairs"
local report = require "ark.report"
local t = require "testing"
local test = t.test

test("columns are as wide as they must be; what is not known is a dash", function()
  t.equal(report.columns({ { "a", "long title", "c" }, { "wide cell", nil, 7 } }, 3),
    "a          long title  c\nwide cell  -           7")
end)

local function side(host, role, lag)
  return {
    container = "db_" .. role, host = host, container_runs = true, server_runs = true, role = role,
    replication = { from = "10.0.1.2:3306", io = true, sql = true, connecting = false, lag = lag },
  }
end

local function container(host, name, class, running)
  return { host = host, name = name, class = class, running = running, status = running and "running" or "exited",
    why = "nobody knows" }
end

test("a site with one thing of each kind wrong", function()
  local text = report.text {
    hosts = { { name = "h1", address = "10.0.0.1", healthy = true }, { name = "h2", address = "10.0.0.2" } },
    containers = {
      container("h1", "ovs", "base", true), container("h1", "odd", "unknown", true),
      container("h1", "broker", "broker", false),
    },
    managers = { { host = "h1", container = "swarm-manager", running = false } },
    ensembles = { { name = "swarm", health = { quorum = false, servers = {
      { server = "10.0.0.1:2181", mode = "not_serving" }, { server = "10.0.0.2:2181", mode = "unreachable" },
    } } } },
    databases = { pairs_of_databases.judge("one", { side("h1", "RW", 0), side("h2", "RO", 4) }) },
    brokers = { brokers = { { cluster = "c", name = "b", id = "1", address = "10.0.1.34:10911" } },
      problems = { "no name server could be asked" } },
  }
  t.equal(text, [[
host  address   state            base  database  broker  drds  middleware  unknown  stopped
h1    10.0.0.1  healthy          1     0         1       0     0           1        1
h2    10.0.0.2  DOES NOT ANSWER  0     0         0       0     0           0        0

host  swarm manager  state
h1    swarm-manager  STOPPED

ensemble  server         mode         state
swarm     10.0.0.1:2181  not_serving  HAS NO QUORUM
swarm     10.0.0.2:2181  unreachable

pair  writable side  read-only side  state
one   h1/db_RW       h2/db_RO        NOT WELL
one: db_RO on h2: is 4 s behind

cluster  broker  id  address
c        b       1   10.0.1.34:10911
no name server could be asked

host  container  class   state
h1    broker     broker  exited

host  container  why it has no class
h1    odd        nobody knows]])
end)
