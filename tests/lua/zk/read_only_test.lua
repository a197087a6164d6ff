-- A server without a quorum that serves reads.
local pair = require "zk.read_only_server"
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test
local zk = require "zk"

local function wait_read_only()
  ops.wait_until(function()
    local ensemble = zk.ensemble(pair.hosts)
    return ensemble.servers[1].mode == "read-only", zk.ensemble_text(ensemble)
  end, { timeout = "60s", every = "100ms", what = "a server that serves reads only" })
end

test("reads are answered and changes refused, until there is a quorum again", function()
  pair.with_one_server(function(start_second)
    wait_read_only()
    local report = zk.ensemble(pair.hosts)
    t.equal({ report.quorum, report.voters, report.serving, report.leader }, { false, 2, 0, nil })

    local refused = t.raises("zk.unreachable", nil, function()
      support.connect({ hosts = pair.hosts[1], connect_timeout = "2s" }):exists("/a")
    end)
    t.truthy(refused.message:find("closed the connection (a server without a quorum does)", 1, true), refused.message)

    local z = support.connect({ hosts = pair.hosts, read_only = true, connect_timeout = "40s" })
    t.equal(z:children("/"), { "zookeeper" })
    t.equal({ z:session().state, z:session().server }, { "read_only", pair.hosts[1] })
    local failure = t.raises("zk.read_only", nil, function() z:create("/a", "1") end)
    t.equal(failure.message, 'the server has no quorum and serves reads only: create "/a" was refused')
    t.equal(failure.maybe_applied, false)
    t.raises("zk.read_only", 'the server has no quorum and serves reads only: create "/lock" was refused', function()
      z:lock("/lock", {}, function() end)
    end)

    start_second()
    support.wait_state(z, "connected")
    z:create("/a", "1")
    t.equal(z:get("/a").data, "1")
    z:close()
  end)
end)
