-- DRDS nodes of the machine: only the DRDS-Manager's console takes them out of their instances and puts them back, so a
-- person does it, or the site's function; a machine looks whether the node's container runs and its ports answer.
local container_steps = require "ark.maintenance.container_steps"
local drds_ports = require "ark.maintenance.drds_ports"
local site = require "ark.site"
local site_hooks = require "ark.site_hooks"
local snapshot = require "ark.maintenance.snapshot"
local survey = require "ark.survey"

local M = {}

local function drds_servers(world)
  return survey.select(survey.containers(world.swarm), { class = "drds_server", running = true })
end

-- A DRDS server with that address runs somewhere in the site.
local function runs_somewhere(world, address)
  for _, container in ipairs(drds_servers(world)) do
    for _, has in pairs(container.addresses) do
      if has == address then return true, container.host .. "/" .. container.name end
    end
  end
  return false, "no running DRDS server has the address " .. address
end

local function serves(world, address)
  local runs, seen = runs_somewhere(world, address)
  if not runs then return false, seen end
  return drds_ports.open(world, address, seen)
end

-- Neither runs it nor does anybody listen in its place.
local function is_gone(world, address)
  local runs, seen = runs_somewhere(world, address)
  if runs then return false, seen .. " runs" end
  return drds_ports.closed(world, address, seen)
end

local function arguments(world, node, more)
  local args = { host = world.machine.name, container = node.container, address = node.address, node = node.node }
  for name, value in pairs(more or {}) do args[name] = value end
  return args
end

-- The nodes that still serve: a fact, since taking them out is what follows.
local function serving(ctx, world)
  return ctx:fact("nodes that serve", function()
    local nodes = {}
    for _, container in ipairs(snapshot.of_class(world.before, "drds_server")) do
      if world.machine:runs(container.name) then
        nodes[#nodes + 1] = { name = container.name, container = container.name, address = container.address }
      end
    end
    return nodes
  end)
end

local function bring_stand_in(ctx, world, node)
  local address = site_hooks.input(ctx, "stand-in", {
    hook = "ark.drds.stand_in",
    args = arguments(world, node),
    text = ("In the DRDS-Manager add a node of the same specification and version as %s (%s), in state UNUSED and not "
      .. "on %s, to its instance (scale up). When its state is normal and its ports %s answer, type its address.")
      :format(node.address, node.node, world.machine.name, drds_ports.words()),
  })
  ctx:require("the stand-in serves", function() return serves(world, address) end)
  return address
end

local function scale_down(ctx, world, node)
  ctx:manual("scale down", {
    text = ("In the DRDS-Manager take the node %s (%s) out of its instance (scale down), wait until that is done, and "
      .. "search the inventory for it: nothing of %s may be left."):format(node.address, node.node, world.machine.name),
    answer = "scaled down",
    hook = "ark.drds.scale_down",
    args = arguments(world, node),
    done = function()
      local runs, state = world.machine:runs(node.container)
      local seen = node.container .. ": " .. state
      if runs then return false, seen end
      return drds_ports.closed(world, node.address, seen)
    end,
    timeout = site.times.start,
  })
end

local function drain(ctx, world, node, capacity)
  node.node = site_hooks.input(ctx, "node", {
    hook = "ark.drds.node",
    args = arguments(world, node),
    text = ("In the DRDS-Manager's inventory search for the address %s (%s on %s), and type what it shows of it: "
      .. "instance, specification and version."):format(node.address, node.container, world.machine.name),
  })
  if capacity == "stand-in" then node.stand_in = bring_stand_in(ctx, world, node) end
  scale_down(ctx, world, node)
  -- It comes back by the console, not with Docker.
  container_steps.hold_back(ctx, world.machine, snapshot.container(world.before, node.container))
end

--- Takes the nodes of the machine out of their instances. Where the DRDS-Manager itself is on the machine this has to
--- come before anything is stopped. `earlier`: those an earlier stop took out, nil for none.
function M.drain(ctx, world, earlier)
  local nodes = serving(ctx, world)
  if #nodes == 0 then
    ctx:log("no DRDS node serves on " .. world.machine.name)
    ctx:fact("drained", function() return earlier or {} end)
    return
  end
  local capacity = ctx:choose("capacity", {
    text = ("%d DRDS node(s) leave their instances with %s. Bring a stand-in up for each first, or run with one node "
      .. "less meanwhile?"):format(#nodes, world.machine.name),
    choices = { "stand-in", "one less" },
    assume = "one less",
  })
  for _, node in ipairs(nodes) do
    ctx:group(node.name, function() drain(ctx, world, node, capacity) end)
  end
  ctx:fact("drained", function() return nodes end)
end

-- The inventory shows of it what it showed before it left: instance, specification, version. Where only a person can
-- look there, that it runs is all a machine knows.
local function is_back(world, node)
  local hook = site_hooks.find("ark.drds.node")
  local shown = hook and hook(arguments(world, node))
  if shown ~= nil and shown ~= node.node then
    return false, ("the inventory shows %s, before the stop %s"):format(shown, node.node)
  end
  if not world.machine:docker_runs() then return false, "stopped with Docker" end
  local runs, state = world.machine:runs(node.container)
  if runs then return drds_ports.open(world, node.address, node.container .. " runs") end
  local found, seen = serves(world, node.address)
  return found, found and seen or node.container .. ": " .. state .. "; " .. seen
end

local function scale_up(ctx, world, node)
  ctx:manual("scale up", {
    text = ("In the DRDS-Manager add a node of the same specification and version as before (%s), in state UNUSED, on "
      .. "%s, not on a host that is to be drained, to its instance (scale up), and wait until its state is normal.")
      :format(node.node, world.machine.name),
    answer = "scaled up",
    hook = "ark.drds.scale_up",
    args = arguments(world, node),
    done = function() return is_back(world, node) end,
    timeout = site.times.start,
  })
  if site_hooks.find("ark.drds.node") then return end
  ctx:manual("the same kind", {
    text = ("In the DRDS-Manager's inventory search for the address %s: instance, specification and version have to "
      .. "be as before the stop: %s. The instance has to have as many nodes as then."):format(node.address,
      node.node),
    answer = "the same",
  })
end

local function release_stand_in(ctx, world, node)
  ctx:manual("release the stand-in", {
    text = ("In the DRDS-Manager take the stand-in %s out of the instance again (scale down)."):format(node.stand_in),
    answer = "released",
    hook = "ark.drds.release_stand_in",
    args = arguments(world, node, { stand_in = node.stand_in }),
    done = function() return is_gone(world, node.stand_in) end,
    timeout = site.times.start,
  })
end

--- As many nodes as before, of the same kind: up with the returned one first, then down with the stand-in, if there is
--- one. What was only scaled down is not scaled down once more.
function M.bring_back(ctx, world, drained)
  for _, node in ipairs(drained) do
    ctx:group(node.name, function()
      scale_up(ctx, world, node)
      if node.stand_in then release_stand_in(ctx, world, node) end
    end)
  end
end

return M
