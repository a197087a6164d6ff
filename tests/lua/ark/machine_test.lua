-- What a machine's processes, its routes and Swarm's answers say.
local answers = require "ark.answers"
local container_class = require "ark.container_class"
local docker_steps = require "ark.maintenance.docker_steps"
local machine = require "ark.machine"
local site = require "ark.site"
local t = require "testing"
local test = t.test

test("Docker's daemons among processes, old and new; a client is none", function()
  t.equal(machine.daemons(table.concat({
    "  PID COMMAND",
    "   12 /usr/bin/dockerd -H fd://",
    "   13 /usr/bin/docker daemon -H fd://",
    "   14 docker -d",
    "   15 docker ps -a",
    "   16 grep dockerd",
    "   17 containerd --log-level info",
    "   18 [dockerd-worker]",
  }, "\n")), { "12", "13", "14" })
end)

test("containers among processes, of every age of containerd; those of others are none", function()
  local one, two = ("1a"):rep(32), ("2b"):rep(32)
  t.equal(machine.shims(table.concat({
    "  PID COMMAND",
    "   12 /usr/bin/dockerd -H fd://",
    "   13 docker-containerd-shim " .. one .. " /var/run/docker/libcontainerd/" .. one .. " docker-runc",
    "   14 /usr/bin/containerd-shim-runc-v2 -namespace moby -id " .. two .. " -address /run/containerd.sock",
    "   15 /usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id " .. two .. " -address /run/containerd.sock",
    "   16 grep containerd-shim",
    "   18 [containerd-shim] <defunct>",
    "   17 containerd-shim -namespace moby -workdir /var/lib/x",
    "   18 /usr/bin/containerd",
  }, "\n")), { { pid = "13", id = one }, { pid = "14", id = two }, { pid = "17" } })
end)

test("the gateway of /proc/net/route", function()
  local head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
  t.equal(answers.gateway(head .. "eth0\t000E600A\t00000000\t0001\neth0\t00000000\t010E600A\t0003\n"), "10.96.14.1")
  t.equal(answers.gateway(head .. "eth0\t000E600A\t00000000\t0001\n"), nil)
end)

test("the manager that leads", function()
  t.equal(answers.primary_manager { SystemStatus = { { "Role", "replica" }, { "Primary", "10.0.0.1:4000" } } },
    "10.0.0.1:4000")
  t.equal(answers.primary_manager { SystemStatus = { { "Role", "primary" } } }, nil)
end)

test("the base stops with what carries the network last", function()
  local function base(name, why) return { class = "base", name = name, why = why or "", running = true } end
  local names = {}
  for _, container in ipairs(docker_steps.base_in_stop_order { containers = {
    base "ovs", base "swarm-manager", base "vlan", base("plugin", "its image has networkplugin in it"),
    { class = "middleware", name = "m" }, base "swarm-agent",
  } }) do
    names[#names + 1] = container.name
  end
  t.equal(names, { "swarm-manager", "swarm-agent", "plugin", "vlan", "ovs" })
end)

test("the site's own word on a container comes first", function()
  local known = site.classes
  site.classes = { odd = "middleware" }
  local class = container_class.of { name = "odd", image = "x", command = "", labels = {} }
  site.classes = known
  t.equal({ class.class, class.why }, { "middleware", "ark.site says so" })
end)
