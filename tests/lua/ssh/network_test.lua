-- Ports and sockets behind a host, many hosts as one, services.
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local ssh = require "ssh"
local t = require "testing"
local test = t.test

test("a forwarded port leads to one that the host can reach, until it is closed", function()
  local host = lab.connect()
  local forward = host:forward { host = "127.9.0.50", port = 12222 }
  local behind = lab.connect { host = "127.0.0.1", port = forward:port(), host_key = "accept-new",
    known_hosts = machine.temp() .. "/known" }
  t.equal(behind:read(ops.shell "echo $SSH_CONNECTION").stdout:match("%S+ %d+ (%S+)"), "127.9.0.50")
  local big = ("y"):rep(2000000)
  t.equal(behind:read({ "cat" }, { stdin = big }).stdout == big, true)
  local port = forward:port()
  behind:close()
  forward:close()
  t.equal(lab.connect({ host = "127.0.0.1", port = port }):alive(), false)
end)

test("a port that is in use cannot be forwarded", function()
  t.raises("ssh.local_port", "cannot listen on port 12222 of 127.0.0.1: address already in use",
    function() lab.connect():forward { port = 1, local_port = 12222 } end)
end)

test("many hosts as one: results in order, identical outputs folded", function()
  local list = {}
  for i = 1, 20 do
    list[i] = { host = "127.9.0." .. (60 + i), port = 12222, user = "keyonly", key = lab.env "LAB_SSH_KEY",
      known_hosts = lab.env "LAB_SSH_KNOWN_HOSTS" }
  end
  list[3].port = 1
  local hosts = ssh.hosts(list, { parallel = 10 })
  local results = hosts:read({ "echo", "same" })
  t.equal({ #results, #results.failed, results[1].value.stdout }, { 20, 1, "same\n" })
  t.equal(results["127.9.0.63"].error.code, "ssh.unreachable")
  local folded = ssh.folded(results)
  t.truthy(folded:find("127.9.0.61, 127.9.0.62, 127.9.0.64", 1, true), folded)
  t.truthy(folded:find("(19):\n  same\n", 1, true), folded)
  t.equal(tostring(results), folded)
  hosts:close()
end)

test("edit writes only where something changed", function()
  local host = lab.connect()
  local path = lab.folder(host) .. "/file"
  host:write_file(path, "port = 1\n", { mode = "0600" })
  local function change(text) return (text:gsub("port = %d+", "port = 2")) end
  t.equal(host:edit(path, change, { backup = ".bak" }).changed, true)
  t.equal({ host:stat(path).mode, host:stat(path .. ".bak").mode }, { "0600", "0600" })
  t.equal({ host:read_file(path), host:read_file(path .. ".bak") }, { "port = 2\n", "port = 1\n" })
  t.equal(host:edit(path, change).changed, false)
end)
