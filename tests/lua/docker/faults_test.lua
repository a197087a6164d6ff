-- An engine that misbehaves: silence, death in the middle, answers that are none.
local docker = require "docker"
local lab = require "docker_lab"
local ops = require "ops"
local t = require "testing"
local test = t.test

test("servers that do not speak HTTP, are silent, break off", function()
  local rude = os.getenv("LAB_RUDE_ADDRESS")
  local function connect(kind) return docker.connect("tcp://" .. rude .. ":" .. os.getenv("LAB_RUDE_" .. kind
    .. "_PORT"), { tls = false }) end
  -- How much of it is there by then is a race.
  local failure = t.raises("docker.protocol", nil, function() connect("GARBAGE"):containers() end)
  t.equal(failure.message:match("^.-garbage"),
    'the answer is no HTTP (bad version); it reads "\\x00\\xff\\xfe\\x7fgarbage')
  -- So is whether our request comes before the end of the connection, or before the other side's refusal of that.
  failure = t.raises("docker.connection_lost", nil, function() connect("CLOSING"):containers() end)
  t.truthy(failure.message == "the connection was lost: connection reset by peer"
    or failure.message == "the connection was lost: broken pipe"
    or failure.message == "the connection was closed without an answer", failure.message)
  failure = t.raises("docker.connection_lost", nil, function() connect("RESET"):containers() end)
  t.truthy(failure.message == "the connection was lost: connection reset by peer"
    or failure.message == "the connection was lost: broken pipe"
    or failure.message == rude .. " port " .. os.getenv("LAB_RUDE_RESET_PORT") .. ": connection reset by peer",
    failure.message)
  t.raises("deadline.exceeded", "the deadline of 500ms was reached while waiting for Engine:containers() on engine "
    .. "tcp://" .. rude .. ":" .. os.getenv("LAB_RUDE_SILENT_PORT")
    .. "; last seen: GET /_ping was not answered yet", function()
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

test("an engine that freezes in the middle of a run: what is known of the run is told, and soon", function()
  lab.with_container({}, function(container)
    local begun, took = false, nil
    local results = ops.group(function(group)
      group:spawn(function()
        local first = os.time()
        local ok, failure = pcall(container.run, container, ops.shell "echo begun; sleep 30", { timeout = "4s",
          grace = "20s", on_line = function() begun = true end })
        took = os.time() - first
        lab.command("thaw", "dockerd")
        if not ok then error(failure, 0) end
      end)
      group:spawn(function()
        ops.wait_until(function() return begun, "not begun" end, { timeout = "30s", every = "20ms" })
        lab.command("freeze", "dockerd")
      end)
    end, { on_error = "collect" })
    local failure = results[1].error
    t.equal({ failure.code, failure.message }, { "docker.timeout", "echo begun; sleep 30 in container "
      .. container:name() .. " had not ended after 4s; it could not be killed and may still run (it took too "
      .. "long; last seen: POST /containers/" .. container:id()
      .. "/exec was not answered yet); nothing on stderr; stdout: begun" })
    t.equal({ #failure.detail.exec_id, failure.detail.stdout, failure.detail.ended, failure.maybe_applied },
      { 64, "begun\n", false, true })
    t.truthy(took < 20, "it took " .. took .. " s")
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
    t.equal({ failure.code, failure.maybe_applied }, { "docker.connection_lost", true })
    t.equal(engine:alive(), false)
    lab.command("start", "dockerd")
    t.equal(engine:alive(), true)
    t.equal(container:status().running, false)
  end)
end)

test("a wait outlives an engine that is away for a while", function()
  lab.with_watched_engine(function(engine, answers)
    lab.with_container({ engine = engine, restart = "always" }, function(container)
      local other = lab.engine():container(container:name())
      answers()
      local results = ops.group(function(group)
        group:spawn(function() return container:wait_exited({ timeout = "50s", every = "100ms" }).status end)
        group:spawn(function()
          -- To its first look, and that the engine waits.
          answers(2)
          lab.command("kill", "dockerd")
          lab.command("start", "dockerd")
          other:update({ restart = "no" })
          ops.wait_until(function() return other:status().running, "not running" end, { timeout = "20s",
            every = "50ms" })
          other:stop({ grace = 0 })
        end)
      end)
      t.equal(results[1].value, "exited")
    end)
  end)
end)

test("a wait whose time ends while the engine is away says both", function()
  lab.with_watched_engine(function(engine, answers)
    lab.with_container({ engine = engine, create_only = true }, function(container)
      local stopped
      answers()
      local results = ops.group(function(group)
        -- Ending an engine takes seconds on a busy machine.
        group:spawn(function() container:wait_running({ timeout = "10s", every = "100ms" }) end)
        group:spawn(function()
          answers(1)
          lab.command("kill", "dockerd")
          stopped = true
        end)
      end, { on_error = "collect" })
      lab.command("start", "dockerd")
      local failure = results[1].error
      t.equal({ failure.code, failure.detail.seen.status, stopped }, { "wait.timeout", "created", true })
      t.truthy(failure.message:find("^waited 10s for container .* to run; last seen: status created; since then the "
        .. "engine is away: "), failure.message)
    end)
  end)
end)
