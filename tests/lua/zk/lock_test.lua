-- Locks: one at a time, in order, tokens that grow, and what happens when one is lost.
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test

test("one holder at a time, and the tokens grow", function()
  support.with_root({}, function(_, root)
    local inside, most, tokens = 0, 0, {}
    local clients = {}
    for i = 1, 6 do clients[i] = support.connect() end
    ops.each(clients, {}, function(client)
      for _ = 1, 3 do
        client:lock(root .. "/lock", {}, function(lock)
          inside = inside + 1
          most = math.max(most, inside)
          tokens[#tokens + 1] = lock.token
          ops.sleep("1ms")
          inside = inside - 1
        end)
      end
    end)
    t.equal({ most, #tokens, inside }, { 1, 18, 0 })
    for i = 2, #tokens do t.truthy(tokens[i] > tokens[i - 1], tokens[i - 1] .. " before " .. tokens[i]) end
    -- Its server may not have heard yet of what others deleted through theirs.
    clients[1]:sync(root .. "/lock")
    t.equal(clients[1]:children(root .. "/lock"), {})
    for _, client in ipairs(clients) do client:close() end
  end)
end)

test("what the function returns or raises comes through, and the lock is given back", function()
  support.with_root({}, function(z, root)
    local a, b = z:lock(root .. "/lock", {}, function() return 1, "two" end)
    t.equal({ a, b }, { 1, "two" })
    local ok, failure = pcall(z.lock, z, root .. "/lock", {}, function() error("broken", 0) end)
    t.equal({ ok, failure }, { false, "broken" })
    t.raises("zk.not_found", nil, function()
      z:lock(root .. "/lock", {}, function() z:get(root .. "/none") end)
    end)
    t.equal(z:children(root .. "/lock"), {})
    t.equal(z:contenders(root .. "/lock"), {})
    t.equal(z:contenders(root .. "/never"), {})
  end)
end)

test("contenders are listed with owner and age; who waits too long is told who is before", function()
  support.with_root({}, function(z, root)
    local path = root .. "/lock"
    local other = support.connect()
    z:lock(path, { owner = "first" }, function(lock)
      local failure = t.raises("zk.lock_busy", nil, function()
        other:lock(path, { owner = "second", timeout = "3s" }, function() end)
      end)
      local expected = 'the lock "' .. path
        .. '" was not free within 3s: "first" is before us, for '
      t.equal(failure.message:sub(1, #expected), expected)
      t.equal(failure.retryable, true)
      -- The other one gave up through its server; ours may not have heard of it yet.
      z:sync(path)
      local waiting = z:contenders(path)
      t.equal({ #waiting, waiting[1].owner, waiting[1].holds, waiting[1].node, waiting[1].session },
        { 1, "first", true, lock.node, z:session().id })
      t.truthy(waiting[1].age < 60 and waiting[1].since > 1.6e9, "age " .. waiting[1].age)
    end)
    other:lock(path, { timeout = "20s" }, function(lock) t.truthy(lock.token) end)
    other:close()
  end)
end)

test("a holder that dies makes room for the next", function()
  support.with_root({}, function(z, root)
    local holder = support.connect({ session_timeout = "4s" })
    local path = root .. "/lock"
    local order = {}
    ops.group(function(group)
      group:spawn(function()
        pcall(holder.lock, holder, path, {}, function()
          order[#order + 1] = "first"
          -- As a crash would: the session ends, nothing is given back.
          z:delete(z:contenders(path)[1].node)
          ops.sleep("20s")
        end)
      end)
      group:spawn(function()
        ops.wait_until(function() return #order == 1 end, { every = "5ms" })
        z:lock(path, { timeout = "30s" }, function() order[#order + 1] = "second" end)
      end)
    end)
    t.equal(order, { "first", "second" })
    holder:close()
  end)
end)

test("a lock whose node somebody deletes is lost: its function is stopped where it waits", function()
  support.with_root({}, function(z, root)
    local path = root .. "/lock"
    local reached
    local failure = t.raises("zk.lock_lost", nil, function()
      z:lock(path, {}, function(lock)
        z:delete(lock.node)
        ops.sleep("30s")
        reached = true
      end)
    end)
    t.truthy(failure.message:find("was lost while its function ran: somebody deleted its node " .. path, 1, true),
      failure.message)
    t.equal(reached, nil)
  end)
end)

test("a holder frozen past its session wakes up without the lock", function()
  support.with_root({}, function(z, root)
    local path = root .. "/lock"
    local holder = support.connect({ session_timeout = "2s" })
    local reached
    local failure = t.raises("zk.lock_lost", nil, function()
      holder:lock(path, {}, function(lock)
        support.freeze_until_gone(lock.node)
        ops.sleep("20s")
        reached = true
      end)
    end)
    -- By our clock, or by what a server says, whichever is first.
    t.truthy(failure.message:find("the servers ended our session", 1, true)
      or failure.message:find("no server has answered for the 2s", 1, true), failure.message)
    t.equal(reached, nil)
    z:lock(path, { timeout = "20s" }, function() end)
    holder:close()
  end)
end)

test("a holder frozen past its session takes no step when it wakes", function()
  support.with_root({}, function(_, root)
    local holder = support.connect({ session_timeout = "6s" })
    local steps, late = 0, 0
    local failure
    ops.group(function(group)
      group:spawn(function()
        failure = t.raises("zk.lock_lost", nil, function()
          holder:lock(root .. "/lock", {}, function(lock)
            group:spawn(function()
              ops.wait_until(function() return steps > 10 end, { timeout = "20s", every = "5ms" })
              support.freeze_until_gone(lock.node)
            end)
            local before = os.time()
            while true do
              steps = steps + 1
              -- It stands still for 4 s at least: a session is renewed each third of its time.
              if os.time() - before >= 3 then late = late + 1 end
              before = os.time()
              ops.sleep("5ms")
            end
          end)
        end)
      end)
    end)
    t.truthy(failure.message:find("was lost while its function ran", 1, true), failure.message)
    t.equal(late, 0)
    holder:close()
  end)
end)

test("a process that is killed while it holds a lock: the next gets it when its session has ended", function()
  support.with_root({}, function(z, root)
    local path = root .. "/lock"
    local order = {}
    local other = support.holder(path, "3s", "killed")
    ops.group(function(group)
      group:spawn(other.run)
      group:spawn(function()
        ops.wait_until(function()
          local holder = z:contenders(path)[1]
          return holder ~= nil and holder.owner == "killed"
        end, { timeout = "30s", every = "20ms", what = "the other process to have the lock" })
        local waiting = 0
        group:spawn(function()
          z:lock(path, { timeout = "40s" }, function() order[#order + 1] = "next" end)
        end)
        ops.wait_until(function()
          waiting = #z:contenders(path)
          return waiting == 2, waiting
        end, { timeout = "20s", every = "20ms", what = "us to wait for it" })
        order[#order + 1] = "kill"
        other.kill()
      end)
    end)
    t.equal(order, { "kill", "next" })
    t.equal(z:contenders(path), {})
  end)
end)

test("a deadline at any point of taking a lock leaves no place in its queue", function()
  support.with_root({}, function(z, root)
    for tenths = 1, 120 do
      t.raises("deadline.exceeded", nil, function()
        ops.deadline(tenths * 1e-4, function()
          z:lock(root .. "/lock", {}, function() ops.sleep("30s") end)
        end)
      end)
      if z:exists(root .. "/lock") then t.equal(z:contenders(root .. "/lock"), {}) end
    end
  end)
end)

test("a deadline around a lock stops its function and gives the lock back", function()
  support.with_root({}, function(z, root)
    t.raises("deadline.exceeded", nil, function()
      ops.deadline("200ms", function()
        z:lock(root .. "/lock", {}, function() ops.sleep("30s") end)
      end)
    end)
    t.equal(z:contenders(root .. "/lock"), {})
  end)
end)
