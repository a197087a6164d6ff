-- What a site looks like before a machine is stopped: what the stop may not change elsewhere, and what the start has to
-- bring back. Data only: it is kept in the journal.
local addresses = require "ark.addresses"
local answers = require "ark.answers"
local ensembles = require "ark.ensembles"
local ops = require "ops"
local site = require "ark.site"
local survey = require "ark.survey"

local M = {}

--- A restart policy as `docker run --restart` writes it.
function M.policy(document)
  local policy = document.HostConfig and document.HostConfig.RestartPolicy or {}
  if not policy.Name or policy.Name == "" then return "no" end
  local most = policy.MaximumRetryCount or 0
  return most > 0 and policy.Name .. ":" .. most or policy.Name
end

local function mounts(document)
  local list = {}
  for _, mount in ipairs(document.Mounts or {}) do
    list[#list + 1] = (mount.Source or "") .. ":" .. (mount.Destination or "")
  end
  return list
end

local function described(swarm, container)
  local document = swarm:container(container.id):inspect()
  local _, address = next(container.addresses)
  if not address or address == "" then address = addresses.given(swarm, container) end
  return {
    id = container.id, name = container.name, class = container.class, why = container.why,
    component = container.component, product = container.product, pair = container.pair, labels = container.labels,
    running = container.running, status = container.status, policy = M.policy(document), mounts = mounts(document),
    address = address, networks = container.addresses,
  }
end

-- Swarm knows a machine by a name of its own; what both know is its address.
local function node_of(nodes, machine)
  for _, node in ipairs(nodes) do
    if node.address == machine.address or node.name == machine.name then return node.name end
  end
  return machine.name
end

local function nodes_of_drds(containers)
  local nodes = {}
  for _, container in ipairs(survey.select(containers, { class = "drds_server", running = true })) do
    nodes[#nodes + 1] = container.host .. "/" .. container.name
  end
  return nodes
end

local function of_machine(machine)
  return {
    module = machine:has_module(site.network_module),
    socket = machine:unit(site.docker.socket) == "running",
    client_node = machine:first_path(site.client_node),
  }
end

--- {node, machine, primary_manager, containers, databases, brokers, managers, ensembles, drds}: containers are those of
--- the machine, the rest is of the whole site.
function M.take(swarm, machine)
  local found = survey.read(swarm)
  local node = node_of(found.hosts, machine)
  local of_node = survey.select(found.containers, { host = node })
  local looks = ops.each(of_node, {}, function(container) return described(swarm, container) end)
  local containers = {}
  for index in ipairs(of_node) do containers[index] = looks[index].value end
  return {
    node = node, machine = of_machine(machine), primary_manager = answers.primary_manager(swarm:info()),
    containers = containers, databases = found.databases, brokers = found.brokers.brokers, managers = found.managers,
    ensembles = ensembles.read(swarm, found), drds = nodes_of_drds(found.containers),
  }
end

local function by(list, field)
  local map = {}
  for _, item in ipairs(list) do map[item[field]] = item end
  return map
end

local function merged_containers(before, now)
  local known, containers = by(before, "name"), {}
  for _, container in ipairs(now) do
    local earlier = known[container.name]
    if earlier then
      container.running = container.running or earlier.running
      container.policy, container.address = earlier.policy, earlier.address or container.address
      known[container.name] = nil
    end
    containers[#containers + 1] = container
  end
  -- Docker is stopped there, or the container was taken away.
  for _, container in ipairs(before) do
    if known[container.name] then containers[#containers + 1] = container end
  end
  table.sort(containers, function(one, other) return one.name < other.name end)
  return containers
end

local function merged_side(earlier, now)
  if not earlier then return now end
  if not now then
    earlier.container_runs, earlier.server_runs = false, false
    return earlier
  end
  now.role = now.role or earlier.role
  return now
end

-- An earlier stop took one of its servers away: what is wrong with the pair follows from that.
local function is_partly_stopped(pair)
  for _, side in ipairs(pair.sides) do
    if not side.server_runs then return true end
  end
  return false
end

local function merged_databases(before, now)
  local earlier = by(before, "name")
  for _, pair in ipairs(now) do
    local then_sides = earlier[pair.name] and by(earlier[pair.name].sides, "container") or {}
    for index, side in ipairs(pair.sides) do
      pair.sides[index] = merged_side(then_sides[side.container], side)
      then_sides[side.container] = nil
    end
    for _, side in pairs(then_sides) do pair.sides[#pair.sides + 1] = merged_side(side, nil) end
    pair.partly_stopped = is_partly_stopped(pair)
  end
  return now
end

--- What is now, completed by a snapshot that an earlier stop took which was not followed by a start: what ran then is
--- to run again. `now` is altered.
function M.merge(before, now)
  if not before then return now end
  now.containers = merged_containers(before.containers, now.containers)
  now.databases = merged_databases(before.databases, now.databases)
  now.brokers, now.drds, now.machine.module = before.brokers, before.drds, before.machine.module
  now.machine.socket = before.machine.socket
  return now
end

--- Its containers of a class.
function M.of_class(snapshot, class) return survey.select(snapshot.containers, { class = class }) end

--- Its container of that name.
function M.container(snapshot, name) return survey.select(snapshot.containers, { name = name })[1] end

--- The names of all its containers.
function M.names(snapshot)
  local names = {}
  for index, container in ipairs(snapshot.containers) do names[index] = container.name end
  return names
end

local ROLE_ORDER = { RO = 1, RW = 2 }

local function read_only_first(one, other)
  return (ROLE_ORDER[one.side.role] or 0) < (ROLE_ORDER[other.side.role] or 0)
end

--- The sides of a control database that are on the machine, the read-only one first: {pair, side, other} each; other is
--- the partner, nil where the pair has no second side.
function M.sides(snapshot, pair_name)
  local found = {}
  for _, pair in ipairs(snapshot.databases) do
    if pair.name == pair_name then
      for index, side in ipairs(pair.sides) do
        if side.host == snapshot.node then
          found[#found + 1] = { pair = pair, side = side, other = pair.sides[3 - index] }
        end
      end
    end
  end
  table.sort(found, read_only_first)
  return found
end

return M
