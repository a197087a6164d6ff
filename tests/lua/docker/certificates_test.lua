-- TLS between us and an engine: who is who, and what is wrong with whose certificate.
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

local ca = lab.cert_path .. "/ca.pem"

-- A key and a certificate in a new folder; `how` is what openssl is told of the certificate.
local function certificate(how)
  local folder = machine.temp()
  local key = { "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
    "/CN=" .. how.name, "-keyout", folder .. "/key.pem" }
  if how.self_signed then
    for _, word in ipairs({ "-x509", "-out", folder .. "/cert.pem" }) do key[#key + 1] = word end
    machine.run(key)
    return folder
  end
  for _, word in ipairs({ "-out", folder .. "/request" }) do key[#key + 1] = word end
  machine.run(key)
  machine.write_file(folder .. "/extensions", "extendedKeyUsage=" .. how.usage .. "\n" .. (how.names or ""))
  machine.run({ "openssl", "x509", "-req", "-in", folder .. "/request", "-CA", ca, "-CAkey",
    os.getenv("LAB_DOCKER_CA_KEY"), "-set_serial", "4711", "-days", how.days or "10", "-extfile", folder
    .. "/extensions", "-out", folder .. "/cert.pem" })
  return folder
end

local function refusal(folder, certificate_of)
  return t.raises("docker.tls", nil, function()
    docker.connect(lab.tls_endpoint, { ca_file = ca, cert_file = (certificate_of or folder) .. "/cert.pem",
      key_file = folder .. "/key.pem" }):ping()
  end)
end

test("a client certificate of a stranger, an expired one, one for servers", function()
  local stranger = certificate({ name = "stranger", self_signed = true })
  local failure = refusal(stranger)
  t.equal({ failure.detail.problem, failure.message }, { "client_refused", host
    .. " does not take the client certificate " .. stranger
    .. "/cert.pem: it says \"bad certificate\" (another authority, or not for clients?)" })
  local late = certificate({ name = "late", usage = "clientAuth", days = "-1" })
  failure = refusal(late)
  t.equal(failure.detail.problem, "client_refused")
  t.truthy(failure.message:find("^127.0.0.1 does not take the client certificate " .. late:gsub("%p", "%%%0")
    .. "/cert.pem: it expired on %d%d%d%d%-%d%d%-%d%d %d%d:%d%d UTC: renew it %(or set the clock%)$"), failure.message)
  local server = certificate({ name = "server", usage = "serverAuth" })
  t.equal(refusal(server).message, host .. " does not take the client certificate " .. server
    .. "/cert.pem: it is not made for clients (its extended key usage): have one issued with clientAuth")
  local fine = certificate({ name = "fine", usage = "clientAuth" })
  docker.connect(lab.tls_endpoint, { ca_file = ca, cert_file = fine .. "/cert.pem", key_file = fine .. "/key.pem" })
    :ping()
end)

test("keys that do not belong, files that are none, writable by everybody, encrypted", function()
  local folder = certificate({ name = "stranger", self_signed = true })
  local function connect(options)
    options.ca_file = options.ca_file or ca
    return function() docker.connect(lab.tls_endpoint, options):ping() end
  end
  t.raises("docker.tls_file", "the client key \"" .. folder .. "/key.pem\" is not the key of the certificate \""
    .. lab.cert_path .. "/cert.pem\"", connect({ cert_file = lab.cert_path .. "/cert.pem",
      key_file = folder .. "/key.pem" }))
  t.raises("docker.tls_file", "the authorities' file \"/nowhere/ca.pem\": No such file or directory",
    connect({ ca_file = "/nowhere/ca.pem" }))
  machine.write_file(folder .. "/open.pem", "x", { mode = "0666" })
  t.raises("docker.tls_file", "the authorities' file \"" .. folder
    .. "/open.pem\" can be written by everybody, so nobody can trust it: chmod o-w it",
      connect({ ca_file = folder .. "/open.pem" }))
  machine.run({ "openssl", "ec", "-in", folder .. "/key.pem", "-aes128", "-passout", "pass:x", "-out", folder
    .. "/locked.pem" })
  t.raises("docker.tls_file", "the client key \"" .. folder
    .. "/locked.pem\" is encrypted: give one without a passphrase, mode 0600",
      connect({ cert_file = folder .. "/cert.pem", key_file = folder .. "/locked.pem" }))
end)

-- A server of TLS with the certificate of that folder, until `fn` returned.
local function with_server(folder, fn)
  local port = 12391
  local server = ops.shell("exec openssl s_server -quiet -accept 127.0.0.1:" .. port .. " -cert " .. folder
    .. "/cert.pem -key " .. folder .. "/key.pem")
  local ok, failure
  pcall(ops.group, function(group)
    group:spawn(function() machine.read(server, { timeout = "10m", grace = 0 }) end)
    group:spawn(function()
      local engine = docker.connect("tcp://127.0.0.1:" .. port, { ca_file = ca })
      ops.wait_until(function()
        local _, refused = ops.try(function() engine:ping() end, { "docker.*" })
        return refused.code ~= "docker.unreachable", refused.message
      end, { timeout = "20s", every = "50ms" })
      ok, failure = pcall(fn, engine)
      error("that ends the server", 0)
    end)
  end)
  if not ok then error(failure, 0) end
end

test("an engine's certificate that has expired, or is not for servers", function()
  with_server(certificate({ name = "old", usage = "serverAuth", days = "-1", names = "subjectAltName=IP:127.0.0.1" }),
    function(engine)
      local failure = t.raises("docker.tls", nil, function() engine:ping() end)
      t.equal(failure.detail.problem, "expired")
      t.truthy(failure.message:find("^the certificate of 127.0.0.1 expired on .*: renew it on the server "
        .. "%(or set the clock here%)$"), failure.message)
      t.equal(failure.target, "tcp://127.0.0.1:12391")
    end)
  with_server(certificate({ name = "client", usage = "clientAuth", names = "subjectAltName=IP:127.0.0.1" }),
    function(engine)
      t.raises("docker.tls", "the certificate of 127.0.0.1 is not valid: unsuitable certificate purpose",
        function() engine:ping() end)
    end)
end)

-- An address with a zone has to be named by the certificate as any other: without the zone, which is this machine's.
test("an address with a zone is verified", function()
  machine.run({ "ip", "-6", "addr", "add", "fe80::7/64", "dev", "lo", "nodad" })
  local function ask(names, fn)
    local folder = certificate({ name = "six", usage = "serverAuth", names = "subjectAltName=" .. names })
    local server = ops.shell("exec openssl s_server -6 -www -quiet -accept '[::]:12392' -cert " .. folder
      .. "/cert.pem -key " .. folder .. "/key.pem")
    local ok, failure
    pcall(ops.group, function(group)
      group:spawn(function() machine.read(server, { timeout = "10m", grace = 0 }) end)
      group:spawn(function()
        local engine = docker.connect("tcp://[fe80::7%lo]:12392", { ca_file = ca })
        ops.wait_until(function()
          local _, refused = ops.try(function() engine:ping() end, { "docker.*" })
          return not refused or refused.code ~= "docker.unreachable", refused and refused.message
        end, { timeout = "20s", every = "50ms" })
        ok, failure = pcall(fn, engine)
        error("that ends the server", 0)
      end)
    end)
    if not ok then error(failure, 0) end
  end
  local ok, failure = pcall(function()
    ask("IP:127.0.0.1,DNS:localhost", function(engine)
      local refused = t.raises("docker.tls", nil, function() engine:ping() end)
      t.equal({ refused.detail.problem, refused.target }, { "name_mismatch", "tcp://[fe80::7%lo]:12392" })
    end)
    ask("IP:fe80::7", function(engine) engine:ping() end)
  end)
  machine.run({ "ip", "-6", "addr", "del", "fe80::7/64", "dev", "lo" })
  if not ok then error(failure, 0) end
end)
