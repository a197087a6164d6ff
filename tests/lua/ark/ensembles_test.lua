-- Which servers are taken for which ensemble; nothing listens at these addresses.
local ensembles = require "ark.ensembles"
local t = require "testing"
local test = t.test

local function zookeeper(id, address)
  return { id = id, component = "zk", addresses = address and { vlan7 = address } or {} }
end

-- The address a container that does not run was given.
local engine = {
  container = function(_, id)
    t.equal(id, "b")
    return {
      inspect = function()
        return { NetworkSettings = { Networks = { vlan7 = { IPAMConfig = { IPv4Address = "127.0.0.4" } } } } }
      end,
    }
  end,
}

test("Swarm's by the arguments of the managers, the middleware's by its containers, also one that is down", function()
  local found = ensembles.read(engine, {
    managers = { { servers = { "127.0.0.2:1", "127.0.0.3:1" } }, { servers = { "127.0.0.3:1" } }, {} },
    containers = { zookeeper("a", "127.0.0.5"), zookeeper("b"), { id = "c", component = "zkui", addresses = {} } },
  })
  t.equal({ found[1].name, found[1].servers, found[1].health.quorum },
    { "swarm", { "127.0.0.2:1", "127.0.0.3:1" }, false })
  t.equal({ found[2].name, found[2].servers, found[2].health.servers[2].mode },
    { "middleware", { "127.0.0.5:2188", "127.0.0.4:2188" }, "unreachable" })
end)

test("an ensemble nobody knows servers of is none", function()
  t.equal(ensembles.read(engine, { managers = {}, containers = {} }), {})
end)
