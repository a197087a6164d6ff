-- An engine that misbehaves: TLS, silence, death in the middle, answers that are none.
local docker = require "docker"
local lab = require "docker_lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local address = os.getenv("LAB_DOCKER_TLS_ADDRESS")
local host = address and address:match("^[^:]+")

test("TCP with client certificates, by folder and by files", function()
  local engine = docker.connect(lab.tls_endpoint, { cert_path = lab.cert_path })
  t.equal(engine:version().os, "linux")
  local files = { ca_file = lab.cert_path .. "/ca.pem", cert_file = lab.cert_path .. "/cert.pem",
    key_file = lab.cert_path .. "/key.pem" }
  t.equal(docker.connect(lab.tls_endpoint, files):alive(), true)
  lab.with_container({ engine = engine }, function(container)
    t.equal(container:read({ "cat" }, { stdin = ("x"):rep(100000) }).stdout, ("x"):rep(100000))
  end)
end)

test("another authority, no client certificate, another name, a plain port", function()
  local failure = t.raises("docker.tls", nil, function()
    docker.connect(lab.tls_endpoint, { ca_file = lab.other_ca }):ping()
  end)
  t.equal(failure.message, "the certificate of " .. host
    .. " was issued by CN = opshost lab CA, which is not among the "
    .. "authorities in " .. lab.other_ca .. ": name the file of the right authority")
  t.equal(failure.detail.problem, "unknown_ca")
  failure = t.raises("docker.tls", host .. " wants a client certificate, and none was given", function()
    docker.connect(lab.tls_endpoint, { ca_file = lab.cert_path .. "/ca.pem" }):ping()
  end)
  t.equal(failure.detail.problem, "client_wanted")
  -- The lab's own /etc/hosts, which ends with it.
  machine.run(ops.shell "echo 127.0.0.1 another.name >> /etc/hosts")
  failure = t.raises("docker.tls", "the certificate of another.name is made out to 127.0.0.1, localhost, 10.94.0.31, "
    .. "10.95.0.11, 10.95.0.12, 10.95.0.13, not to another.name: connect under one of those names, or have it issued "
    .. "for this one", function()
    docker.connect("tcp://another.name:" .. address:match("%d+$"), { cert_path = lab.cert_path }):ping()
  end)
  t.equal(failure.detail.problem, "name_mismatch")
  failure = t.raises("docker.invalid", nil, function() docker.connect("tcp://" .. address, { tls = false }):ping() end)
  t.truthy(failure.message:find("Client sent an HTTP request to an HTTPS server", 1, true), failure.message)
end)

-- Certificates as a careless administrator makes them: signed by the lab's engine's own authority they are not, so the
-- engine refuses them; expired ones are refused by date.
local function made_certificate(folder, days)
  machine.run({ "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
    "-keyout", folder .. "/key.pem", "-out", folder .. "/cert.pem", "-days", days, "-subj", "/CN=stranger" })
end

test("a client certificate of a stranger, keys that do not belong, files that are none", function()
  local folder = machine.temp()
  made_certificate(folder, "1")
  local ca = lab.cert_path .. "/ca.pem"
  local failure = t.raises("docker.tls", nil, function()
    docker.connect(lab.tls_endpoint, { ca_file = ca, cert_file = folder .. "/cert.pem", key_file = folder
      .. "/key.pem" }):ping()
  end)
  t.equal(failure.detail.problem, "client_refused")
  t.raises("docker.tls_file", "the client key \"" .. folder .. "/key.pem\" is not the key of the certificate \""
    .. lab.cert_path .. "/cert.pem\"", function()
    docker.connect(lab.tls_endpoint, { ca_file = ca, cert_file = lab.cert_path .. "/cert.pem",
      key_file = folder .. "/key.pem" }):ping()
  end)
  t.raises("docker.tls_file", "the authorities' file \"/nowhere/ca.pem\": No such file or directory", function()
    docker.connect(lab.tls_endpoint, { ca_file = "/nowhere/ca.pem" }):ping()
  end)
  machine.write_file(folder .. "/open.pem", "x", { mode = "0666" })
  t.raises("docker.tls_file", nil,
    function() docker.connect(lab.tls_endpoint, { ca_file = folder .. "/open.pem" }):ping() end)
end)

test("servers that do not speak HTTP, are silent, break off", function()
  local rude = os.getenv("LAB_RUDE_ADDRESS")
  local function connect(kind) return docker.connect("tcp://" .. rude .. ":" .. os.getenv("LAB_RUDE_" .. kind
    .. "_PORT"), { tls = false }) end
  t.raises("docker.protocol", nil, function() connect("GARBAGE"):containers() end)
  t.raises("docker.connection_lost", nil, function() connect("CLOSING"):containers() end)
  t.raises("docker.connection_lost", nil, function() connect("RESET"):containers() end)
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("500ms", function() connect("SILENT"):containers() end)
  end)
end)

test("a frozen engine: the deadline holds, and afterwards all goes on", function()
  local engine = lab.engine()
  lab.with_container({}, function(container)
    lab.command("freeze", "dockerd")
    local ok, failure = pcall(function()
      local stopped = t.raises("docker.timeout", nil, function() container:stop({ grace = 0, timeout = "1s" }) end)
      t.equal(stopped.maybe_applied, true)
      t.truthy(stopped.message:find("POST /containers/" .. container:id() .. "/stop was not answered yet", 1, true),
        stopped.message)
      t.raises("deadline.exceeded", nil, function() ops.deadline("300ms", function() engine:containers() end) end)
    end)
    lab.command("thaw", "dockerd")
    if not ok then error(failure, 0) end
    t.truthy(#engine:containers() > 0, "containers")
  end)
end)

test("the engine is killed in the middle of a run, and comes back", function()
  local engine = lab.engine()
  lab.with_container({ restart = "no" }, function(container)
    local begun = false
    local results = ops.group(function(group)
      group:spawn(function()
        container:run(ops.shell "echo begun; sleep 30", { on_line = function() begun = true end })
      end)
      group:spawn(function()
        ops.wait_until(function() return begun, "not begun" end, { timeout = "30s", every = "20ms" })
        lab.command("kill", "dockerd")
      end)
    end, { on_error = "collect" })
    local failure = results[1].error
    t.truthy(failure, "the run failed")
    t.equal({ failure.code, failure.maybe_applied }, { failure.code, true })
    t.truthy(failure.code == "docker.connection_lost" or failure.code == "docker.unreachable", tostring(failure))
    t.equal(engine:alive(), false)
    lab.command("start", "dockerd")
    t.equal(engine:alive(), true)
    t.equal(container:status().running, false)
  end)
end)
