-- Who has an address, asked of an engine that is made up: what no real site shows on demand.
local addresses = require "ark.addresses"
local t = require "testing"
local test = t.test

local RUNNING = {
  id = "a", host = "h1", name = "one", running = true, status = "running",
  addresses = { vlan7 = "10.0.1.33", bridge = "172.17.0.2" },
}
local STOPPED = { id = "b", host = "h2", name = "two", running = false, status = "exited", addresses = {} }

local engine = {
  inspected = 0,
  networks = function() return { { name = "vlan7" }, { name = "bridge" } } end,
  network = function(_, name)
    local endpoints = {
      vlan7 = {
        a = { Name = "one", IPv4Address = "10.0.1.33/24" },
        c = { Name = "gone", IPv4Address = "10.0.1.44/24" },
      },
      bridge = { d = { Name = "elsewhere", IPv4Address = "10.0.1.55/24" } },
    }
    return { inspect = function() return { Containers = endpoints[name] } end }
  end,
}
function engine.container(_, id)
  engine.inspected = engine.inspected + 1
  t.equal(id, "b")
  return {
    inspect = function()
      return { NetworkSettings = { Networks = { vlan7 = { IPAMConfig = { IPv4Address = "10.0.1.34" } } } } }
    end,
  }
end

local known = { containers = { RUNNING, STOPPED }, hosts = { { name = "h1", address = "10.0.0.1" } } }
local function find(address) return addresses.find(engine, known, address) end

test("a container that runs, without asking for more", function()
  t.equal(find("10.0.1.33"),
    { { kind = "container", host = "h1", name = "one", state = "running", network = "vlan7" } })
  t.equal(engine.inspected, 0)
end)

test("part of an address is another address", function()
  t.equal(find("10.0.1.3"), {})
  t.equal(find("0.0.1.33"), {})
end)

test("a container that does not run keeps the address it was given", function()
  t.equal(find("10.0.1.34"), { { kind = "container", host = "h2", name = "two", state = "exited" } })
end)

test("a host", function()
  t.equal(find("10.0.0.1"), { { kind = "host", host = "h1", name = "h1" } })
end)

test("an endpoint that was left behind, in the container networks only", function()
  t.equal(find("10.0.1.44"),
    { { kind = "detached", name = "gone", state = "unknown to every engine", network = "vlan7" } })
  t.equal(find("10.0.1.55"), {})
end)
