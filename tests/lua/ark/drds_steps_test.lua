-- DRDS nodes leave their instances and come back, with a console and containers that are made up.
local drds_steps = require "ark.maintenance.drds_steps"
local fake = require "fake_run"
local site_hooks = require "ark.site_hooks"
local t = require "testing"
local test = t.test

local LOOK = "timeout 3 bash -c exec 3<>/dev/tcp/$0/$1 "

-- A site where h1 has the node 10.0.0.4 and h2 may have a stand-in, 10.0.0.5; the DRDS-Manager on h2 looks at ports.
-- `open` is address -> whether its ports are, `runs` the addresses of the DRDS servers that run elsewhere.
local function world(open, runs)
  local answers = {}
  for _, address in ipairs { "10.0.0.4", "10.0.0.5" } do
    for _, port in ipairs { "3306", "3406" } do
      answers[LOOK .. address .. " " .. port] = function()
        return { exit_code = open[address] and 0 or 1, stdout = "", stderr = "" }
      end
    end
  end
  local function summary(host, name, component, address)
    return { id = name, name = host .. "/" .. name, image = "ark/service:1", command = "run", status = "running",
      labels = { ["ark.component"] = component, ["ark.product"] = "drds" }, addresses = { vlan1 = address } }
  end
  local swarm = fake.machine { containers = { manager = { status = "running", answers = answers } } }
  function swarm.engine.containers()
    local list = { summary("h2", "manager", "drds-manager", "10.0.0.3") }
    for address in pairs(runs) do list[#list + 1] = summary("h2", "drds-" .. address, "drds-server", address) end
    return list
  end
  return {
    machine = fake.machine { containers = { node = { status = "running" } } }, swarm = swarm.engine,
    before = { node = "h1", containers = { { name = "node", class = "drds_server", address = "10.0.0.4" } } },
  }
end

-- fn() with those functions of the site.
local function with_hooks(hooks, fn)
  local find = site_hooks.find
  site_hooks.find = function(name) return hooks[name] end
  local ok, failure = pcall(fn)
  site_hooks.find = find
  if not ok then error(failure, 0) end
end

local NODE = { name = "node", container = "node", address = "10.0.0.4", node = "main, 4c8g, 5.1" }

test("a node that leaves: its container has stopped and nobody listens on its ports", function()
  local open = { ["10.0.0.4"] = true }
  local one = world(open, {})
  local looks = 0
  local ctx = fake.ctx { answers = { capacity = "one less", ["scale down"] = "scaled down" }, tick = function()
    looks = looks + 1
    if looks == 2 then one.machine.containers.node.status = "exited" end
    if looks == 4 then open["10.0.0.4"] = false end
  end }
  with_hooks({ ["ark.drds.node"] = function() return "main, 4c8g, 5.1" end }, function()
    drds_steps.drain(ctx, one)
  end)
  t.equal({ looks, one.machine.did }, { 4, { "policy of node no" } })
  t.equal(ctx.said, { "asked scale down: In the DRDS-Manager take the node 10.0.0.4 (main, 4c8g, 5.1) "
    .. "out of its instance (scale down), wait until that is done, and search the inventory for it: nothing of h1 may "
    .. "be left.", "did hold back node" })
end)

test("somebody listens on the ports of a node that was said to have left", function()
  local one = world({ ["10.0.0.4"] = true }, {})
  local ctx = fake.ctx { answers = { capacity = "one less", ["scale down"] = "scaled down" } }
  local failure = t.raises("procedure.goal", nil, function()
    with_hooks({ ["ark.drds.node"] = function()
      one.machine.containers.node.status = "exited"
      return "main"
    end }, function() drds_steps.drain(ctx, one) end)
  end)
  t.equal(failure.message,
    'the step "scale down" waited; last seen: node: exited; of 10.0.0.4 3306 is open, 3406 is open')
end)

test("a stand-in has to run and to answer on its ports before the node may leave", function()
  for _, case in ipairs {
    { {}, {}, "no running DRDS server has the address 10.0.0.5" },
    { {}, { ["10.0.0.5"] = true }, "h2/drds-10.0.0.5; of 10.0.0.5 3306 is closed, 3406 is closed" },
  } do
    local one = world(case[1], case[2])
    local ctx = fake.ctx { answers = { capacity = "stand-in" } }
    local failure = t.raises("procedure.require", nil, function()
      with_hooks({
        ["ark.drds.node"] = function() return "main" end, ["ark.drds.stand_in"] = function() return "10.0.0.5" end,
      }, function() drds_steps.drain(ctx, one) end)
    end)
    t.equal({ failure.message, ctx.said },
      { 'the precondition "the stand-in serves" does not hold; seen: ' .. case[3], {} })
  end
end)

test("a node that came back: it is what it was, it runs and answers on its ports", function()
  local open = {}
  local shown = "UNUSED, 4c8g, 5.1"
  local looks = 0
  local ctx = fake.ctx { answers = { ["scale up"] = "scaled up" }, tick = function()
    looks = looks + 1
    if looks == 2 then open["10.0.0.4"] = true end
    if looks == 4 then shown = "main, 4c8g, 5.1" end
  end }
  with_hooks({ ["ark.drds.node"] = function() return shown end }, function()
    drds_steps.bring_back(ctx, world(open, {}), { NODE })
  end)
  t.equal({ looks, #ctx.said }, { 4, 1 })
end)

test("one of another kind, or not in its instance, is named", function()
  for _, shown in ipairs { "main, 8c16g, 5.1", "UNUSED, 4c8g, 5.1" } do
    local one = world({ ["10.0.0.4"] = true }, {})
    local ctx = fake.ctx { answers = { ["scale up"] = "scaled up" } }
    local failure = t.raises("procedure.goal", nil, function()
      with_hooks({ ["ark.drds.node"] = function() return shown end }, function()
        drds_steps.bring_back(ctx, one, { NODE })
      end)
    end)
    t.equal(failure.message, 'the step "scale up" waited; last seen: the inventory shows ' .. shown
      .. ", before the stop main, 4c8g, 5.1")
  end
end)

test("without the site's function a person looks", function()
  local ctx = fake.ctx { answers = { ["the same kind"] = "the same" } }
  with_hooks({}, function() drds_steps.bring_back(ctx, world({ ["10.0.0.4"] = true }, {}), { NODE }) end)
  t.equal(ctx.said, { "asked the same kind: In the DRDS-Manager's inventory search for the address 10.0.0.4: instance, "
    .. "specification and version have to be as before the stop: main, 4c8g, 5.1. The instance has to have as many "
    .. "nodes as then." })
end)

test("the stand-in is released once the node is back, and not sooner", function()
  local node = { name = "node", container = "node", address = "10.0.0.4", node = "main", stand_in = "10.0.0.5" }
  local open, runs = { ["10.0.0.4"] = true, ["10.0.0.5"] = true }, { ["10.0.0.5"] = true }
  local looks = 0
  local ctx = fake.ctx { answers = { ["release the stand-in"] = "released" }, tick = function()
    looks = looks + 1
    runs["10.0.0.5"] = nil
    if looks == 3 then open["10.0.0.5"] = false end
  end }
  with_hooks({ ["ark.drds.node"] = function() return "main" end }, function()
    drds_steps.bring_back(ctx, world(open, runs), { node })
  end)
  t.equal({ looks, ctx.said }, { 3, { "asked release the stand-in: In the DRDS-Manager take "
    .. "the stand-in 10.0.0.5 out of the instance again (scale down)." } })
end)

test("where nobody can look at the ports the container alone tells", function()
  local one = world({}, {})
  function one.swarm.containers() return {} end
  local ctx = fake.ctx()
  with_hooks({ ["ark.drds.node"] = function() return NODE.node end }, function()
    drds_steps.bring_back(ctx, one, { NODE })
  end)
  t.equal(ctx.said, {})
end)
