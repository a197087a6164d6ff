-- Containers made anew, by the real engine.
local lab = require "docker_lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local engine = lab.engine()

test("recreate keeps image, labels, environment, mounts, addresses, limits and policy", function()
  local name = lab.name("again")
  lab.with_container({
    name = name, labels = { role = "db" }, env = { A = "1", B = "2" }, network = lab.network, ip = "10.94.0.99",
    volumes = { "/tmp:/host/tmp:ro" }, config = { Volumes = { ["/data"] = {} } }, memory = "64MiB",
      restart = "unless-stopped",
    command = { "sleep", "900" },
  }, function(container)
    container:run(ops.shell "echo kept > /data/file")
    local before = container:inspect()
    local after_handle = container:recreate({ env = { B = "3", C = "4" }, grace = 0 })
    local ok, failure = pcall(function()
      local after = after_handle:inspect()
      t.truthy(after.Id ~= before.Id, "another id")
      t.equal({ after.Name, after.Config.Labels.role, after.HostConfig.Memory, after.HostConfig.RestartPolicy.Name },
        { before.Name, "db", 64 * 1024 * 1024, "unless-stopped" })
      t.equal(after.NetworkSettings.Networks[lab.network].IPAddress, "10.94.0.99")
      t.equal(after_handle:read(ops.shell "cat /data/file; echo $A $B $C").stdout, "kept\n1 3 4\n")
      t.equal(engine:find_container(before.Id), nil)
    end)
    after_handle:delete({ force = true, volumes = true })
    if not ok then error(failure, 0) end
  end)
end)

test("a container that cannot be made anew is put back", function()
  lab.with_container({}, function(container)
    local id = container:id()
    t.raises("docker.not_found", nil, function() container:recreate({ image = "no/such:image", grace = 0 }) end)
    t.equal(container:status().status, "running")
    -- A program that is not there is found out when it starts.
    local failure = t.raises("docker.recreate", nil, function()
      container:recreate({ env = { PATH = "/nowhere" }, grace = 0 })
    end)
    t.truthy(failure.message:find("^container " .. container:name():gsub("%-", "%%-") .. " was not made anew: POST "
      .. "/containers/%x+/start was answered with status 400: .*; the old one runs again$"), failure.message)
    t.equal(failure.maybe_applied, true)
    t.equal({ container:status().status, engine:container(container:name()):id() }, { "running", id })
  end)
end)

--- fn(made): the container made anew of one with those options, which wrote "kept" to `path` before.
local function recreated(options, path, fn)
  lab.with_container(options, function(container)
    if path then container:run(ops.shell("echo kept > " .. path)) end
    local made = container:recreate({ grace = 0 })
    local ok, failure = pcall(fn, made)
    made:delete({ force = true, volumes = true })
    if not ok then error(failure, 0) end
  end)
end

test("a volume without a name goes along, also beside a mount whose path begins alike", function()
  for _, options in ipairs({
    { volumes = { "/tmp:/var/lib/mysql-files" }, config = { Volumes = { ["/var/lib/mysql"] = {} } } },
    { volumes = { "/tmp:/var/lib/mysql/sub" }, config = { Volumes = { ["/var/lib/mysql"] = {} } } },
    { host_config = { Mounts = { { Type = "volume", Target = "/var/lib/mysql" } } } },
    { volumes = { "/var/lib/mysql" } },
  }) do
    recreated(options, "/var/lib/mysql/file", function(made)
      t.equal(made:read(ops.shell "cat /var/lib/mysql/file").stdout, "kept\n")
    end)
  end
end)

test("the network of another container, the machine's host name, a network by its id", function()
  lab.with_container({}, function(main)
    recreated({ network = "container:" .. main:name() }, nil, function(made)
      t.equal(made:inspect().HostConfig.NetworkMode, "container:" .. main:id())
      t.equal(made:status().status, "running")
    end)
  end)
  recreated({ network = "host", host_config = { UTSMode = "host" } }, nil, function(made)
    t.equal(made:inspect().HostConfig.UTSMode, "host")
  end)
  local network = engine:network(lab.network)
  recreated({ network = network:id(), ip = "10.94.0.121" }, nil, function(made)
    t.equal(made:inspect().NetworkSettings.Networks[lab.network].IPAddress, "10.94.0.121")
  end)
end)

test("a second network: its fixed address and its names go along; a fixed MAC address too", function()
  local second = lab.name("second")
  machine.run({ "docker", "-H", lab.endpoint, "network", "create", "--subnet", "10.94.8.0/24", second })
  local ok, failure = pcall(function()
    local options = { network = lab.network, ip = "10.94.0.122", config = { MacAddress = "02:42:0a:5e:00:77" } }
    lab.with_container(options, function(container)
      engine:network(second):connect(container:name(), { ip = "10.94.8.7", aliases = { "db", "db-2" } })
      local made = container:recreate({ grace = 0 })
      local fine, problem = pcall(function()
        local networks = made:inspect().NetworkSettings.Networks
        local aliases = networks[second].Aliases
        table.sort(aliases)
        t.equal({ networks[lab.network].IPAddress, networks[lab.network].MacAddress, networks[second].IPAddress },
          { "10.94.0.122", "02:42:0a:5e:00:77", "10.94.8.7" })
        local names = { made:id():sub(1, 12), "db", "db-2" }
        table.sort(names)
        t.equal(aliases, names)
        t.equal(made:read(ops.shell "ip -4 addr | grep -c '10.94.0.122/\\|10.94.8.7/'").stdout, "2\n")
      end)
      made:delete({ force = true })
      if not fine then error(problem, 0) end
    end)
  end)
  machine.run({ "docker", "-H", lab.endpoint, "network", "rm", second })
  if not ok then error(failure, 0) end
end)

test("the name of its image was given to another one meanwhile", function()
  local image = engine:image(lab.image)
  image:tag("test/moved:1")
  lab.with_container({ image = "test/moved:1" }, function(container)
    engine:image("lab/host:1"):tag("test/moved:1")
    local made = container:recreate({ grace = 0 })
    local after = made:inspect()
    made:delete({ force = true })
    t.equal({ after.Image, after.Config.Image }, { image:id(), image:id() })
  end)
  engine:image("test/moved:1"):delete()
end)

test("a timeout while the old one is being stopped: it is started again", function()
  local stubborn = { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done" }
  lab.with_container({ command = stubborn }, function(container)
    t.equal(container:logs({ follow = true, timeout = "30s" })().text, "ready")
    local before = container:status().started_at
    local failure = t.raises("docker.timeout", nil, function()
      container:recreate({ grace = "2s", timeout = "500ms" })
    end)
    t.truthy(failure.message:find("^container .* was not made anew within `timeout` %(.*%); the old one runs again$"),
      failure.message)
    t.equal(failure.maybe_applied, true)
    local now = container:status()
    t.equal(now.status, "running")
    t.truthy(now.started_at > before, "it was stopped, and started again")
    t.equal(#engine:containers({ name = container:name() }), 1)
  end)
end)

test("keep_old keeps it, stopped, under another name", function()
  lab.with_container({}, function(container)
    local name = container:name()
    local made = container:recreate({ grace = 0, keep_old = true })
    local kept = name .. ".old-" .. container:id():sub(1, 12)
    t.equal({ container:name(), container:status().running, made:name(), made:status().running },
      { kept, false, name, true })
    made:delete({ force = true })
  end)
end)
