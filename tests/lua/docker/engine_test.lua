-- An engine: reaching it, what it says of itself, its containers.
local docker = require "docker"
local lab = require "docker_lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local engine = lab.engine()

test("it answers, and tells which engine it is", function()
  t.equal(engine:alive(), true)
  engine:ping()
  local version = engine:version()
  t.truthy(version.version:find("^%d+%.%d+"), "version " .. version.version)
  t.equal({ version.os, version.spoken }, { "linux", version.api_version })
  local info = engine:info()
  t.equal(info.OSType, "linux")
  t.truthy(type(info.Containers) == "number", "Containers")
end)

test("a container is listed with all that is known of it, and found by filters", function()
  local name = lab.name("listed")
  local label = "two\nlines, \"quotes\" and \\ \195\188ber"
  lab.with_container({ name = name, labels = { role = "broker", text = label }, network = lab.network,
    ip = "10.94.0.77" }, function(container)
    local all = engine:containers({ name = name })
    t.equal(#all, 1)
    local one = all[1]
    t.equal({ one.id, one.name, one.image, one.status }, { container:id(), name, lab.image, "running" })
    t.equal(one.labels, { role = "broker", text = label })
    t.equal(one.addresses[lab.network], "10.94.0.77")
    t.truthy(one.description:find("^Up"), one.description)
    t.equal(#engine:containers({ name = name, label = "role=broker", status = "running", network = lab.network }), 1)
    t.equal(#engine:containers({ name = name, label = "role=other" }), 0)
    t.equal(#engine:containers({ name = name, status = "exited" }), 0)
    t.equal(container:inspect().Config.Labels.text, label)
    t.equal(container:inspect().HostConfig.Links, nil)
  end)
end)

test("a name that is not there raises with the nearest one; find_container gives nil", function()
  local name = lab.name("nearest")
  lab.with_container({ name = name, create_only = true }, function()
    local failure = t.raises("docker.not_found", "no container \"" .. name .. "x\"; did you mean \"" .. name .. "\"?",
      function() engine:container(name .. "x") end)
    t.equal(failure.target, lab.endpoint)
    t.equal(failure.detail, { status = 404, message = "No such container: " .. name .. "x",
      request = "GET /containers/" .. name .. "x/json" })
    t.equal(engine:find_container(name .. "x"), nil)
    t.equal(engine:container(name):name(), name)
    t.equal(engine:find_container(name):name(), name)
  end)
end)

test("the beginning of an id that fits several is ambiguous", function()
  -- Of 17 ids two begin with the same digit.
  local made, by_digit, both = {}, {}, nil
  for _ = 1, 17 do
    local container = engine:create({ image = lab.image })
    made[#made + 1] = container
    local digit = container:id():sub(1, 1)
    if by_digit[digit] then both = digit end
    by_digit[digit] = true
  end
  local ok, failure = pcall(function() engine:container(both) end)
  for _, container in ipairs(made) do container:delete() end
  t.equal({ ok, failure.code, failure.message }, { false, "docker.ambiguous", "GET /containers/" .. both
    .. "/json was answered with status 500: Multiple IDs found with provided prefix: " .. both })
end)

test("wrong arguments are refused before anything is sent", function()
  t.raises("usage.argument", 'the endpoint is "http://h1"; write unix:///PATH or tcp://HOST:PORT',
    function() docker.connect("http://h1") end)
  t.raises("usage.argument", 'the endpoint "unix://run/x" names no absolute path',
    function() docker.connect("unix://run/x") end)
  t.raises("usage.argument", 'the endpoint "tcp://h1:99999" has no port from 1 to 65535',
    function() docker.connect("tcp://h1:99999") end)
  t.raises("usage.argument", 'api_version is "new"; write it as "1.40"',
    function() docker.connect(lab.endpoint, { api_version = "new" }) end)
  t.raises("usage.argument", nil, function() engine:containers({ labels = "x" }) end)
  t.raises("usage.argument", "the name of the container is empty", function() engine:container("") end)
end)

test("a socket we may not use", function()
  local ours = machine.read(ops.shell "readlink /proc/$PPID/exe").stdout:gsub("\n", "")
  machine.run({ "chmod", "0000", lab.socket })
  -- root without the right to pass over modes.
  local ok, result = pcall(machine.read, { "setpriv", "--bounding-set=-dac_override,-dac_read_search", ours, "eval",
    'require("docker").connect("' .. lab.endpoint .. '"):ping()' }, { accept = "any" })
  machine.run({ "chmod", "0660", lab.socket })
  if not ok then error(result, 0) end
  t.equal(result.stderr, "opshost: eval:1: Engine:ping: " .. ("%q"):format(lab.socket)
    .. ": permission denied; the user has to be root or in the socket's group (docker) (on " .. lab.endpoint
    .. ") [docker.permission]\nWhat to do: run opshost as root or as a member of the socket's group.\n")
end)

test("no engine", function()
  local nothing = docker.connect("unix:///nowhere/docker.sock")
  t.equal(nothing:alive(), false)
  t.raises("docker.unreachable",
    '"/nowhere/docker.sock": no such file or directory; is the engine installed and started there?',
    function() nothing:containers() end)
  local refused = docker.connect("tcp://127.0.0.1:9")
  t.equal(refused:alive(), false)
  t.raises("docker.unreachable", "127.0.0.1 port 9: connection refused; is the engine started?",
    function() refused:ping() end)
end)

test("a name with several addresses: advice only where it holds for all of them", function()
  local nobody = docker.connect("tcp://many.lab.test:9")
  local failure = t.raises("docker.unreachable", nil, function() nobody:ping() end)
  t.equal(failure.message:match("; [^;]*$"), "; is the engine started?")
  lab.command("cut", "127.9.0.2:9", "unreachable")
  failure = t.raises("docker.unreachable", nil, function() nobody:ping() end)
  lab.command("join", "127.9.0.2:9")
  local told = {}
  for part in failure.message:gsub("^many.lab.test port 9: ", ""):gmatch("[^;]+") do
    told[#told + 1] = part:match("%S.*")
  end
  table.sort(told)
  t.equal(told, { "127.9.0.1: connection refused", "127.9.0.2: no route to host", "127.9.0.3: connection refused" })
end)

test("a closed engine says so, another one of the same endpoint goes on", function()
  local one, other = lab.engine(), lab.engine()
  one:close()
  one:close()
  t.raises("closed", nil, function() one:ping() end)
  other:ping()
end)

