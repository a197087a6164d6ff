-- Watches and waits behind a way that breaks: what may have been missed, what is no longer known.
local support = require "zk.support"
local t = require "testing"
local test = t.test

local function with_broken_way(fn) support.with_broken_way({ session_timeout = "30s" }, fn) end

--- The next change of a watch, where fn changes something while the way is broken.
local function change_while_broken(z, tell, changes, fn)
  tell "refuse"
  support.wait_state(z, "suspended")
  fn()
  tell "pass"
  return changes()
end

test("what happened while the way was broken counts as perhaps missed, where no version tells", function()
  with_broken_way(function(z, root, tell, plain)
    local path = root .. "/a"
    local changes = z:watch(path, { timeout = "40s" })
    t.equal({ changes().type, changes ~= nil }, { "initial", true })
    local change = change_while_broken(z, tell, changes, function() plain:create(path, "1") end)
    t.equal({ change.type, change.data, change.missed }, { "created", "1", true })
    change = change_while_broken(z, tell, changes, function() plain:set(path, "2") end)
    t.equal({ change.type, change.data, change.missed }, { "changed", "2", false })
    change = change_while_broken(z, tell, changes, function()
      plain:set(path, "3")
      plain:delete(path)
    end)
    t.equal({ change.type, change.exists, change.missed }, { "deleted", false, true })
    plain:create(path, "4")
    change = changes()
    t.equal({ change.type, change.data, change.missed }, { "created", "4", false })
  end)
end)

test("wait_node does not ask its function about what nobody can vouch for, and says why it waited in vain", function()
  with_broken_way(function(z, root, tell)
    local asked = 0
    z:create(root .. "/job", "running")
    local failure = select(2, pcall(z.wait_node, z, root .. "/job", function()
      asked = asked + 1
      if asked == 1 then tell "refuse" end
      -- As "done" would be, were it asked of the old node once more.
      return asked > 1
    end, { timeout = "4s", every = "500ms" }))
    t.equal({ asked, failure.code, failure.cause and failure.cause.code }, { 1, "wait.timeout", "zk.timeout" })
    local expected = "waited 4s for " .. root .. "/job; last seen: " .. root
      .. '/job has version 0 and data "running". Whether that is still so could not be asked: no answer within '
    t.equal(failure.message:sub(1, #expected), expected)
    t.equal(failure.detail.seen.data, "running")
  end)
end)
