-- Several engines as one, and containers as operators speak of them.
local container = require "ops.container"
local docker = require "docker"
local lab = require "docker_lab"
local machine = require "local"
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
    t.raises("docker.incomplete", 'there is a container "' .. name .. '" on left, and not every engine answered, which '
      .. "may have another one: gone: 127.0.0.1 port 9: connection refused; is the engine started?; if it is that one, "
      .. 'name its engine: cluster:engine("left"):container("' .. name .. '")', function() broken:container(name) end)
    t.equal(broken:engine("left"):container(name):id(), made:id())
    -- Ids are nobody else's.
    t.equal(broken:container(made:id()):name(), name)
    t.raises("docker.incomplete", 'no container "' .. name .. 'x" on the engines that answered, and not every one did: '
      .. "gone: 127.0.0.1 port 9: connection refused; is the engine started?",
      function() broken:container(name .. "x") end)
    t.raises("docker.ambiguous", 'several engines have a container "' .. name
      .. '": left, right; name the engine, as in cluster:engine(host):container(name)',
      function() two_engines():container(name) end)
    t.equal(two_engines():engine("left"):container(name):name(), name)
    t.raises("docker.not_found", 'the cluster has no host "lefd"; did you mean "left"?',
      function() two_engines():engine("lefd") end)
  end)
end)

test("a cluster of a list of endpoints names its hosts by them", function()
  local gone = "tcp://127.0.0.1:9"
  local cluster = docker.cluster({ lab.endpoint, gone })
  lab.with_container({ create_only = true }, function(made)
    local listing = cluster:listing({ name = made:name() })
    t.equal({ #listing.containers, listing.containers[1].host, listing.failed[1].host }, { 1, lab.endpoint, gone })
  end)
  t.equal(#docker.cluster({ lab.tls_endpoint }, { cert_path = lab.cert_path }):listing().failed, 0)
  t.raises("usage.argument", 'the list has the endpoint "tcp://127.0.0.1:9" twice',
    function() docker.cluster({ gone, lab.endpoint, gone }) end)
  t.raises("usage.argument", "a cluster of no engines: give a list of endpoints, or engines by name",
    function() docker.cluster({}) end)
end)

test("a host that is frozen does not hold up the others", function()
  local silent = "tcp://" .. os.getenv("LAB_RUDE_ADDRESS") .. ":" .. os.getenv("LAB_RUDE_SILENT_PORT")
  local cluster = docker.cluster({ left = lab.engine(), mute = docker.connect(silent, { tls = false }) })
  lab.with_container({ create_only = true }, function(made)
    local listing = cluster:listing({ host_timeout = "700ms", name = made:name() })
    t.equal({ #listing.containers, listing.containers[1].name, listing.containers[1].host }, { 1, made:name(),
      "left" })
    t.equal(listing.failed, { { host = "mute", code = "docker.timeout",
      message = "no answer within 700ms; last seen: GET /_ping was not answered yet" } })
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
      -- What is to be started again does not run.
      engine:container(name .. "-a"):stop({ grace = 0 })
      t.equal(container.find(engine, { ip = "10.94.0.66" }):name(), name .. "-a")
      t.equal(container.find(docker.cluster({ left = engine }), { ip = "10.94.0.66" }):name(), name .. "-a")
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

test("both addresses of a network with IPv4 and IPv6, and those it was made with", function()
  local network = lab.name("dual")
  machine.run({ "docker", "-H", lab.endpoint, "network", "create", "--ipv6", "--subnet", "10.94.7.0/24", "--subnet",
    "fd00:94::/64", network })
  local ok, failure = pcall(function()
    local fixed = { EndpointsConfig = { [network] = { IPAMConfig = { IPv4Address = "10.94.7.9",
      IPv6Address = "fd00:94::9" } } } }
    lab.with_container({ network = network, config = { NetworkingConfig = fixed } }, function(made)
      local engine = lab.engine()
      local function addresses()
        local summary = engine:containers({ name = made:name() })[1]
        return { summary.addresses[network], summary.all_addresses }
      end
      t.equal(addresses(), { "10.94.7.9", { "10.94.7.9", "fd00:94::9" } })
      made:stop({ grace = 0 })
      t.equal(addresses(), { nil, { "10.94.7.9", "fd00:94::9" } })
      t.equal(container.find(engine, { ip = "FD00:94::9" }):id(), made:id())
    end)
  end)
  machine.run({ "docker", "-H", lab.endpoint, "network", "rm", network })
  if not ok then error(failure, 0) end
end)

test("a probe needs a container that runs", function()
  lab.with_container({ create_only = true, labels = { ["opshost.probe"] = "true" } }, function(made)
    t.raises("docker.not_running", "POST /containers/" .. made:id() .. "/exec was answered with status 409: Container "
      .. made:id() .. " is not running", function() container.probe(made) end)
  end)
end)

--- fn(made): that many containers, which were not started.
local function with_many(count, options, fn)
  local made = {}
  local function more()
    if #made == count then return fn(made) end
    local copy = { create_only = true }
    for key, value in pairs(options) do copy[key] = value end
    lab.with_container(copy, function(one)
      made[#made + 1] = one
      more()
    end)
  end
  more()
end

local function when(made, what)
  local times = {}
  for i, one in ipairs(made) do times[i] = one:status()[what] end
  return times
end

test("many are started in the order they are given, and what follows a failure is left alone", function()
  with_many(4, {}, function(made)
    local order = { made[3], made[1], made[2] }
    container.start(order)
    local started = when(order, "started_at")
    t.equal({ started[1] < started[2], started[2] < started[3] }, { true, true })
    container.stop(order, { grace = 0 })
    made[1]:delete()
    local failure = t.raises("group.failed", nil, function()
      container.start({ made[3], made[1], made[2], made[4] })
    end)
    t.truthy(failure.message:find('no container "' .. made[1]:name() .. '"', 1, true), failure.message)
    t.equal({ made[3]:status().running, made[2]:status().running, made[4]:status().running }, { true, false, false })
  end)
end)

test("no more than `parallel` are stopped at once", function()
  local stubborn = { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done" }
  with_many(4, { command = stubborn }, function(made)
    container.start(made, { parallel = 4 })
    for _, one in ipairs(made) do t.equal(one:logs({ follow = true, timeout = "30s" })().text, "ready") end
    -- Each takes its whole grace.
    container.stop(made, { parallel = 2, grace = "1s" })
    local ended = when(made, "finished_at")
    table.sort(ended)
    local function seconds(time) return tonumber(time:match(":(%d+%.%d+)Z$")) end
    t.truthy((seconds(ended[3]) - seconds(ended[1])) % 60 > 0.9, table.concat(ended, " "))
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
