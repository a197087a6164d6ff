-- Locks behind a way that breaks: a guard that is not stuck, a place that is named, waits that end in time.
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test

local function with_broken_way(options, fn)
  options.session_timeout = options.session_timeout or "4s"
  support.with_broken_way(options, fn)
end

test("a way that lets in and breaks again: the lock is lost by our clock, and the guard is not stuck", function()
  with_broken_way({}, function(z, root, tell)
    local reached
    local path = root .. "/lock"
    local seconds, ok, failure = support.timed(function()
      z:lock(path, {}, function()
        tell "hello"
        ops.sleep("50s")
        reached = true
      end)
    end)
    t.equal({ ok, failure.code, reached }, { false, "zk.lock_lost", nil })
    -- The way is still broken, so the place could not be given back.
    t.truthy(failure.message:find('the lock "' .. path .. '" was lost while its function ran: no server has answered '
      .. "for the 4s after which they give it to the next. The function was stopped where it stood; look at what it "
      .. 'changed. Besides, the lock "' .. path .. '" could not be given back: its node "' .. path .. "/_c_", 1, true),
      failure.message)
    t.truthy(seconds < 25, "seconds: " .. seconds)
  end)
end)

test("somebody sets the data of its node: the function goes on", function()
  with_broken_way({}, function(z, root, _, plain)
    local path = root .. "/lock"
    local went_on = z:lock(path, {}, function(lock)
      for i = 1, 5 do
        plain:set(lock.node, tostring(i))
        -- The session has heard of it once it reads it, and of what it watched before.
        ops.wait_until(function() return z:get(lock.node).data == tostring(i) end, { timeout = "20s", every = "5ms" })
      end
      return true
    end)
    t.equal(went_on, true)
    t.equal(z:contenders(path), {})
  end)
end)

test("a place that may have been taken is named with its tag, and can be deleted by it", function()
  with_broken_way({ session_timeout = "30s" }, function(z, root, tell, plain)
    local path = root .. "/lock"
    plain:ensure_path(path)
    z:sync(path)
    tell "after lock-"
    local seconds, ok, failure = support.timed(function() z:lock(path, { timeout = "2s" }, function() end) end)
    t.equal({ ok, failure.code, failure.cause.code }, { false, "zk.lock_left", "zk.connection_lost" })
    t.truthy(seconds < 10, "seconds: " .. seconds)
    plain:sync(path)
    local node = plain:contenders(path)[1].node
    t.equal(failure.message, 'whether we got a place in the queue of the lock "' .. path
      .. '" is not known: a node whose name begins with "' .. node:sub(1, -11)
      .. '" may be there, and would keep it until our session ends (30s after this process). Delete that node to '
      .. "free it")
    plain:delete(node)
    plain:lock(path, { timeout = "10s" }, function() end)
  end)
end)

test("no server: taking a lock takes no longer than its timeout", function()
  with_broken_way({ session_timeout = "30s" }, function(z, root, tell)
    tell "refuse"
    support.wait_state(z, "suspended")
    local seconds, ok, failure = support.timed(function()
      z:lock(root .. "/lock", { timeout = "1s" }, function() end)
    end)
    t.equal({ ok, failure.code, failure.maybe_applied, failure.op }, { false, "zk.timeout", false, "Client:lock" })
    t.truthy(seconds <= 8, "seconds: " .. seconds)
  end)
end)

test("who waits for a lock when the servers are gone is told in time, and which node it leaves", function()
  with_broken_way({ session_timeout = "30s" }, function(z, root, tell, plain)
    local path = root .. "/lock"
    plain:lock(path, {}, function(held)
      local seconds, ok, failure
      ops.group(function(group)
        group:spawn(function()
          seconds, ok, failure = support.timed(function() z:lock(path, { timeout = "8s" }, function() end) end)
        end)
        group:spawn(function()
          ops.wait_until(function() return #plain:contenders(path) == 2 end, { timeout = "20s", every = "10ms" })
          tell "refuse"
        end)
      end)
      t.equal({ ok, failure.code }, { false, "zk.lock_left" })
      local left = plain:contenders(path)[2].node
      t.equal(failure.message, 'the lock "' .. path .. '" could not be given back: its node "' .. left
        .. '" may still be there, and keeps it until our session ends (30s after this process). Delete that node to '
        .. "free it")
      t.truthy(left ~= held.node and seconds < 15, "seconds: " .. seconds)
    end)
  end)
end)

test("alive is false when no server lets a session in again", function()
  with_broken_way({ session_timeout = "30s", connect_timeout = "2s" }, function(z, _, tell)
    t.equal(z:alive(), true)
    tell "refuse"
    support.wait_state(z, "suspended")
    local seconds, ok, alive = support.timed(function() return z:alive() end)
    t.equal({ ok, alive }, { true, false })
    t.truthy(seconds <= 8, "seconds: " .. seconds)
    tell "pass"
    support.wait_state(z, "connected")
    t.equal(z:alive(), true)
  end)
end)
