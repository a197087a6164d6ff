-- opshost run ark.maintenance.start --inventory FILE --target HOST: brings a host back that ark.maintenance.stop took
-- out. What is brought back, and which side of a database writes, is what the stop's journal says of before; each step
-- first asks whether it is so already, since Docker starts containers by itself and in no order.
local broker_steps = require "ark.maintenance.broker_steps"
local comparison = require "ark.maintenance.comparison"
local container_steps = require "ark.maintenance.container_steps"
local database_steps = require "ark.maintenance.database_steps"
local docker_steps = require "ark.maintenance.docker_steps"
local drds_steps = require "ark.maintenance.drds_steps"
local inventory = require "ops.inventory"
local network_steps = require "ark.maintenance.network_steps"
local procedure = require "ops.procedure"
local site = require "ark.site"
local site_access = require "ark.maintenance.site_access"
local snapshot = require "ark.maintenance.snapshot"
local param = procedure.param

local function stop_of(ctx, target)
  local stop = ctx:last("ark.maintenance.stop", { target = target })
  if not stop or not stop.facts.before then
    ctx:refuse("no run of ark.maintenance.stop is known here that stopped anything on " .. target
      .. ", so nobody knows what ran there and which side of a database wrote; start on the machine that stopped it "
      .. "(`opshost runs` lists them)")
  end
  return {
    run = stop.run, before = stop.facts.before, decided = stop.facts.decided or {}, drained = stop.facts["DRDS/drained"]
      or {},
  }
end

-- Control databases ---------------------------------------------------------------------------------------------------

-- Whether a side writes again: the one that did, unless the stop had it switched over.
local function writes(world, of)
  return of.side.role == "RW" and world.decided[of.pair.name] ~= "switch"
end

-- The other side of one that is to write, before anything is started: where it writes itself nobody may go on, where it
-- does not answer a person decides. The other is on another host, or nobody could have asked.
local function check_other(ctx, world, of)
  local alone
  local name = of.pair.name
  if not of.other or of.other.host == of.side.host then return false end
  local state = ctx:fact("the other side of " .. name, function()
    local other = database_steps.look(world.swarm, of.other)
    local own = database_steps.look_here(world, of)
    return { role = other.role, own = own.role }
  end)
  local place = of.other.host .. "/" .. of.other.container
  if state.role == "RW" then
    ctx:refuse(("%s wrote on %s before the stop, and now %s is writable: with both, data would diverge. Find out "
      .. "which one has the latest data, and make the other read-only; nothing was started"):format(name, of.side.host,
      place), state)
  end
  if state.role ~= "RO" then
    alone = ctx:choose("the other side of " .. name .. " does not answer", {
      text = ("%s does not answer. What %s wrote last may be there only. Make %s writable alone, or stop here?"):format(
        place, name, of.side.host .. "/" .. of.side.container),
      choices = { "writable", "stop" },
      assume = "writable",
    })
    if alone == "stop" then ctx:refuse(place .. " does not answer, and the choice was to stop") end
  end
  return alone ~= nil
end

-- In the order they start.
local function sides_in_order(world)
  local list = {}
  for _, name in ipairs(site.database_start_order) do
    for _, of in ipairs(snapshot.sides(world.before, name)) do list[#list + 1] = of end
  end
  return list
end

-- One without a role had no server that ran: its container comes back where it ran, and no more.
local function start_database(ctx, world, of)
  local container = snapshot.container(world.before, of.side.container)
  if of.side.role then
    ctx:group(of.pair.name .. " " .. of.side.role, function()
      database_steps.start(ctx, world, of, writes(world, of), of.partner_dead)
    end)
    return
  end
  ctx:log("the server in " .. container.name .. " did not run before the stop and is not started")
  if container.running then network_steps.start(ctx, world, container) end
end

local function check_databases(ctx, world)
  for _, of in ipairs(world.sides) do
    if writes(world, of) then of.partner_dead = check_other(ctx, world, of) end
  end
end

-- Middleware ----------------------------------------------------------------------------------------------------------

-- In the order they start: those that others need, then the rest.
local function middleware(world)
  local list = {}
  for _, container in ipairs(snapshot.of_class(world.before, "middleware")) do
    if container.running then
      container.place = #site.middleware_first + 1
      for index, component in ipairs(site.middleware_first) do
        if container.component == component then container.place = index end
      end
      list[#list + 1] = container
    end
  end
  table.sort(list, function(one, other)
    if one.place ~= other.place then return one.place < other.place end
    return one.name < other.name
  end)
  return list
end

-- One after the other up to the one that tells about the network, and those that others need; then the rest at once.
local function start_middleware(ctx, world)
  local rest = {}
  local list = middleware(world)
  for _, container in ipairs(list) do
    if container.place <= #site.middleware_first or container == world.witness then
      network_steps.start(ctx, world, container)
    else
      rest[#rest + 1] = container
    end
  end
  ctx:each(rest, { parallel = site.parallel }, function(container)
    container_steps.start(ctx, world.machine, container)
  end)
end

-- Everything that is started and may tell about the network, in the order it starts.
local function choose_witness(ctx, world)
  local order = middleware(world)
  for _, broker in ipairs(snapshot.of_class(world.before, "broker")) do
    if broker.running then order[#order + 1] = broker end
  end
  for _, of in ipairs(world.sides) do
    local container = snapshot.container(world.before, of.side.container)
    if of.side.role or container.running then order[#order + 1] = container end
  end
  world.witness = network_steps.witness(order)
  if not world.witness then
    ctx:log("no container of " .. world.machine.name .. " has an address of its own: there is no gateway to look for")
  end
end

-- All of it -----------------------------------------------------------------------------------------------------------

local function put_policies_back(ctx, world)
  for _, container in ipairs(world.before.containers) do
    if site.held_back[container.class] then
      container_steps.set_policy(ctx, world.machine, container.name, "restart policy of " .. container.name,
        container.policy)
    end
  end
end

-- A step without a change: it waits until the site is as it was.
local function await(ctx, name, done)
  ctx:step(name, { done = done, run = function() end, timeout = site.times.start, every = "2s" })
end

local function compare(ctx, world)
  put_policies_back(ctx, world)
  await(ctx, "every container that ran runs", function() return comparison.containers(world) end)
  ctx:each(middleware(world), { parallel = site.parallel }, function(container)
    container_steps.await_well(ctx, world.machine, container, world.grace)
  end)
  await(ctx, "no probe fails", function() return comparison.probes(world) end)
  await(ctx, "the databases are as before", function() return comparison.databases(world) end)
  await(ctx, "the brokers are as before", function() return comparison.brokers(world) end)
  await(ctx, "the DRDS nodes are as before", function() return comparison.drds(world) end)
  ctx:manual("Butler", {
    text = "In Butler's console look at every product: all rows are green, no alarm is open.",
    answer = "green",
    hook = "ark.butler.green",
    args = { host = world.machine.name },
  })
end

local function run(ctx, p)
  local world = site_access.open(ctx, ctx:fact("hosts", inventory.hosts), p.target, p.swarm)
  local stop = ctx:fact("the stop", function() return stop_of(ctx, p.target) end)
  world.before, world.decided = stop.before, stop.decided
  world.grace, world.mq_grace = p.grace, p.mq_grace
  world.sides = sides_in_order(world)
  ctx:log("back to what run " .. stop.run .. " found before it stopped " .. p.target)
  check_databases(ctx, world)
  world.machine:know(snapshot.names(world.before))

  choose_witness(ctx, world)

  -- The module first: the daemon brings up what its restart policy says, and that needs the network.
  ctx:group("Docker", function()
    network_steps.load_module(ctx, world.machine, world.before.machine.module)
    docker_steps.start(ctx, world.machine, world.before.machine.socket)
  end)
  ctx:group("base", function() docker_steps.start_base(ctx, world) end)
  ctx:group("middleware", function() start_middleware(ctx, world) end)
  ctx:group("brokers", function()
    for _, broker in ipairs(snapshot.of_class(world.before, "broker")) do
      if broker.running then broker_steps.start(ctx, world, broker) end
    end
  end)
  ctx:group("DRDS", function() drds_steps.bring_back(ctx, world, stop.drained) end)
  ctx:group("databases", function()
    for _, of in ipairs(world.sides) do start_database(ctx, world, of) end
  end)
  ctx:group("as before", function() compare(ctx, world) end)
  ctx:log(world.machine.name .. " is back")
end

return procedure.define {
  summary = "Bring one host of an Ark site back after maintenance",
  source = "Ark maintenance guide 3.1-3.5",
  api = 1,
  params = {
    target = param.host { doc = "host of the inventory to bring back" },
    swarm = param.string { optional = true, doc = "HOST:PORT of a Swarm manager on another host; found unless given" },
    grace = param.duration { default = site.times.grace, doc = "time a container gets that has to be restarted" },
    mq_grace = param.duration { default = site.times.broker_grace, doc = "the same of a message broker" },
  },
  -- http is for the site's own functions.
  uses = { docker = "change", ssh = "change", zk = "observe", http = "change" },
  run = run,
}
