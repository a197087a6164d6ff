-- The life of a container.
local lab = require "docker_lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

-- Before its own program begins, a container's first process is the engine's, which takes signals in another way.
local function wait_until_ready(container)
  t.equal(container:logs({ follow = true, timeout = "30s" })().text, "ready")
end

test("start, stop, restart, kill, and both again where it is so already", function()
  lab.with_container({ create_only = true, command = { "sh", "-c",
    "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done" } },
    function(container)
      t.equal(container:status().status, "created")
      container:start()
      container:start()
      local running = container:status()
      t.equal({ running.status, running.running, running.exit_code }, { "running", true, nil })
      t.truthy(running.pid > 0, "pid")
      wait_until_ready(container)
      container:stop({ grace = "20s" })
      container:stop()
      local stopped = container:status()
      t.equal({ stopped.status, stopped.running, stopped.exit_code }, { "exited", false, 7 })
      container:restart({ grace = 0 })
      container:kill({ signal = "SIGKILL" })
      t.equal(container:wait_exited({ timeout = "20s" }).exit_code, 137)
    end)
end)

test("grace: SIGKILL after it", function()
  local stubborn = { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done" }
  lab.with_container({ command = stubborn }, function(container)
    container:wait_running()
    wait_until_ready(container)
    container:stop({ grace = "1s" })
    t.equal(container:status().exit_code, 137)
  end)
end)

test("pause, unpause, rename, update", function()
  local name = lab.name("renamed")
  lab.with_container({}, function(container, engine)
    container:pause()
    t.equal(container:status().status, "paused")
    container:unpause()
    container:rename(name)
    t.equal({ container:name(), engine:container(name):id() }, { name, container:id() })
    container:update({ memory = "64MiB", memory_swap = "64MiB", restart = "on-failure:3" })
    local host = container:inspect().HostConfig
    t.equal({ host.Memory, host.RestartPolicy.Name, host.RestartPolicy.MaximumRetryCount }, { 64 * 1024 * 1024,
      "on-failure", 3 })
    t.raises("usage.argument", "update was given nothing to set", function() container:update({}) end)
    t.raises("usage.argument", 'restart is "sometimes"; there are "no", "always", "unless-stopped", "on-failure" and '
      .. '"on-failure:TIMES"', function() container:update({ restart = "sometimes" }) end)
  end)
end)

test("the engine's refusals keep its words: 400, 404, 409", function()
  lab.with_container({}, function(container, engine)
    local taken = 'Conflict. The container name "/' .. container:name() .. '" is already in use by container "'
      .. container:id() .. '". You have to remove (or rename) that container to be able to reuse that name.'
    local failure = t.raises("docker.conflict", "POST /containers/create was answered with status 409: " .. taken,
      function() engine:create({ image = lab.image, name = container:name() }) end)
    t.equal(failure.detail, { status = 409, message = taken, request = "POST /containers/create" })
    local id = container:id()
    t.raises("docker.conflict", "DELETE /containers/" .. id .. " was answered with status 409: You cannot remove a "
      .. "running container " .. id .. ". Stop the container before attempting removal or force remove",
        function() container:delete() end)
    t.raises("docker.invalid", "POST /containers/" .. id .. "/kill was answered with status 400: Invalid signal: "
      .. "SIGNOTHING", function() container:kill({ signal = "SIGNOTHING" }) end)
    lab.with_container({ create_only = true }, function(other)
      local path = "POST /containers/" .. other:id()
      t.raises("docker.conflict", path .. "/rename was answered with status 409: Error when allocating new name: "
        .. taken, function() other:rename(container:name()) end)
      local stopped = "Container " .. other:id() .. " is not running"
      t.raises("docker.not_running", path .. "/kill was answered with status 409: Cannot kill container: "
        .. other:id() .. ": " .. stopped, function() other:kill() end)
      t.raises("docker.not_running", path .. "/pause was answered with status 409: " .. stopped,
        function() other:pause() end)
    end)
    container:pause()
    t.raises("docker.conflict", "POST /containers/" .. id .. "/pause was answered with status 409: Container " .. id
      .. " is already paused", function() container:pause() end)
    container:unpause()
    failure = t.raises("docker.conflict", "POST /containers/" .. id .. "/unpause was answered with status 500: "
      .. "Container " .. id .. " is not paused", function() container:unpause() end)
    t.equal(failure.maybe_applied, false)
    failure = t.raises("docker.not_found", 'no image "lab/busybax:1"; did you mean "lab/busybox:1"?',
      function() engine:create({ image = "lab/busybax:1" }) end)
    t.equal(failure.detail, { status = 404, message = "No such image: lab/busybax:1",
      request = "POST /containers/create" })
  end)
  lab.with_container({ create_only = true, command = { "/no/such/program" } }, function(container)
    t.raises("docker.invalid", "POST /containers/" .. container:id() .. "/start was answered with status 400: failed "
      .. "to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "
      .. '"/no/such/program": stat /no/such/program: no such file or directory: unknown',
        function() container:start() end)
  end)
end)

test("an engine that cannot do it: 500, in its words, and in doubt", function()
  local ports = { ["80/tcp"] = "127.0.0.1:18081" }
  lab.with_container({ ports = ports }, function()
    lab.with_container({ ports = ports, create_only = true }, function(second)
      local failure = t.raises("docker.server", nil, function() second:start() end)
      -- The id of the endpoint it did not get is nowhere else.
      t.equal(failure.message:gsub("%(%x+%)", "(ENDPOINT)"), "POST /containers/" .. second:id()
        .. "/start was answered with status 500: driver failed programming external connectivity on endpoint "
        .. second:name() .. " (ENDPOINT): Bind for 127.0.0.1:18081 failed: port is already allocated")
      t.equal({ failure.detail.status, failure.maybe_applied }, { 500, true })
    end)
  end)
end)

test("update sets processors, weight and processes", function()
  lab.with_container({}, function(container)
    container:update({ cpus = 0.5, cpu_shares = 512, cpuset = "0", pids = 99 })
    local host = container:inspect().HostConfig
    t.equal({ host.NanoCpus, host.CpuShares, host.CpusetCpus, host.PidsLimit }, { 500000000, 512, "0", 99 })
  end)
end)

test("delete with volumes takes those without a name along, and no others", function()
  local function volumes() return machine.read({ "docker", "-H", lab.endpoint, "volume", "ls", "-q" }).stdout end
  local named = lab.name("volume")
  for _, with in ipairs({ false, true }) do
    local container = lab.engine():create({ image = lab.image, volumes = { named .. ":/named" },
      config = { Volumes = { ["/data"] = {} } } })
    local own
    for _, mount in ipairs(container:inspect().Mounts) do
      if mount.Destination == "/data" then own = mount.Name end
    end
    container:delete({ volumes = with })
    local left = volumes()
    t.equal({ left:find(own, 1, true) == nil, left:find(named, 1, true) ~= nil }, { with, true })
    if not with then machine.run({ "docker", "-H", lab.endpoint, "volume", "rm", own }) end
  end
  machine.run({ "docker", "-H", lab.endpoint, "volume", "rm", named })
end)

test("wait_exited: the exit code, a time-out with what was seen, a container that goes away", function()
  lab.with_container({ command = { "sh", "-c", "sleep 0.3; exit 5" } }, function(container)
    t.equal(container:wait_exited({ timeout = "30s" }).exit_code, 5)
  end)
  lab.with_container({}, function(container)
    local failure = t.raises("wait.timeout",
      "waited 300ms for container " .. container:name() .. " to exit; last seen: status running",
      function() container:wait_exited({ timeout = "300ms" }) end)
    t.equal(failure.detail.seen.status, "running")
  end)
  lab.with_watched_engine(function(engine, answers)
    lab.with_container({ engine = engine }, function(container)
      answers()
      local results = ops.group(function(group)
        group:spawn(function() return container:wait_exited({ timeout = "30s" }).exit_code end)
        group:spawn(function()
          -- To its first look, and that the engine waits.
          answers(2)
          lab.engine():container(container:name()):delete({ force = true })
        end)
      end, { on_error = "collect" })
      -- Deleting ends it first.
      t.equal({ results[1].ok, results[1].value, results[2].ok }, { true, 137, true })
      t.raises("docker.not_found", nil, function() container:status() end)
    end)
  end)
end)

test("one that goes when it ends (--rm) still tells its exit code", function()
  lab.with_container({ host_config = { AutoRemove = true }, command = { "sh", "-c", "sleep 0.5; exit 5" } },
    function(container) t.equal(container:wait_exited({ timeout = "30s" }).exit_code, 5) end)
end)

test("a container that is removed while something else is waited for", function()
  local probe = { Test = { "CMD-SHELL", "false" }, Interval = 200000000, Retries = 50 }
  for wait, create_only in pairs({ wait_running = true, wait_healthy = false }) do
    local name = lab.name("removed-while-waited-for")
    lab.with_watched_engine(function(engine, answers, endpoint)
      lab.with_container({ engine = engine, name = name, create_only = create_only, config = { Healthcheck = probe } },
        function(container)
          answers()
          local results = ops.group(function(group)
            group:spawn(function() container[wait](container, { timeout = "30s", every = "50ms" }) end)
            group:spawn(function()
              answers(3)
              lab.engine():container(name):delete({ force = true })
            end)
          end, { on_error = "collect" })
          local failure = results[1].error
          t.equal({ failure.code, failure.message, failure.target }, { "docker.not_found",
            'no container "' .. name .. '"', endpoint })
        end)
    end)
  end
end)

test("wait_healthy", function()
  local probe = { Test = { "CMD-SHELL", "test -e /tmp/well" }, Interval = 200000000, Retries = 50 }
  lab.with_container({ config = { Healthcheck = probe }, command = { "sh", "-c",
    "sleep 0.5; touch /tmp/well; sleep 1000" } },
    function(container)
      t.equal(container:wait_healthy({ timeout = "30s", every = "100ms" }).health, "healthy")
    end)
  lab.with_container({ config = { Healthcheck = probe } }, function(container)
    t.raises("wait.timeout", nil, function() container:wait_healthy({ timeout = "500ms", every = "100ms" }) end)
  end)
  lab.with_container({}, function(container)
    t.raises("docker.no_healthcheck", nil, function() container:wait_healthy() end)
  end)
end)

test("what never ran: it has not exited, and has a probe but no health yet", function()
  local probe = { Test = { "CMD-SHELL", "true" }, Interval = 200000000 }
  lab.with_container({ create_only = true, config = { Healthcheck = probe } }, function(container)
    t.raises("wait.timeout", "waited 300ms for container " .. container:name() .. " to exit; last seen: status created",
      function() container:wait_exited({ timeout = "300ms", every = "50ms" }) end)
    t.raises("wait.timeout", "waited 300ms for container " .. container:name()
      .. " to be healthy; last seen: status created",
        function() container:wait_healthy({ timeout = "300ms", every = "50ms" }) end)
  end)
  lab.with_watched_engine(function(engine, answers)
    lab.with_container({ engine = engine, create_only = true, config = { Healthcheck = probe } }, function(container)
      answers()
      local results = ops.group(function(group)
        group:spawn(function() return container:wait_healthy({ timeout = "30s", every = "50ms" }).health end)
        group:spawn(function()
          answers(2)
          lab.engine():container(container:name()):start()
        end)
      end)
      t.equal(results[1].value, "healthy")
    end)
  end)
  lab.with_container({ create_only = true, config = { Healthcheck = { Test = { "NONE" } } } }, function(container)
    t.raises("docker.no_healthcheck", nil, function() container:wait_healthy({ timeout = "5s" }) end)
  end)
end)

test("create: init, ports, host name, and what is wrong with a port", function()
  local ports = { ["80/tcp"] = "127.0.0.1:18080", ["53/udp"] = "10053" }
  lab.with_container({ init = true, hostname = "db7", ports = ports },
    function(container)
      local inspected = container:inspect()
      t.equal({ inspected.HostConfig.Init, inspected.Config.Hostname }, { true, "db7" })
      t.equal(inspected.HostConfig.PortBindings, { ["80/tcp"] = { { HostIp = "127.0.0.1", HostPort = "18080" } },
        ["53/udp"] = { { HostIp = "", HostPort = "10053" } } })
      t.equal(container:read({ "hostname" }).stdout, "db7\n")
      t.truthy(container:read(ops.shell "cat /proc/1/cmdline").stdout:find("init", 1, true), "an init of the engine's")
    end)
  t.raises("docker.invalid", nil, function()
    lab.engine():create({ image = lab.image, ports = { ["80/tcp"] = "127.0.0.1:many" } })
  end)
end)

-- How many connections the engine has. Read from the kernel's list, column St 03, without a program: this is asked all
-- the while.
local function connections()
  local _, count = machine.read_file("/proc/net/unix"):gsub(" 03 +%d+ " .. lab.socket:gsub("%p", "%%%0") .. "\n", "")
  return count
end

test("twenty containers started at once share eight connections", function()
  -- What other tests did not read to its end, or no longer wait for, may have a connection until it is closed.
  collectgarbage()
  local others = connections()
  local engine = lab.engine()
  local made = {}
  for i = 1, 20 do
    made[i] = engine:create({ image = lab.image, name = lab.name("many"), command = { "sleep", "1000" },
      network = "none" })
  end
  local ok, failure = pcall(function()
    local most = 0
    ops.group(function(group)
      local over = false
      group:spawn(function()
        ops.each(made, { parallel = 20 }, function(container) container:start() end)
        over = true
      end)
      group:spawn(function()
        while not over do
          most = math.max(most, connections())
          ops.sleep("5ms")
        end
      end)
    end)
    t.truthy(most >= 8 and most <= 8 + others, most .. " connections, " .. others .. " of them others'")
    ops.each(made, { parallel = 20 }, function(container) container:stop({ grace = 0 }) end)
    for _, container in ipairs(made) do t.equal(container:status().status, "exited") end
  end)
  ops.each(made, { parallel = 20 }, function(container) container:delete({ force = true }) end)
  if not ok then error(failure, 0) end
end)
