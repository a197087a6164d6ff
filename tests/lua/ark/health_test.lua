-- When a probe counts as failing, with containers that are made up.
local health = require "ark.health"
local t = require "testing"
local test = t.test

-- An engine whose one container answers its probes in turn, the last answer for ever.
local function engine_with(started_at, ...)
  local results, asked = { ... }, {}
  local container = {
    status = function() return { started_at = started_at } end,
    read = function(_, command, options)
      asked[#asked + 1] = { command = command, timeout = options.timeout }
      return results[math.min(#asked, #results)]
    end,
  }
  return { container = function() return container end }, asked
end

local function labelled(labels)
  return { id = "a", name = "one", host = "h1", running = true, labels = labels }
end

local PASSES = { exit_code = 0, stdout = "fine\n", stderr = "" }
local FAILS = { exit_code = 1, stdout = "", stderr = "first\nnobody listens\n" }
local LONG_AGO = "2020-01-01T00:00:00.5Z"

test("times of the engine", function()
  t.equal(health.seconds("1970-01-01T00:00:00Z"), 0)
  t.equal(health.seconds("2000-02-29T23:59:59.999Z"), 951868799)
  t.equal(health.seconds("2024-03-01T00:00:00Z"), 1709251200)
  t.equal(health.seconds(""), nil)
end)

test("healthy, with the label's command and limit", function()
  local engine, asked = engine_with(LONG_AGO, PASSES)
  local check = health.check(engine, labelled {
    ["aliyun.probe.cmd"] = "/check.sh -p 80", ["aliyun.probe.timeout_seconds"] = "7",
  })
  t.equal(check, { container = "one", host = "h1", state = "healthy", says = "fine" })
  t.equal(asked, { { command = { "/check.sh", "-p", "80" }, timeout = 7 } })
end)

test("failing, with what it wrote last", function()
  local check = health.check(engine_with(LONG_AGO, FAILS), labelled { ["aliyun.probe.cmd"] = "/check.sh" })
  t.equal(check, { container = "one", host = "h1", state = "failing", says = "nobody listens" })
end)

test("a container that was just started gets the time its label gives it", function()
  local engine, asked = engine_with(os.date("!%Y-%m-%dT%H:%M:%SZ"), FAILS, PASSES)
  local check = health.check(engine, labelled {
    ["aliyun.probe.cmd"] = "/check.sh", ["aliyun.probe.initial_delay_seconds"] = "20",
  })
  t.equal({ check.state, #asked }, { "healthy", 2 })
end)

test("no probe, and no container to run one in", function()
  t.equal(health.check(nil, labelled {}).state, "no probe")
  local stopped = labelled { ["aliyun.probe.cmd"] = "/check.sh" }
  stopped.running = false
  t.equal(health.check(nil, stopped).state, "not running")
end)

test("a probe that passes whatever the server does", function()
  local check = health.check(engine_with(LONG_AGO, PASSES), labelled { ["aliyun.probe.cmd"] = "/bin/ls" })
  t.equal({ check.state, check.says }, { "healthy", "its probe is /bin/ls, which says nothing about the server" })
end)
