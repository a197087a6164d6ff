-- Walks: order, pruning, data, trees that change.
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test

local function make_tree(z, root)
  for _, path in ipairs { "a/b/c", "a/b/d", "a/e", "f", "g/h/i/j" } do
    z:create(root .. "/" .. path, path, { makepath = true })
  end
end

local function paths_of(walk, root)
  local paths = {}
  for node in walk do paths[#paths + 1] = node.depth .. ":" .. node.path:sub(#root + 1) end
  return paths
end

test("a walk goes depth first, children by name", function()
  support.with_root({}, function(z, root)
    make_tree(z, root)
    t.equal(paths_of(z:walk(root), root), { "0:", "1:/a", "2:/a/b", "3:/a/b/c", "3:/a/b/d", "2:/a/e", "1:/f", "1:/g",
      "2:/g/h", "3:/g/h/i", "4:/g/h/i/j" })
  end)
end)

test("a function prunes, data comes where it is asked for", function()
  support.with_root({}, function(z, root)
    make_tree(z, root)
    local asked = {}
    local walk = z:walk(root, { data = true, prune = function(node)
      asked[#asked + 1] = node.path
      return node.path == root .. "/a/b" or node.path == root .. "/g" or node.path == root .. "/f"
    end })
    local seen = {}
    for node in walk do seen[#seen + 1] = node.path:sub(#root + 1) .. "=" .. node.data end
    t.equal(seen, { "=", "/a=", "/a/b=", "/a/e=a/e", "/f=f", "/g=" })
    t.equal(#asked, 6)
  end)
end)

test("a walk begins at the root as well, and says when its first node is not there", function()
  support.with_root({}, function(z, root)
    local found = false
    for node in z:walk("/", { prune = function(node) return node.depth == 1 end }) do
      found = found or node.path == root
    end
    t.equal(found, true)
    t.raises("zk.not_found", '"' .. root .. '/none" does not exist', function() z:walk(root .. "/none")() end)
    t.raises("usage.argument", nil, function() z:walk("none") end)
  end)
end)

test("what is deleted during a walk is left out", function()
  support.with_root({}, function(z, root)
    local names = {}
    for i = 1, 400 do names[i] = string.format("n%03d", i) end
    ops.each(names, { parallel = 100 }, function(name)
      z:create(root .. "/" .. name .. "/leaf", "", { makepath = true })
    end)
    local count = 0
    for node in z:walk(root) do
      count = count + 1
      if node.depth == 1 and count == 2 then
        ops.each(names, { parallel = 100 }, function(name, i)
          if i > 200 then z:delete(root .. "/" .. name, { recursive = true }) end
        end)
      end
    end
    t.truthy(count >= 401 and count < 801, "nodes seen: " .. count)
  end)
end)

test("a walk that is stopped ends where it is", function()
  support.with_root({}, function(z, root)
    make_tree(z, root)
    t.equal(z:walk(root)().path, root)
    t.raises("deadline.exceeded", nil, function()
      ops.deadline("50ms", function()
        while true do
          for _ in z:walk(root) do ops.sleep("1ms") end
        end
      end)
    end)
  end)
end)
