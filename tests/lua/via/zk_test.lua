-- ZooKeeper behind an ssh connection: sessions, administration words, and what is said where the way ends.
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test
local zk = require "zk"

local WAY = lab.env "LAB_SSH_KEY_USER" .. "@127.9.0.1:" .. lab.env "LAB_SSH_PORT"

test("a session through ssh names the servers as the script does", function()
  support.with_root({ via = lab.connect() }, function(z, root)
    z:create(root .. "/a", "1")
    t.equal(z:get(root .. "/a").data, "1")
    local server = z:session().server
    t.truthy(support.hosts:find(server, 1, true), server)
    local data = ("x"):rep(900000)
    z:set(root .. "/a", data)
    t.equal(z:get(root .. "/a").data, data)
    local failure = t.raises("zk.not_found", nil, function() z:get(root .. "/b") end)
    t.equal(failure.target, support.hosts .. " via " .. WAY)
  end)
end)

test("equal ways share a session, others do not", function()
  local function id(host)
    local z = zk.connect({ hosts = support.hosts, via = host })
    t.equal(z:alive(), true)
    return z:session().id, z
  end
  local first, one = id(lab.connect())
  local second, two = id(lab.connect())
  local third, three = id(lab.connect({ host = "127.9.0.2" }))
  t.equal(second, first)
  t.truthy(third ~= first, third)
  for _, z in ipairs { one, two, three } do z:close() end
end)

test("a server that dies: the session goes on with another one", function()
  support.with_root({ via = lab.connect(), session_timeout = "20s" }, function(z, root)
    z:create(root .. "/a", "1")
    local id = z:session().id
    local port = tonumber(z:session().server:match(":(%d+)$"))
    local server = "zk" .. (port - tonumber(support.ports[1]) + 1)
    support.lab("kill", server)
    t.equal(z:get(root .. "/a").data, "1")
    t.equal(z:session().id, id)
    support.lab("start", server)
    support.roles()
  end)
end)

test("the whole ensemble can be asked through ssh", function()
  support.roles()
  local ensemble = zk.ensemble(support.hosts, { via = lab.connect() })
  t.equal({ ensemble.quorum, ensemble.voters, ensemble.serving }, { true, 3, 3 })
  t.equal(zk.ask("127.0.0.1:" .. support.ports[1], "ruok", { via = lab.connect() }), "imok")
end)

test("what keeps the way from being there is said", function()
  local z = zk.connect({ hosts = "127.0.0.1:1", via = lab.connect(), connect_timeout = "2s" })
  local failure = t.raises("zk.unreachable", nil, function() z:get("/") end)
  t.truthy(failure.message:find("no server let us in within 2s: 127.0.0.1:1: port 1 of 127.0.0.1, asked for through "
    .. WAY .. ": it cannot connect there", 1, true), failure.message)
  local host = lab.connect()
  local closed = zk.connect({ hosts = support.hosts, via = host, fresh = true, connect_timeout = "2s" })
  host:close()
  failure = t.raises("zk.unreachable", nil, function() closed:get("/") end)
  t.truthy(failure.message:find("the host that was given as `via` is closed", 1, true), failure.message)
end)

test("a session through ssh ends at its deadline, whatever is silent", function()
  local host = lab.connect()
  t.equal(host:alive(), true)
  local z = zk.connect({ hosts = support.hosts, via = host, fresh = true, connect_timeout = "50s" })
  support.lab("freeze", "sshd")
  t.raises("deadline.exceeded", nil, function() ops.deadline("300ms", function() z:get("/") end) end)
  support.lab("thaw", "sshd")
  t.equal(z:exists("/").ephemeral, false)
end)

local function open_sockets()
  local count = 0
  for _, descriptor in ipairs(machine.list("/proc/self/fd")) do
    if (descriptor.target or ""):find("^socket:") then count = count + 1 end
  end
  return count
end

test("ways whose handles are gone leave no socket open", function()
  ops.wait_until(function()
    collectgarbage()
    local left = open_sockets()
    return left == 0, left
  end, { timeout = "20s", every = "20ms", what = "no socket" })
end)
