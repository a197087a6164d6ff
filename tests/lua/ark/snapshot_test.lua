-- What is to be brought back, also after a stop that was begun twice.
local snapshot = require "ark.maintenance.snapshot"
local t = require "testing"
local test = t.test

local function container(name, running, policy)
  return { name = name, running = running, policy = policy or "always", address = "10.0.0.1" }
end

local function site(fields)
  return {
    node = "h1", machine = fields.machine or { module = true, socket = true }, containers = fields.containers or {},
    databases = fields.databases or {}, brokers = fields.brokers or {}, drds = fields.drds or {},
  }
end

test("without an earlier stop it is what is now", function()
  local now = site { containers = { container("a", true) } }
  t.equal(snapshot.merge(nil, now), now)
end)

test("what ran before an earlier stop is to run again, with the policy of then", function()
  local merged = snapshot.merge(
    site { containers = { container("a", true), container("b", false), container("c", true) } },
    site { containers = { container("a", false, "no"), container("b", false), container("d", true) } })
  t.equal(merged.containers, {
    container("a", true), container("b", false), container("c", true), container("d", true),
  })
end)

test("with Docker stopped all of it is what was before", function()
  local before = site {
    containers = { container("a", true) }, brokers = { { address = "10.0.0.1:1" } }, drds = { "h1/d" },
  }
  local merged = snapshot.merge(before, site { machine = { module = false, socket = false } })
  t.equal({ merged.containers, merged.brokers, merged.drds, merged.machine },
    { before.containers, before.brokers, before.drds, { module = true, socket = true } })
end)

test("a database keeps the role it had, and its side that is in no list", function()
  local function pair(...) return { { name = "p", problems = {}, sides = { ... } } } end
  local gone = { container = "one", host = "h1", role = "RW", container_runs = true, server_runs = true }
  local other = { container = "two", host = "h2", role = "RO", container_runs = true, server_runs = true }
  local merged = snapshot.merge(site { databases = pair(gone, other) }, site { databases = pair(other) })
  t.equal(merged.databases, { { name = "p", problems = {}, partly_stopped = true, sides = {
    other, { container = "one", host = "h1", role = "RW", container_runs = false, server_runs = false },
  } } })
  local found = snapshot.sides(merged, "p")
  t.equal({ #found, found[1].side.container, found[1].other.container }, { 1, "one", "two" })
end)

test("of two sides on the host the read-only one comes first", function()
  local one, two = { container = "one", host = "h1", role = "RW" }, { container = "two", host = "h1", role = "RO" }
  local found = snapshot.sides(site { databases = { { name = "p", sides = { one, two } } } }, "p")
  t.equal({ found[1].side.container, found[1].other.container, found[2].side.container }, { "two", "one", "one" })
end)

test("a restart policy as docker run writes it", function()
  local function policy(fields) return snapshot.policy { HostConfig = { RestartPolicy = fields } } end
  t.equal({ policy { Name = "always", MaximumRetryCount = 0 }, policy { Name = "on-failure", MaximumRetryCount = 5 },
    policy { Name = "" }, snapshot.policy {} }, { "always", "on-failure:5", "no", "no" })
end)
