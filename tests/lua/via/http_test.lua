-- `http` through an ssh connection: connections are kept there too, and go with it.
local data = require "data"
local http = require "http"
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local program = ops.args[1]:match("^(.*)/via/[^/]*$") .. "/http_server.py"

--- fn(base, port) with a server of its own at the address `base`.
local function with_server(fn)
  local port_file = machine.temp() .. "/port"
  local ok, failure
  pcall(ops.group, function(group)
    group:spawn(function() machine.read({ "python3", program, port_file }, { timeout = "10m", grace = 0 }) end)
    group:spawn(function()
      ops.wait_until(function() return machine.exists(port_file) ~= nil, "no port yet" end,
        { timeout = "30s", every = "20ms" })
      local port = machine.read_file(port_file)
      ok, failure = pcall(fn, "http://127.0.0.1:" .. port, port)
      error("that ends the server", 0)
    end)
  end)
  if not ok then error(failure, 0) end
end

--- How many connections the server has.
local function count(port)
  return tonumber(machine.read(ops.shell("ss -Htn state established '( sport = :" .. port .. " )' | wc -l")).stdout)
end

test("thirty requests take one connection, which goes when the host is closed", function()
  with_server(function(base, port)
    local host = lab.connect()
    local first = http.get_json(base .. "/echo", { via = host }).connection
    for _ = 1, 30 do t.equal(http.get_json(base .. "/echo", { via = host }).connection, first) end
    t.equal(count(port), 1)
    local results = ops.each({ 1, 2, 3, 4, 5 }, { parallel = 5 }, function()
      return http.post(base .. "/size?unread=0.2", { via = host, body = ("x"):rep(100000) }).body
    end)
    for _, result in ipairs(results) do t.equal(result.value, "100000") end
    t.equal(count(port), 5)
    host:close()
    ops.wait_until(function() return count(port) == 0, count(port) .. " connections" end,
      { timeout = "20s", every = "50ms" })
    t.raises("closed", nil, function() http.get(base .. "/echo", { via = host }) end)
  end)
end)

test("a host that nobody holds any more takes its connections along", function()
  with_server(function(base, port)
    http.get(base .. "/echo", { via = lab.connect({ host = "127.9.0.2" }) })
    t.equal(count(port), 1)
    ops.wait_until(function()
      collectgarbage()
      return count(port) == 0, count(port) .. " connections"
    end, { timeout = "20s", every = "50ms" })
  end)
end)

test("what stands in the way is said, with the host", function()
  local host = lab.connect()
  local failure = t.raises("http.unreachable", nil, function() http.get("http://127.0.0.1:9/", { via = host }) end)
  t.equal(failure.message, "port 9 of 127.0.0.1, asked for through " .. lab.env "LAB_SSH_KEY_USER" .. "@127.9.0.1:"
    .. lab.env "LAB_SSH_PORT" .. ": it cannot connect there: nothing listens, or there is no way")
  t.equal(failure.retryable, true)
  local closed = lab.connect { host = "127.0.0.1", port = 12226, host_key = "accept-new",
    known_hosts = machine.temp() .. "/known_hosts" }
  failure = t.raises("http.permission", "port 9 of 127.0.0.1, asked for through " .. lab.env "LAB_SSH_KEY_USER"
    .. "@127.0.0.1:12226: its sshd forwards nothing (AllowTcpForwarding)",
      function() http.get("http://127.0.0.1:9/", { via = closed }) end)
  t.equal(failure.retryable, false)
end)

test("the proxy of the environment is not asked for what goes through a host", function()
  with_server(function(base)
    local ours = machine.read(ops.shell "readlink /proc/$PPID/exe").stdout:gsub("\n", "")
    local code = ([[local host = require("ssh").connect({ host = "127.9.0.1", port = %d, user = %q, key = %q,
      known_hosts = %q }) print(require("http").get(%q, { via = host }).url)]]):format(lab.env "LAB_SSH_PORT",
      lab.env "LAB_SSH_KEY_USER", lab.env "LAB_SSH_KEY", lab.env "LAB_SSH_KNOWN_HOSTS", base .. "/echo")
    t.equal(machine.read({ ours, "eval", code }, { env = { http_proxy = "http://127.0.0.1:9" } }).stdout,
      base .. "/echo\n")
  end)
end)

test("chunks and a large body in one piece", function()
  with_server(function(base)
    local host = lab.connect()
    local bytes = 0
    for piece in http.chunks(base .. "/big?bytes=5000000", { via = host }) do bytes = bytes + #piece end
    t.equal(bytes, 5000000)
    t.equal(#http.get(base .. "/big?bytes=3000000", { via = host }).body, 3000000)
    t.equal(data.from_json(http.post(base .. "/echo", { via = host, json = { a = 1 } }).body).body, '{"a":1}')
  end)
end)
