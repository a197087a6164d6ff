-- Several engines as one, and containers as operators speak of them.
local container = require "ops.container"
local docker = require "docker"
local lab = require "docker_lab"
local t = require "testing"
local test = t.test

local function two_engines()
  return docker.cluster({ left = lab.engine(), right = docker.connect(lab.tls_endpoint,
    { cert_path = lab.cert_path }) })
end

test("a cluster lists the containers of all hosts, and names those that do not answer", function()
  local name = lab.name("somewhere")
  lab.with_container({ name = name, create_only = true }, function(made)
    local both = two_engines():containers({ name = name })
    t.equal({ #both, both[1].host, both[2].host, both[1].name }, { 2, "left", "right", name })
    local broken = docker.cluster({ left = lab.engine(), gone = docker.connect("tcp://127.0.0.1:9", { tls = false }) })
    local listing = broken:listing({ name = name })
    t.equal({ #listing.containers, #listing.failed }, { 1, 1 })
    t.equal(listing.failed[1], { host = "gone", code = "docker.unreachable",
      message = "127.0.0.1 port 9: connection refused; is the engine started?" })
    t.raises("docker.incomplete",
      "not every engine answered: gone: 127.0.0.1 port 9: connection refused; is the engine started?",
      function() broken:containers() end)
    t.equal(broken:container(name):id(), made:id())
    t.raises("docker.incomplete", nil, function() broken:container(name .. "x") end)
    t.raises("docker.ambiguous", 'several engines have a container "' .. name
      .. '": left, right; name the engine, as in cluster:engine(host):container(name)',
      function() two_engines():container(name) end)
    t.equal(two_engines():engine("left"):container(name):name(), name)
    t.raises("docker.not_found", 'the cluster has no host "lefd"; did you mean "left"?',
      function() two_engines():engine("lefd") end)
  end)
end)

test("a host that is frozen does not hold up the others", function()
  local silent = "tcp://" .. os.getenv("LAB_RUDE_ADDRESS") .. ":" .. os.getenv("LAB_RUDE_SILENT_PORT")
  local cluster = docker.cluster({ left = lab.engine(), mute = docker.connect(silent, { tls = false }) })
  lab.with_container({ create_only = true }, function(made)
    local listing = cluster:listing({ host_timeout = "700ms", name = made:name() })
    t.equal({ #listing.containers, listing.containers[1].name, listing.containers[1].host }, { 1, made:name(),
      "left" })
    t.equal(listing.failed, { { host = "mute", code = "docker.timeout",
      message = "no answer within 700ms" } })
  end)
end)

test("several of one name in a cluster are listed with their hosts", function()
  lab.with_container({ create_only = true }, function(made)
    t.raises("container.ambiguous", '2 containers with name "' .. made:name() .. '": left/' .. made:name() .. ", right/"
      .. made:name(), function() container.find(two_engines(), { name = made:name() }) end)
  end)
end)

test("one container is found by name, pattern, address and label; none or several are listed", function()
  local name = lab.name("found")
  local engine = lab.engine()
  lab.with_container({ name = name .. "-a", network = lab.network, ip = "10.94.0.66", labels = { role = "a" } },
    function()
    lab.with_container({ name = name .. "-b", labels = { role = "b", run = name } }, function()
      local pattern = "^" .. name:gsub("%-", "%%-")
      t.equal(container.find(engine, { name = name .. "-a" }):name(), name .. "-a")
      t.equal(container.find(engine, { pattern = pattern .. "%-b$" }):name(), name .. "-b")
      t.equal(container.find(engine, { ip = "10.94.0.66" }):name(), name .. "-a")
      t.equal(container.find(engine, { label = "run=" .. name }):name(), name .. "-b")
      local failure = t.raises("container.ambiguous", nil, function() container.find(engine, { pattern = pattern }) end)
      t.truthy(failure.message:find("2 containers with pattern", 1, true) and failure.message:find(name .. "-a", 1,
        true),
        failure.message)
      failure = t.raises("container.not_found", nil, function() container.find(engine, { name = name }) end)
      t.truthy(failure.message:find(name .. "-b", 1, true), failure.message)
      t.raises("usage.argument", nil, function() container.find(engine, {}) end)
    end)
  end)
end)

test("a probe from a label", function()
  lab.with_container({ labels = { ["opshost.probe"] = "echo seen; test -e /tmp/well" } }, function(made)
    t.equal(container.probe(made), { healthy = false, exit_code = 1, seen = "seen" })
    made:write_file("/tmp/well", "")
    t.equal(container.probe(made), { healthy = true, exit_code = 0, seen = "seen" })
    t.raises("container.no_probe", "container " .. made:name() .. ' has no label "other"',
      function() container.probe(made, { label = "other" }) end)
  end)
end)

test("many are stopped and started in order", function()
  lab.with_container({}, function(one)
    lab.with_container({}, function(two)
      container.stop({ one, two }, { grace = 0 })
      t.equal({ one:status().running, two:status().running }, { false, false })
      local stopped_first = one:status().finished_at < two:status().finished_at
      t.equal(stopped_first, true)
      container.start({ two, one }, { parallel = 2 })
      t.equal({ one:status().running, two:status().running }, { true, true })
    end)
  end)
end)
