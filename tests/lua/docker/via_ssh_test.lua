-- An engine through an ssh connection: its Unix socket, carried by socat or by the docker command, and its port.
local docker = require "docker"
local lab = require "docker_lab"
local machine = require "local"
local ops = require "ops"
local ssh = require "ssh"
local t = require "testing"
local test = t.test

local user = os.getenv("LAB_SSH_KEY_USER")
local port = os.getenv("LAB_SSH_PORT")

local function connected(options)
  local all = { host = "127.9.0.1", port = tonumber(port), user = user, key = os.getenv("LAB_SSH_KEY"),
    known_hosts = os.getenv("LAB_SSH_KNOWN_HOSTS") }
  for name, value in pairs(options or {}) do all[name] = value end
  return ssh.connect(all)
end

--- fn() while everybody may use the engine's socket, or nobody but root.
local function with_socket_mode(mode, fn)
  machine.run({ "chmod", mode, lab.socket })
  local ok, failure = pcall(fn)
  machine.run({ "chmod", "0660", lab.socket })
  if not ok then error(failure, 0) end
end

--- What is asked of an engine in all ways a connection is used: short, long, both ways at once, for ever.
local function use(engine)
  t.equal(engine:version().os, "linux")
  lab.with_container({ engine = engine }, function(container)
    local big = ("0123456789abcdef"):rep(65536)
    t.equal(container:read({ "cat" }, { stdin = big, timeout = "30s" }).stdout == big, true)
    container:write_file("/tmp/big", big)
    t.equal(container:read_file("/tmp/big") == big, true)
    local events = engine:events({ container = container:id(), since = "1m", timeout = "20s" })
    t.equal(events().action, "create")
    local results = ops.each({ 1, 2, 3, 4, 5 }, { parallel = 5 }, function(i)
      return container:read({ "echo", tostring(i) }).stdout
    end)
    for i = 1, 5 do t.equal(results[i].value, i .. "\n") end
  end)
end

test("the socket, carried by socat", function()
  with_socket_mode("0666", function()
    local engine = docker.connect(lab.endpoint, { via = connected() })
    use(engine)
    local failure = t.raises("docker.not_found", nil, function() engine:container("nobody") end)
    t.equal(failure.target, lab.endpoint .. " via " .. user .. "@127.9.0.1:" .. port)
  end)
end)

test("the socket, carried by docker system dial-stdio or by nc where there is nothing else", function()
  local host = connected()
  local home = host:read(ops.shell "echo $HOME").stdout:gsub("\n", "")
  host:mkdir(home .. "/bin")
  host:run(ops.shell("ln -sf $(command -v docker) " .. home .. "/bin/docker"))
  -- bash reads it for commands that come through ssh.
  host:write_file(home .. "/.bashrc", "PATH=" .. home .. "/bin\n")
  local ok, failure = pcall(with_socket_mode, "0666", function()
    local engine = docker.connect(lab.endpoint, { via = host })
    use(engine)
    engine:close()
    machine.run({ "rm", home .. "/bin/docker" })
    t.raises("docker.unreachable", lab.socket .. " on " .. user .. "@127.9.0.1:" .. port
      .. " needs socat, nc or docker there, to carry its bytes, and none is installed: install one",
        function() docker.connect(lab.endpoint, { via = host }):ping() end)
    -- One that knows Unix sockets, as OpenBSD's.
    host:write_file(home .. "/bin/nc",
      '#!/bin/sh\n[ "$1" = -U ] && exec /usr/bin/socat STDIO "UNIX-CONNECT:$2"\n', { mode = "0755" })
    use(docker.connect(lab.endpoint, { via = host }))
  end)
  machine.run({ "rm", "-r", home .. "/.bashrc", home .. "/bin" })
  if not ok then error(failure, 0) end
end)

test("a socket that the login may not use, one that is not there", function()
  with_socket_mode("0600", function()
    t.raises("docker.permission", lab.socket .. " on " .. user .. "@127.9.0.1:" .. port
      .. ": the login may not write to it; the user has to be root or in the socket's group (docker)",
        function() docker.connect(lab.endpoint, { via = connected() }):ping() end)
  end)
  t.raises("docker.unreachable", "/nowhere/docker.sock on " .. user .. "@127.9.0.1:" .. port
    .. " does not exist; is the engine installed and started there?",
      function() docker.connect("unix:///nowhere/docker.sock", { via = connected() }):ping() end)
end)

test("its port, with certificates", function()
  use(docker.connect(lab.tls_endpoint, { cert_path = lab.cert_path, via = connected({ host = "127.9.0.2" }) }))
end)

test("a connection that is lost in the middle is opened anew", function()
  local host = connected({ host = "127.9.0.3" })
  with_socket_mode("0666", function()
    local engine = docker.connect(lab.endpoint, { via = host })
    t.equal(engine:alive(), true)
    lab.command("restart", "sshd")
    ops.wait_until(function()
      local answer, failure = ops.try(function() return engine:version() end, { "docker.*", "ssh.*" })
      return answer ~= nil, failure and failure.message or "it answers"
    end, { timeout = "30s", every = "100ms" })
  end)
end)
