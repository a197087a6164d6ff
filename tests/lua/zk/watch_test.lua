-- Watches: what happens to a node, in order, and what may have been missed.
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test

local function briefly(change)
  return { change.type, change.exists, change.data, change.missed }
end

test("a watch gives what is there, then each change of a node", function()
  support.with_root({}, function(z, root)
    local path = root .. "/a"
    local changes = z:watch(path, { timeout = "30s" })
    t.equal(briefly(changes()), { "initial", false, nil, false })
    z:create(path, "1")
    t.equal(briefly(changes()), { "created", true, "1", false })
    z:set(path, "2")
    t.equal(briefly(changes()), { "changed", true, "2", false })
    z:delete(path)
    t.equal(briefly(changes()), { "deleted", false, nil, false })
    z:create(path, "3")
    local change = changes()
    t.equal({ change.type, change.stat.version, change.path }, { "created", 0, path })
  end)
end)

test("a watch says when more happened than it shows", function()
  support.with_root({}, function(z, root)
    local path = root .. "/a"
    z:create(path, "0")
    local changes = z:watch(path, { timeout = "30s" })
    changes()
    z:set(path, "1")
    z:set(path, "2")
    t.equal(briefly(changes()), { "changed", true, "2", true })
    z:delete(path)
    z:create(path, "again")
    t.equal(briefly(changes()), { "created", true, "again", true })
    z:set(path, "3")
    t.equal(briefly(changes()), { "changed", true, "3", false })
  end)
end)

test("a watch of children sees them come and go, and ends with the node", function()
  support.with_root({}, function(z, root)
    local path = root .. "/a"
    z:create(path)
    local seen = {}
    for change in z:watch(path, { children = true, timeout = "30s" }) do
      seen[#seen + 1] = change.type .. ":" .. table.concat(change.children or {}, ",") .. (change.missed and "!" or "")
      if #seen == 1 then z:create(path .. "/x") end
      if #seen == 2 then
        z:create(path .. "/y")
        z:create(path .. "/z")
      end
      if #seen == 3 then z:delete(path, { recursive = true }) end
    end
    t.equal({ seen[1], seen[2], seen[3] }, { "initial:", "children:x", "children:x,y,z!" })
    t.equal(seen[#seen]:match("^deleted"), "deleted")
    t.raises("zk.not_found", '"' .. root .. '/none" does not exist', function()
      z:watch(root .. "/none", { children = true })()
    end)
  end)
end)

test("several watches of one node all hear of it", function()
  support.with_root({}, function(z, root)
    z:create(root .. "/a", "0")
    local changes = {}
    for i = 1, 20 do
      changes[i] = z:watch(root .. "/a", { timeout = "30s" })
      changes[i]()
    end
    z:set(root .. "/a", "1")
    local results = ops.each(changes, {}, function(next_change) return next_change().data end)
    for i = 1, 20 do t.equal(results[i].value, "1") end
  end)
end)

test("a step that nothing ends raises, saying what was seen", function()
  support.with_root({}, function(z, root)
    local changes = z:watch(root, { timeout = "200ms" })
    changes()
    local failure = t.raises("zk.timeout", nil, function() changes() end)
    t.equal(failure.message, 'no answer within 200ms; last seen: no change of "' .. root .. '"')
  end)
end)

test("wait_node asks at once and after each change", function()
  support.with_root({}, function(z, root)
    local path = root .. "/job"
    local asked = 0
    local results = ops.group(function(group)
      group:spawn(function()
        return z:wait_node(path, function(node)
          asked = asked + 1
          return node ~= nil and node.data == "done"
        end, { timeout = "30s" })
      end)
      group:spawn(function()
        ops.wait_until(function() return asked == 1 end, { every = "5ms" })
        z:create(path, "running")
        ops.wait_until(function() return asked == 2 end, { every = "5ms" })
        z:set(path, "done")
      end)
    end)
    t.equal({ results[1].value.data, results[1].value.path, asked }, { "done", path, 3 })
    z:delete(path)
    t.equal(z:wait_node(path, function(node) return node == nil end), nil)
  end)
end)

test("wait_node that waits in vain says what it saw", function()
  support.with_root({}, function(z, root)
    local failure = t.raises("wait.timeout", "waited 200ms for " .. root .. "; last seen: " .. root
      .. ' has version 0 and data ""', function()
      z:wait_node(root, function() return false end, { timeout = "200ms" })
    end)
    t.equal(failure.detail.seen.stat.version, 0)
    t.raises("wait.not_boolean",
      "the function given to wait_node returned nil, not a boolean (a missing return?)", function()
        z:wait_node(root, function() end)
      end)
  end)
end)
