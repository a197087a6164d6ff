-- Docker and the network come back in an order: the module, the daemon, the base, and a container that reaches its
-- gateway before the next one starts. With machines that are made up.
local docker_steps = require "ark.maintenance.docker_steps"
local fake = require "fake_run"
local network_steps = require "ark.maintenance.network_steps"
local t = require "testing"
local test = t.test

local ROUTES = { exit_code = 0, stdout = "Iface\tDestination\tGateway\neth0\t00000000\t010E600A\t0003\n", stderr = "" }
local PING = "ping -c 1 -W 2 10.96.14.1"

local function container(answers) return { status = "exited", answers = answers } end

test("the module is loaded where it was before, and only once", function()
  local machine = fake.machine {}
  local ctx = fake.ctx()
  network_steps.load_module(ctx, machine, true)
  network_steps.load_module(ctx, machine, true)
  t.equal(machine.did, { "ssh modprobe openvswitch" })
  t.equal(ctx.said, { "did load openvswitch", "already load openvswitch" })
end)

test("a module that was not there before is not loaded", function()
  local machine = fake.machine {}
  network_steps.load_module(fake.ctx(), machine, false)
  t.equal(machine.did, {})
end)

test("the first container with an address of its own tells about the network, wherever it comes", function()
  local function on(name, ...) return { name = name, networks = { ... } } end
  local bridged, first, second = on("bridged"), on("first"), on("second")
  bridged.networks = { bridge = "172.17.0.2" }
  first.networks, second.networks = { vlan214 = "10.96.14.5" }, { vlan214 = "10.96.14.6" }
  t.equal(network_steps.witness { bridged, first, second }, first)
  t.equal(network_steps.witness { bridged, { name = "none" } }, nil)
end)

test("it has to reach its gateway; that it takes a while is no fault", function()
  local results = { { exit_code = 1, stdout = "", stderr = "" }, { exit_code = 0, stdout = "", stderr = "" } }
  local machine = fake.machine { containers = {
    one = container { ["cat /proc/net/route"] = ROUTES, [PING] = function() return table.remove(results, 1) end },
  } }
  local ctx = fake.ctx()
  network_steps.start(ctx, { machine = machine, witness = { name = "one" } }, { name = "one" })
  t.equal(ctx.said, { "did start one", "did look at the network" })
end)

test("one that does not tell about the network is started, and that is all", function()
  local machine = fake.machine { containers = { one = container {} } }
  local ctx = fake.ctx()
  network_steps.start(ctx, { machine = machine, witness = { name = "other" } }, { name = "one" })
  t.equal(ctx.said, { "did start one" })
end)

test("a gateway that does not answer, no way out, and a container that ended: nothing else is started", function()
  for _, case in ipairs {
    { { ["cat /proc/net/route"] = ROUTES, [PING] = { exit_code = 1, stdout = "", stderr = "" } },
      "one does not reach its gateway 10.96.14.1" },
    { { ["cat /proc/net/route"] = { exit_code = 0, stdout = "Iface\tDestination\n", stderr = "" } },
      "one has no way out" },
  } do
    local machine = fake.machine { containers = { one = container(case[1]) } }
    local failure = t.raises("procedure.goal", nil, function()
      network_steps.start(fake.ctx(), { machine = machine, witness = { name = "one" } }, { name = "one" })
    end)
    t.equal(failure.message, 'the step "look at the network" waited; last seen: ' .. case[2])
  end
end)

-- Docker's end --------------------------------------------------------------------------------------------------------

local ID = ("ab12"):rep(16)
local SHIM = "  44 /usr/bin/containerd-shim-runc-v2 -namespace moby -id " .. ID .. " -address /run/containerd.sock"

local function world(options)
  local machine = fake.machine(options)
  return { machine = machine, before = { containers = { { id = ID, name = "left" } } } }
end

test("Docker's end: the socket first, then the daemon, and no container is left", function()
  local one = world {}
  local ctx = fake.ctx()
  docker_steps.stop(ctx, one)
  t.equal(one.machine.did, { "stop unit docker.socket", "stop unit docker" })
  t.equal(ctx.said, { "did stop docker.socket", "did stop docker", "already no container outlives docker" })
end)

test("a container that outlives the daemon is named", function()
  local failure = t.raises("procedure.goal", nil, function()
    docker_steps.stop(fake.ctx(), world { processes = SHIM })
  end)
  t.equal(failure.message, 'the step "no container outlives docker" waited; last seen: these run on without Docker: '
    .. "left (process 44)")
end)

test("with live-restore nothing can be left to Docker's own stop", function()
  local plain, live = fake.machine {}, fake.machine { info = { LiveRestoreEnabled = true } }
  t.equal({ docker_steps.ends_what_is_left(live, {}) }, { true, "nothing is left to Docker's own stop" })
  t.equal({ docker_steps.ends_what_is_left(plain, { one = true }) }, { true, "it has no live-restore" })
  t.equal({ docker_steps.ends_what_is_left(live, { one = true }) },
    { false, "Docker has live-restore there, so its stop ends no container; stop them by hand, or leave --exclude "
      .. "out" })
end)
