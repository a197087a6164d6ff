-- Sessions that the servers end: every waiter is told, whatever it waits for.
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test

local function expired(id)
  return "the servers ended our session " .. id .. ": they had not heard from us for 2s, or it was closed; its "
    .. "ephemeral nodes and locks are gone. The next call begins a new session"
end

-- All calls wait in their own fiber, and ready() holds, before the process stands still; `states` is what the session
-- was when they ended.
local function told_of_expiry(z, root, calls, ready)
  local told, states, waiting = {}, {}, 0
  local function begun() waiting = waiting + 1 end
  ops.group(function(group)
    for i, call in ipairs(calls) do
      group:spawn(function()
        local ok, failure = pcall(call, begun)
        told[i] = not ok and failure or { code = "none" }
        states[i] = z:session().state
      end)
    end
    group:spawn(function()
      ops.wait_until(function() return waiting == #calls and ready(), waiting end, { timeout = "20s", every = "5ms" })
      support.freeze_until_gone(root .. "/mine")
    end)
  end)
  return told, states
end

test("a session that ends raises in a watch, in wait_node, in the queue of a lock and in a walk", function()
  support.with_root({ session_timeout = "2s" }, function(z, root)
    local plain = support.connect({ session_timeout = "40s" })
    for i = 1, 20 do z:create(root .. "/tree/" .. i, "", { makepath = true }) end
    z:create(root .. "/mine", "", { ephemeral = true })
    local id = z:session().id
    local told
    plain:lock(root .. "/lock", {}, function()
      z:sync(root)
      told = told_of_expiry(z, root, {
        function(begun)
          local changes = z:watch(root .. "/tree/1", { timeout = "50s" })
          changes()
          begun()
          changes()
        end,
        function(begun)
          z:wait_node(root .. "/tree", function()
            begun()
            return false
          end, { timeout = "50s", every = "50s" })
        end,
        function(begun)
          begun()
          z:lock(root .. "/lock", { timeout = "50s" }, function() end)
        end,
        function(begun)
          local step = z:walk(root .. "/tree")
          step()
          begun()
          ops.wait_until(function() return z:session().state == "lost" or z:session().id ~= id end,
            { timeout = "40s", every = "1ms" })
          while step() do end -- luacheck: ignore 542
        end,
      }, function() return #plain:contenders(root .. "/lock") == 2 end)
    end)
    local codes = {}
    for i, failure in ipairs(told) do codes[i] = failure.code end
    t.truthy(codes[3] == "zk.session_expired" or codes[3] == "zk.lock_lost", tostring(told[3]))
    codes[3] = "zk.session_expired"
    t.equal(codes, { "zk.session_expired", "zk.session_expired", "zk.session_expired", "zk.session_expired" })
    local watched = 'the session that watched "%s" has ended: changes may have been missed. Begin a new watch'
    t.equal({ told[1].message, told[2].message, told[4].message },
      { watched:format(root .. "/tree/1"), watched:format(root .. "/tree"), expired(id) })
    plain:close()
  end)
end)

test("a session that ends raises in reads and changes under way; its state says lost until the next call", function()
  support.with_root({}, function(plain, root)
    support.with_proxy(function(hosts, tell)
      local z = support.connect({ hosts = hosts, session_timeout = "2s" })
      z:create(root .. "/mine", "", { ephemeral = true })
      local id = z:session().id
      tell "refuse"
      support.wait_state(z, "suspended")
      local failures = {}
      ops.group(function(group)
        local calls = {
          function() z:get(root .. "/mine") end,
          function() z:set(root .. "/mine", "x") end,
        }
        for i, call in ipairs(calls) do
          group:spawn(function()
            failures[i] = select(2, pcall(call))
            failures[i + 2] = z:session().state
          end)
        end
        group:spawn(function()
          ops.wait_until(function()
            plain:sync(root)
            return plain:exists(root .. "/mine") == nil
          end, { timeout = "30s", every = "50ms" })
          tell "pass"
        end)
      end)
      for i = 1, 2 do
        t.equal({ failures[i].code, failures[i].message, failures[i].maybe_applied, failures[i + 2] },
          { "zk.session_expired", expired(id), false, "lost" })
      end
      t.equal(z:exists(root .. "/mine"), nil)
      t.truthy(z:session().id ~= id, "a new session")
      t.equal(z:session().state, "connected")
      z:close()
    end)
  end)
end)

test("a way that is cut and healed in time: the same session, with its ephemeral nodes", function()
  support.with_root({}, function(plain, root)
    support.with_proxy(function(hosts, tell)
      local z = support.connect({ hosts = hosts, session_timeout = "20s" })
      z:create(root .. "/mine", "", { ephemeral = true })
      local id = z:session().id
      tell "refuse"
      support.wait_state(z, "suspended")
      local seconds, ok, failure = support.timed(function()
        ops.deadline("1s", function() z:get(root .. "/mine") end)
      end)
      t.equal({ ok, failure.code }, { false, "deadline.exceeded" })
      t.truthy(seconds <= 6, "seconds: " .. seconds)
      tell "pass"
      t.equal(z:get(root .. "/mine").stat.owner_session, id)
      t.equal({ z:session().id, z:session().state }, { id, "connected" })
      plain:sync(root)
      t.equal(plain:exists(root .. "/mine").owner_session, id)
      z:close()
    end)
  end)
end)
