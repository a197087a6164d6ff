-- What containers write, and what happens at an engine.
local lab = require "docker_lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local function texts(iterator)
  local lines = {}
  for line in iterator do lines[#lines + 1] = line.output .. ": " .. line.text end
  return lines
end

test("logs in order of each output, the tail, one output, with times", function()
  local script = "for i in 1 2 3; do echo out $i; done; echo bad >&2; printf unfinished"
  lab.with_container({ command = { "sh", "-c", script } }, function(container)
    container:wait_exited({ timeout = "30s" })
    local all = texts(container:logs())
    table.sort(all)
    t.equal(all, { "stderr: bad", "stdout: out 1", "stdout: out 2", "stdout: out 3", "stdout: unfinished" })
    t.equal(texts(container:logs({ stdout = false })), { "stderr: bad" })
    t.equal(#texts(container:logs({ tail = 2 })), 2)
    local first = container:logs({ timestamps = true, stderr = false })()
    t.equal(first.text, "out 1")
    t.truthy(first.time:find("^%d%d%d%d%-%d%d%-%d%dT"), first.time)
    t.equal(texts(container:logs({ before = "1h" })), {})
    t.equal(#texts(container:logs({ since = "1h" })), 5)
    t.raises("usage.argument", "logs: stdout and stderr are both false, so there is nothing to read",
      function() container:logs({ stdout = false, stderr = false }) end)
  end)
end)

test("logs of a container with a terminal", function()
  lab.with_container({ tty = true, command = { "sh", "-c", "echo one; echo two >&2" } }, function(container)
    container:wait_exited({ timeout = "30s" })
    t.equal(texts(container:logs()), { "stdout: one", "stdout: two" })
  end)
end)

test("follow goes on until the container ends; a step has its timeout", function()
  lab.with_container({ command = { "sh", "-c",
    "echo begun; while ! test -e /tmp/go; do sleep 0.05; done; echo gone" } },
    function(container)
      local lines = container:logs({ follow = true })
      t.equal(lines().text, "begun")
      container:write_file("/tmp/go", "")
      t.equal(lines().text, "gone")
      t.equal(lines(), nil)
    end)
  lab.with_container({}, function(container)
    local lines = container:logs({ follow = true, timeout = "300ms" })
    t.raises("docker.timeout", "no answer within 300ms; last seen: connected, and no line came", lines)
  end)
end)

-- Of this process, in KiB: Lua's memory and ours.
local function resident()
  return tonumber(machine.read(ops.shell "grep VmRSS /proc/$PPID/status").stdout:match("%d+"))
end

test("much log passes through little memory", function()
  local line = ("0123456789"):rep(40)
  lab.with_container({ command = { "sh", "-c", "yes " .. line .. " | head -n 100000" } },
    function(container)
      container:wait_exited({ timeout = "60s" })
      local count, before, most = 0, nil, 0
      for _ in container:logs() do
        count = count + 1
        if count == 10000 then before = resident() end
        if count % 20000 == 0 then
          collectgarbage()
          most = math.max(most, resident())
        end
      end
      t.equal(count, 100000)
      -- 40 MB of text passed; AddressSanitizer keeps 16 MB of what was freed.
      t.truthy(most - before < 24 * 1024, (most - before) .. " KiB more")
    end)
end)

test("events of a container's life", function()
  local name = lab.name("eventful")
  local engine = lab.engine()
  local events = engine:events({ since = "1s", container = name, timeout = "20s" })
  lab.with_container({ name = name, labels = { role = "x" } }, function(container)
    container:kill()
    local seen = {}
    repeat
      local event = events()
      t.equal({ event.type, event.name, event.id }, { "container", name, container:id() })
      t.equal(event.attributes.role, "x")
      seen[#seen + 1] = event.action
    until event.action == "die"
    t.equal(seen, { "create", "start", "kill", "die" })
  end)
  local quiet = engine:events({ container = name, timeout = "200ms" })
  t.raises("docker.timeout", "no answer within 200ms; last seen: connected, and no event came", quiet)
end)

test("events go on when the engine was restarted, and say what was missed", function()
  local engine = lab.engine()
  local name = lab.name("after")
  local events = engine:events({ type = "container", timeout = "60s" })
  local seen = {}
  ops.group(function(group)
    group:spawn(function()
      for event in events do
        seen[#seen + 1] = event
        if event.action == "create" and event.name == name then return end
      end
    end)
    group:spawn(function()
      lab.with_container({ name = lab.name("before"), create_only = true }, function()
        ops.wait_until(function() return #seen > 0, "no event" end, { timeout = "30s", every = "20ms" })
      end)
      lab.command("restart", "dockerd")
      ops.wait_until(function()
        for _, event in ipairs(seen) do
          if event.type == "gap" then return true, "gap" end
        end
        return false, #seen .. " events"
      end, { timeout = "30s", every = "100ms" })
      lab.with_container({ name = name, create_only = true }, function() end)
    end)
  end)
  local gap
  for _, event in ipairs(seen) do
    if event.type == "gap" then gap = event.gap end
  end
  t.truthy(gap and gap.to >= gap.from and #gap.why > 0, "gap")
end)
