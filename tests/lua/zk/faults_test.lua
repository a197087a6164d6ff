-- Servers that die, freeze, are cut off, lose their quorum; sessions that end.
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test
local zk = require "zk"

test("no server at all: the error names each and what it did", function()
  local z = zk.connect({ hosts = "127.0.0.1:1,127.0.0.1:2", connect_timeout = "300ms" })
  local began = os.time()
  local failure = t.raises("zk.unreachable", nil, function() z:get("/a") end)
  t.equal(failure.message, "no server let us in within 300ms: 127.0.0.1:1: Connection refused; 127.0.0.1:2: Connection "
    .. "refused. Check the addresses, and whether the servers have a quorum")
  t.equal({ failure.target, failure.retryable, failure.maybe_applied }, { "127.0.0.1:1,127.0.0.1:2", true, false })
  t.equal(z:alive(), false)
  local results = ops.each({ 1, 2, 3, 4, 5 }, { on_error = "collect" }, function() z:set("/a", "") end)
  t.equal(#results.failed, 5)
  t.equal({ results.failed[5].error.code, results.failed[5].error.maybe_applied }, { "zk.unreachable", false })
  t.truthy(os.time() - began < 20, "all failed at once")
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("50ms", function() zk.connect({ hosts = "127.0.0.1:1", fresh = true }):get("/") end)
  end)
end)

test("of two servers, the one that is up is found", function()
  for _ = 1, 6 do
    local z = support.connect({ hosts = "127.0.0.1:1,127.0.0.1:" .. support.ports[1], connect_timeout = "20s" })
    t.equal(z:alive(), true)
    z:close()
  end
end)

test("a name that nobody knows is an error of its own", function()
  local z = zk.connect({ hosts = "no-such-host.invalid", connect_timeout = "5s" })
  local failure = t.raises("zk.unreachable", nil, function() z:get("/") end)
  -- The lab of the group "net" has a name server, others have none.
  local known = {
    ['the name "no-such-host.invalid" has no address: neither /etc/hosts nor the name servers know it'] = true,
    ['no name server answered the question for "no-such-host.invalid" (Could not contact DNS servers); look at '
      .. "/etc/resolv.conf, or give an address"] = true,
  }
  t.truthy(known[failure.message], failure.message)
end)

test("a leader that dies: reads go on, the session lives, a watch hears what happened meanwhile", function()
  support.with_root({}, function(z, root)
    z:create(root .. "/a", "1")
    local changes = z:watch(root .. "/a", { timeout = "55s" })
    changes()
    local id = z:session().id
    local leader = support.roles()
    support.lab("kill", leader)
    local results = ops.each({ 1, 2, 3, 4 }, {}, function() return z:get(root .. "/a").data end)
    for i = 1, 4 do t.equal(results[i].value, "1") end
    ops.retry({ times = 20, wait = "200ms", repeatable = true }, function() z:set(root .. "/a", "2") end)
    t.equal(changes().data, "2")
    t.equal(z:session().id, id)
    support.lab("start", leader)
    support.roles()
  end)
end)

test("a change whose answer is lost says that it may have been applied", function()
  support.with_root({ session_timeout = "20s" }, function(z, root)
    z:create(root .. "/a", "1")
    local port = tonumber(z:session().server:match(":(%d+)$"))
    local server = "zk" .. (port - tonumber(support.ports[1]) + 1)
    support.lab("freeze", server)
    local failure
    ops.group(function(group)
      group:spawn(function() failure = select(2, pcall(z.create, z, root .. "/s-", "", { sequential = true })) end)
      group:spawn(function()
        -- The request is in the frozen server's socket by then, or it is not: both must be doubt.
        support.lab("kill", server)
      end)
    end)
    t.equal({ failure.code, failure.maybe_applied, failure.retryable }, { "zk.connection_lost", true, true })
    t.truthy(failure.message:find("may or may not have happened; look before you repeat it", 1, true), failure.message)
    support.lab("start", server)
    support.roles()
    -- A tagged one is found again, or made again: exactly once in any case.
    port = tonumber(z:session().server:match(":(%d+)$"))
    server = "zk" .. (port - tonumber(support.ports[1]) + 1)
    support.lab("freeze", server)
    local made
    ops.group(function(group)
      group:spawn(function()
        made = z:create(root .. "/t-", "", { sequential = true, tagged = true, timeout = "55s" })
      end)
      group:spawn(function() support.lab("kill", server) end)
    end)
    local tagged = {}
    for _, name in ipairs(z:children(root)) do
      if name:find("^_c_") then tagged[#tagged + 1] = root .. "/" .. name end
    end
    t.equal(tagged, { made })
    support.lab("start", server)
    support.roles()
  end)
end)

test("a session that the servers ended raises in every waiter, and the next call begins a new one", function()
  support.with_root({ session_timeout = "2s" }, function(z, root)
    z:create(root .. "/mine", "", { ephemeral = true })
    local first = z:session().id
    local codes, waiting = {}, 0
    ops.group(function(group)
      for _ = 1, 3 do
        group:spawn(function()
          local changes = z:watch(root, { timeout = "50s" })
          changes()
          waiting = waiting + 1
          local ok, failure = pcall(changes)
          codes[#codes + 1] = ok or failure.code
        end)
      end
      group:spawn(function()
        ops.wait_until(function() return waiting == 3 end, { timeout = "40s", every = "5ms" })
        support.freeze_until_gone(root .. "/mine")
      end)
    end)
    t.equal(codes, { "zk.session_expired", "zk.session_expired", "zk.session_expired" })
    t.equal(z:session().state, "lost")
    t.equal(z:exists(root .. "/mine"), nil)
    t.truthy(z:session().id ~= first, "a new session")
    t.equal(z:session().state, "connected")
  end)
end)

test("a quorum lost and regained: calls wait, the state is visible, nothing is lost", function()
  support.with_root({ session_timeout = "30s" }, function(z, root)
    z:create(root .. "/a", "1")
    local leader, followers = support.roles()
    support.lab("kill", leader)
    support.lab("kill", followers[1])
    support.wait_state(z, "suspended")
    -- The session may be suspended because its own server died: the one left still has to see that it is alone.
    local report = support.wait_nobody_serves()
    t.equal({ report.quorum, report.voters, report.serving, report.leader }, { false, 3, 0, nil })
    local failure = t.raises("zk.timeout", nil, function() z:set(root .. "/a", "2", { timeout = "500ms" }) end)
    t.equal({ failure.maybe_applied, failure.op }, { false, "Client:set" })
    -- The one that is left closes what it cannot serve, the others are not there; which were asked so far differs.
    local seen = failure.message:match("^no answer within 500ms; last seen: (.*)$")
    for what in ((seen or failure.message) .. "; "):gmatch("(.-); ") do
      t.truthy(what:find("^127%.0%.0%.1:%d+: Connection refused$")
        or what:find("^127%.0%.0%.1:%d+: closed the connection %(a server without a quorum does%)$")
        or what:find("^waiting for 127%.0%.0%.1:%d+$"), failure.message)
    end
    local value
    ops.group(function(group)
      group:spawn(function() value = z:get(root .. "/a").data end)
      group:spawn(function() support.lab("start", followers[1]) end)
    end)
    t.equal(value, "1")
    support.lab("start", leader)
    support.roles()
  end)
end)

test("a network that is cut and healed: silent servers are left, the session goes on", function()
  support.with_root({ session_timeout = "6s" }, function(z, root)
    z:create(root .. "/a", "1")
    local id, server = z:session().id, z:session().server
    support.lab("cut", server)
    t.equal(z:get(root .. "/a").data, "1")
    t.truthy(z:session().server ~= server, "moved to " .. z:session().server)
    t.equal(z:session().id, id)
    support.lab("join", server)
  end)
end)

test("a watch set while disconnected is set when a server is there", function()
  support.with_root({ session_timeout = "30s" }, function(z, root)
    z:create(root .. "/a", "1")
    local leader, followers = support.roles()
    support.lab("kill", followers[1])
    support.lab("kill", leader)
    support.wait_nobody_serves()
    support.wait_state(z, "suspended")
    local seen = {}
    ops.group(function(group)
      group:spawn(function()
        for change in z:watch(root .. "/a", { timeout = "55s" }) do
          seen[#seen + 1] = change.data
          if #seen == 2 then break end
        end
      end)
      group:spawn(function()
        support.lab("start", leader)
        ops.wait_until(function() return #seen == 1 end, { timeout = "40s", every = "20ms" })
        z:set(root .. "/a", "2")
      end)
    end)
    t.equal(seen, { "1", "2" })
    support.lab("start", followers[1])
    support.roles()
  end)
end)

test("a lock's function stands still while no server answers, and goes on when one does", function()
  support.with_root({ session_timeout = "40s" }, function(z, root)
    local leader, followers = support.roles()
    local steps, finished = 0, false
    local at_rest, later
    ops.group(function(group)
      group:spawn(function()
        z:lock(root .. "/lock", {}, function()
          repeat
            steps = steps + 1
            ops.sleep("5ms")
          until finished
        end)
      end)
      group:spawn(function()
        ops.wait_until(function() return steps > 3 end, { timeout = "20s", every = "5ms" })
        support.lab("kill", leader)
        support.lab("kill", followers[1])
        -- Until no server believes in a quorum any more, the session may find another one for a moment.
        ops.wait_until(function()
          return zk.ensemble(support.hosts).serving == 0 and z:session().state == "suspended"
        end, { timeout = "20s", every = "50ms" })
        -- What was running when the news came comes to rest; then nothing moves for as long as one looks.
        ops.wait_until(function()
          local before = at_rest
          at_rest = steps
          return at_rest == before
        end, { timeout = "20s", every = "100ms" })
        ops.sleep("500ms")
        later = steps
        support.lab("start", leader)
        support.wait_state(z, "connected")
        ops.wait_until(function() return steps > later end, { timeout = "20s", every = "5ms" })
        finished = true
      end)
    end)
    t.equal(later, at_rest)
    support.lab("start", followers[1])
    support.roles()
  end)
end)

test("holders cut off: one is stopped when its session may be over, one cannot give the lock back", function()
  support.with_root({ session_timeout = "3s" }, function(z, root)
    local patient = support.connect({ session_timeout = "40s" })
    local reached, lost, left, kept
    local inside = 0
    local function cut_when_both_are_in()
      inside = inside + 1
      ops.wait_until(function() return inside >= 2 end, { timeout = "20s", every = "5ms" })
    end
    ops.group(function(group)
      group:spawn(function()
        lost = select(2, pcall(z.lock, z, root .. "/one", {}, function()
          cut_when_both_are_in()
          ops.sleep("50s")
          reached = true
        end))
      end)
      group:spawn(function()
        left = select(2, pcall(patient.lock, patient, root .. "/two", {}, function(lock)
          kept = lock.node
          cut_when_both_are_in()
          for _, port in ipairs(support.ports) do support.lab("cut", "127.0.0.1:" .. port) end
        end))
      end)
    end)
    for _, port in ipairs(support.ports) do support.lab("join", "127.0.0.1:" .. port) end
    t.equal({ lost.code, left.code, reached }, { "zk.lock_lost", "zk.lock_left", nil })
    t.truthy(lost.message:find("no server has answered for the 3s after which they give it to the next", 1, true),
      lost.message)
    t.equal(left.message, 'the lock "' .. root .. '/two" could not be given back: its node "' .. kept
      .. '" may still be there, and keeps it until our session ends (40s after this process). Delete that node to '
      .. "free it")
    patient:close()
  end)
end)
