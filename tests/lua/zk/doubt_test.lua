-- Changes whose answer is lost, or of which a part was made before the error: each says so.
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test

local OPEN = { { scheme = "world", id = "anyone", permissions = "crwda" } }

local function with_broken_way(options, fn)
  options.session_timeout = options.session_timeout or "20s"
  support.with_broken_way(options, fn)
end

local function nodes_named(plain, root, pattern)
  plain:sync(root)
  local found = {}
  for _, name in ipairs(plain:children(root)) do
    if name:find(pattern) then found[#found + 1] = name end
  end
  return found
end

test("a sequential create whose answer was lost is not sent again", function()
  with_broken_way({}, function(z, root, tell, plain)
    local server = z:session().server
    tell "after s-"
    local failure = t.raises("zk.connection_lost", nil, function()
      z:create(root .. "/s-", "", { sequential = true, timeout = "10s" })
    end)
    t.equal(failure.message, "the connection to " .. server .. ' was lost before the answer came: create "' .. root
      .. '/s-" may or may not have happened; look before you repeat it')
    t.equal({ failure.maybe_applied, failure.retryable }, { true, true })
    tell "pass"
    z:sync(root)
    t.equal(#nodes_named(plain, root, "^s%-"), 1)
  end)
end)

test("a tagged create whose answer was lost is found again, once", function()
  with_broken_way({}, function(z, root, tell, plain)
    tell "after t-"
    local made
    ops.group(function(group)
      group:spawn(function()
        made = z:create(root .. "/t-", "", { sequential = true, tagged = true, timeout = "40s" })
      end)
      group:spawn(function()
        support.wait_state(z, "suspended")
        tell "pass"
      end)
    end)
    local found = nodes_named(plain, root, "^_c_%x+%-t%-")
    t.equal({ #found, root .. "/" .. found[1] }, { 1, made })
  end)
end)

test("a tagged create that cannot be looked for is in doubt, and names its tag", function()
  with_broken_way({}, function(z, root, tell, plain)
    local server = z:session().server
    tell "after t-"
    local failure = t.raises("zk.timeout", nil, function()
      z:create(root .. "/t-", "", { sequential = true, tagged = true, timeout = "2s" })
    end)
    t.equal(failure.maybe_applied, true)
    local found = nodes_named(plain, root, "^_c_%x+%-t%-")
    t.equal(#found, 1)
    local tagged = found[1]:match("^(_c_%x+%-t%-)%d+$")
    t.equal(failure.message, "no answer within 2s; last seen: the connection to " .. server
      .. ' was lost before the answer came: create "' .. root .. "/" .. tagged
      .. '" may or may not have happened; look before you repeat it')
    t.equal(failure.cause.code, "zk.connection_lost")
  end)
end)

test("a change that no server answers in time is in doubt", function()
  with_broken_way({ session_timeout = "40s" }, function(z, root, tell, plain)
    plain:create(root .. "/a", "1")
    z:sync(root)
    local server = z:session().server
    tell "stall new-value"
    local failure = t.raises("zk.timeout", "no answer within 1s; last seen: waiting for the answer of " .. server
      .. '; set "' .. root .. '/a" may or may not have happened; look before you repeat it', function()
      z:set(root .. "/a", "new-value", { timeout = "1s" })
    end)
    t.equal(failure.maybe_applied, true)
    tell "pass"
    t.equal(z:get(root .. "/a").data, "new-value")
  end)
end)

test("a create that made nodes above and then failed says that something was made", function()
  support.with_root({}, function(z, root)
    -- The first node is made with the list that lets nobody make the second.
    local failure = t.raises("zk.no_auth", nil, function()
      z:create(root .. "/p/q/r", "", { makepath = true, acl = "read" })
    end)
    t.equal({ failure.maybe_applied, z:children(root) }, { true, { "p" } })
    failure = t.raises("zk.no_auth", nil, function() z:create(root .. "/p/q/r", "", { makepath = true }) end)
    t.equal(failure.maybe_applied, false)
  end)
end)

test("a tree of which a part was deleted before the error says so", function()
  support.with_root({}, function(z, root)
    z:create(root .. "/p/t/x", "", { makepath = true })
    z:set_acl(root .. "/p", { { scheme = "world", id = "anyone", permissions = "crwa" } })
    local failure = t.raises("zk.no_auth", 'the access list of "' .. root .. '/p/t" does not let us delete', function()
      z:delete(root .. "/p/t", { recursive = true })
    end)
    t.equal({ failure.maybe_applied, z:children(root .. "/p/t") }, { true, {} })
    failure = t.raises("zk.no_auth", nil, function() z:delete(root .. "/p/t") end)
    t.equal(failure.maybe_applied, false)
    z:set_acl(root .. "/p", OPEN)
  end)
end)

test("deletions under way when the way breaks are in doubt, in time or out of it", function()
  with_broken_way({}, function(z, root, tell, plain)
    for i = 1, 300 do plain:create(root .. "/tree/n" .. i, "", { makepath = true }) end
    z:sync(root)
    -- A delete ends with the version, -1; 256 of them are under way at once.
    tell [[stall n99\xff]]
    local failure = t.raises("zk.timeout", nil, function()
      z:delete(root .. "/tree", { recursive = true, timeout = "2s" })
    end)
    t.equal(failure.maybe_applied, true)
    tell "pass"
    z:delete(root .. "/tree", { recursive = true })
    for i = 1, 300 do plain:create(root .. "/tree/n" .. i, "", { makepath = true }) end
    z:sync(root)
    tell [[after n99\xff]]
    failure = t.raises("zk.connection_lost", nil, function() z:delete(root .. "/tree", { recursive = true }) end)
    t.equal(failure.maybe_applied, true)
    tell "pass"
  end)
end)
