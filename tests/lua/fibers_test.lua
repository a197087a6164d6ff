-- Fibers, groups, deadlines and the traps of suspending Lua.
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

test("each keeps the order of its items and runs them at once", function()
  local running, most = 0, 0
  local results = ops.each({ 30, 10, 20 }, {}, function(ms)
    running = running + 1
    most = math.max(most, running)
    ops.sleep(ms / 1000)
    running = running - 1
    return ms
  end)
  t.equal({ results[1].value, results[2].value, results[3].value }, { 30, 10, 20 })
  t.equal(most, 3)
  t.equal(#results.succeeded, 3)
  t.equal(#results.failed, 0)
end)

test("each works on at most `parallel` items", function()
  local running, most = 0, 0
  ops.each({ 1, 2, 3, 4, 5, 6, 7 }, { parallel = 2 }, function()
    running = running + 1
    most = math.max(most, running)
    ops.sleep("1ms")
    running = running - 1
  end)
  t.equal(most, 2)
end)

test("the first error stops the others, and names every item", function()
  local reached = {}
  local failure = t.raises("group.failed",
    "1 item of 4 failed, 3 not begun or stopped:\n  bad: no luck", function()
      ops.each({ "slow", "bad", "later", "last" }, { parallel = 2 }, function(item)
        if item == "bad" then
          ops.sleep("5ms")
          error("no luck", 0)
        end
        ops.sleep("1h")
        reached[#reached + 1] = item
      end)
    end)
  t.equal(#failure.detail.items, 4)
  t.equal(reached, {})
end)

test("collect goes on past errors", function()
  local results = ops.each({ "a", "b", "c" }, { on_error = "collect" }, function(item)
    if item == "b" then error("down") end
    return item
  end)
  t.equal(#results.failed, 1)
  t.equal(results["b"].ok, false)
  t.equal(results["c"].value, "c")
  t.truthy(results["b"].error.message:find("down", 1, true))
end)

test("a group ends when its fibers have ended", function()
  local ended = 0
  local results = ops.group(function(group)
    for i = 1, 3 do
      group:spawn(function(value)
        ops.sleep("2ms")
        ended = ended + 1
        return value
      end, i)
    end
  end)
  t.equal(ended, 3)
  t.equal(results[3].value, 3)
end)

test("a deadline ends what waits and is caught only where it was set", function()
  local inner_caught = false
  local message = "the deadline of 10ms was reached while waiting for ops.sleep"
  local failure = t.raises("deadline.exceeded", message, function()
    ops.deadline("10ms", function()
      pcall(function() ops.sleep("1h") end)
      inner_caught = true
    end)
  end)
  t.equal(inner_caught, false)
  t.truthy(failure.at:find("fibers_test.lua"), "position " .. tostring(failure.at))
end)

test("of nested deadlines the outer one passes the inner", function()
  local passed_inner = false
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("10ms", function()
      ops.deadline("1h", function() ops.sleep("2h") end)
      passed_inner = true
    end)
  end)
  t.equal(passed_inner, false)
end)

test("fibers of a fan-out share the deadline around it", function()
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("10ms", function()
      ops.each({ 1, 2 }, {}, function() ops.sleep("1h") end)
    end)
  end)
end)

test("a call waits through a user's own coroutines", function()
  local inner = coroutine.wrap(function()
    local nested = coroutine.wrap(function()
      ops.sleep("1ms")
      coroutine.yield("nested")
      ops.sleep("1ms")
      return "end"
    end)
    coroutine.yield(nested())
    ops.sleep("1ms")
    coroutine.yield(nested())
  end)
  t.equal({ inner(), inner() }, { "nested", "end" })
end)

test("a coroutine that waits in another fiber's call is not resumed", function()
  local co = coroutine.create(function() ops.sleep("20ms") return "done" end)
  local seen
  ops.group(function(group)
    group:spawn(function() coroutine.resume(co) end)
    group:spawn(function()
      local _, failure = coroutine.resume(co)
      seen = failure
    end)
  end)
  t.equal(seen.code, "script.coroutine_waits")
  t.equal(seen.message,
    "this coroutine waits in a call of another fiber and cannot be resumed before that call ends")
end)

test("a call inside a sort comparator is a clear error", function()
  t.raises("script.cannot_wait", nil, function()
    table.sort({ 3, 1, 2 }, function(one, other)
      ops.sleep("1ms")
      return one < other
    end)
  end)
end)

test("a call inside a gsub callback is a clear error", function()
  t.raises("script.cannot_wait", nil, function()
    return (("abc"):gsub(".", function() ops.sleep("1ms") end))
  end)
end)

test("pcall, iterators and metamethods of Lua may wait", function()
  t.equal({ pcall(function() ops.sleep("1ms") return 1 end) }, { true, 1 })
  local function numbers()
    local i = 0
    return function()
      i = i + 1
      ops.sleep("1ms")
      return i <= 3 and i or nil
    end
  end
  local sum = 0
  for i in numbers() do sum = sum + i end
  t.equal(sum, 6)
  local lazy = setmetatable({}, { __index = function(_, key) ops.sleep("1ms") return key end })
  t.equal(lazy.x, "x")
end)

test("xpcall keeps its handler for errors and passes on stops", function()
  local ok, text = xpcall(function() error("plain", 0) end, function(failure) return "seen " .. failure end)
  t.equal({ ok, text }, { false, "seen plain" })
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("5ms", function()
      xpcall(function() ops.sleep("1h") end, function() return "swallowed" end)
    end)
  end)
end)

test("an outer coroutine's error keeps its value", function()
  local co = coroutine.create(function() error({ code = "mine" }) end)
  local ok, failure = coroutine.resume(co)
  t.equal(ok, false)
  t.equal(failure.code, "mine")
end)

test("wait_until returns what was seen, and says it when time is up", function()
  local looks = 0
  t.equal(ops.wait_until(function()
    looks = looks + 1
    return looks == 3, "look " .. looks
  end, { every = "1ms" }), "look 3")
  t.raises("wait.timeout", 'waited 5ms for the door; last seen: "shut"', function()
    ops.wait_until(function() return false, "shut" end, { every = "1ms", timeout = "5ms", what = "the door" })
  end)
  t.raises("wait.not_boolean", nil, function()
    ops.wait_until(function() end, { every = "1ms" })
  end)
end)

test("wait_until's time ends a look that takes longer", function()
  local looks = 0
  t.raises("wait.timeout", "waited 20ms for the door; last seen: \"ajar\"", function()
    ops.wait_until(function()
      looks = looks + 1
      if looks == 2 then ops.sleep("1h") end
      return false, "ajar"
    end, { every = "1ms", timeout = "20ms", what = "the door" })
  end)
  t.equal(looks, 2)
  t.equal(ops.wait_until(function() return true, "at once" end, { timeout = 0 }), "at once")
end)

test("an error in a group ends what its function waits for", function()
  t.raises("group.failed", "1 item of 1 failed:\n  fiber 1: database is gone", function()
    ops.group(function(group)
      group:spawn(function() error("database is gone", 0) end)
      ops.sleep("1h")
    end)
  end)
  t.raises("group.failed", "2 items of 2 failed:\n  fiber 1: database is gone\n  the function of the group: gave up",
    function()
      ops.group(function(group)
        local begun = machine.temp() .. "/begun"
        group:spawn(function()
          ops.wait_until(function() return machine.exists(begun) ~= nil end, { every = "1ms" })
          error("database is gone", 0)
        end)
        machine.run({ "sh", "-c", "touch " .. begun .. " && sleep 0.1" }) -- a change, which is let end
        error("gave up", 0)
      end)
    end)
end)

test("what failed in a fan-out inside another one is told by both", function()
  t.raises("group.failed", "1 item of 1 failed:\n  site a: 1 item of 1 failed:\n    host b: no answer", function()
    ops.each({ "site a" }, {}, function()
      ops.each({ "host b" }, {}, function() error("no answer\nof it", 0) end)
    end)
  end)
end)

test("an error of a group's function is raised when its fibers have ended", function()
  local ended = false
  local ok, failure = pcall(ops.group, function(group)
    group:spawn(function()
      ops.with({ close = function() ops.sleep("5ms") ended = true end }, function() ops.sleep("1h") end)
    end)
    ops.sleep("1ms")
    error("the function's own", 0)
  end)
  t.equal({ ok, failure, ended }, { false, "the function's own", true })
end)

test("a group that has ended begins no fiber", function()
  local kept
  ops.group(function(group) kept = group end)
  t.raises("usage.argument", "group:spawn: the group has ended; begin its fibers in the function given to ops.group",
    function() kept:spawn(function() end) end)
end)

test("a coroutine cannot leave a deadline, or a clean-up, by a yield", function()
  local message = "coroutine.yield inside of ops.deadline, a clean-up or a step that the coroutine is in: end the "
    .. "block first, or use ops.group and fibers"
  t.raises("script.cannot_yield", message, function()
    coroutine.wrap(function() ops.deadline("1h", function() coroutine.yield() end) end)()
  end)
  t.raises("script.cannot_yield", message, function()
    coroutine.wrap(function() ops.with({ close = function() coroutine.yield() end }, function() end) end)()
  end)
  -- One that was begun and resumed inside of it stays inside.
  local numbers = {}
  ops.deadline("1h", function()
    for number in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do
      numbers[#numbers + 1] = number
    end
  end)
  t.equal(numbers, { 1, 2, 3 })
end)

test("retry repeats only what is retryable", function()
  local attempts = 0
  local ok, failure = pcall(ops.retry, { times = 5, wait = "1ms" }, function()
    attempts = attempts + 1
    error("for good", 0)
  end)
  t.equal({ ok, failure, attempts }, { false, "for good", 1 })
  t.raises("usage.argument", 'ops.retry: argument 1 "options.times": expected at least 1, got 0', function()
    ops.retry({ times = 0 }, function() end)
  end)
end)

test("try catches the named codes only, and knows every code", function()
  local value, failure = ops.try(function() ops.deadline("1ms", function() ops.sleep("1h") end) end,
    { "deadline.*" })
  t.equal(value, nil)
  t.equal(failure.code, "deadline.exceeded")
  t.raises("ops.unknown_code", 'no error has the code "deadline.exceded"; did you mean "deadline.exceeded"?', function()
    ops.try(function() end, { "deadline.exceded" })
  end)
  t.equal(ops.try(function() return 7 end, { "closed" }), 7)
end)

test("with closes the handle whatever happens", function()
  local closed = 0
  local handle = { close = function() closed = closed + 1 ops.sleep("1ms") end }
  t.equal(ops.with(handle, function() return 5 end), 5)
  pcall(ops.with, handle, function() error("x") end)
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("5ms", function() ops.with(handle, function() ops.sleep("1h") end) end)
  end)
  t.equal(closed, 3)
  t.raises("usage.argument", 'ops.with: argument 1 "handle": expected something with a method `close`, got 5',
    function() ops.with(5, function() end) end)
end)

test("many fibers sleep at once", function()
  local items = {}
  for i = 1, 10000 do items[i] = i end
  local results = ops.each(items, { parallel = 10000 }, function(i) ops.sleep("5ms") return i end)
  t.equal(#results.succeeded, 10000)
end)
