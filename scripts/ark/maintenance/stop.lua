-- opshost run ark.maintenance.stop --inventory FILE --target HOST: takes one host out of an Ark site for maintenance.
-- Nothing is stopped on any other host. What ran is in the run's journal, from where ark.maintenance.start takes it.
local broker_steps = require "ark.maintenance.broker_steps"
local container_steps = require "ark.maintenance.container_steps"
local database_steps = require "ark.maintenance.database_steps"
local docker_steps = require "ark.maintenance.docker_steps"
local drds_steps = require "ark.maintenance.drds_steps"
local ensembles = require "ark.ensembles"
local guards = require "ark.maintenance.guards"
local inventory = require "ops.inventory"
local procedure = require "ops.procedure"
local site = require "ark.site"
local site_access = require "ark.maintenance.site_access"
local snapshot = require "ark.maintenance.snapshot"
local survey = require "ark.survey"
local param = procedure.param

-- A stop that no start has followed, as far as this machine knows: half of what ran before it may be stopped by now.
local function last_stop(ctx, target)
  local stop = ctx:last("ark.maintenance.stop", { target = target })
  local start = ctx:last("ark.maintenance.start", { target = target })
  if not stop or start and start.run > stop.run and start.state == "done" then return {} end
  return {
    run = stop.run, done = stop.state == "done", before = stop.facts.before, decided = stop.facts.decided,
    drained = stop.facts["DRDS/drained"],
  }
end

-- What such a stop saw. Where it had stopped Docker and Docker runs again, only a person knows whether the host was
-- brought back by hand, or has only been switched on.
local function earlier_stop(ctx, world)
  local earlier = ctx:fact("earlier stop", function() return last_stop(ctx, world.machine.name) end)
  local runs = ctx:fact("Docker runs", function() return world.machine:docker_runs() end)
  if not earlier.done or not runs then return earlier end
  local answer = ctx:choose("earlier stop", {
    text = ("Run %s stopped %s, no start followed, and Docker runs there again. Is the host still out of the site, so "
      .. "that what ran before that run is to be brought back, or was it brought back by hand?"):format(earlier.run,
      world.machine.name),
    choices = { "still out", "brought back" },
    assume = "still out",
  })
  return answer == "still out" and earlier or {}
end

-- Checks ------------------------------------------------------------------------------------------------------------

local function ensemble_now(world, name)
  local found = { managers = world.before.managers, containers = survey.containers(world.swarm) }
  for _, ensemble in ipairs(ensembles.read(world.swarm, found)) do
    if ensemble.name == name then return ensemble end
  end
  return nil
end

local function addresses_of_machine(world)
  local list = { world.machine.address, world.machine.name }
  for _, container in ipairs(world.before.containers) do list[#list + 1] = container.address end
  return list
end

-- `judge` is one of guards.managers and guards.all_managers.
local function managers_hold(world, judge)
  local here = survey.have_manager(world.before.containers)
  return judge(survey.managers(world.swarm, survey.containers(world.swarm)), world.before.node, here)
end

-- `judge` is one of guards.quorum and guards.whole.
local function ensemble_holds(world, name, judge)
  local ensemble = ensemble_now(world, name)
  if not ensemble then return true, "the site has no such ensemble" end
  return judge(ensemble, addresses_of_machine(world))
end

local function check_site(ctx, world)
  ctx:require("every container of the host has a class", function() return guards.classed(world.before.containers) end)
  ctx:require("Docker's own stop ends what is excluded", function()
    return docker_steps.ends_what_is_left(world.machine, world.excluded)
  end)
  ctx:require("no container of the host is paused", function() return guards.none_paused(world.before.containers) end)
  ctx:require("Swarm's managers run without the host", function() return managers_hold(world, guards.all_managers) end)
  ctx:require("Swarm's ZooKeeper is whole without the host", function()
    return ensemble_holds(world, "swarm", guards.whole)
  end)
  ctx:require("the middleware's ZooKeeper is whole without the host", function()
    return ensemble_holds(world, "middleware", guards.whole)
  end)
  for _, broker in ipairs(snapshot.of_class(world.before, "broker")) do
    ctx:require("another broker of the group of " .. broker.name .. " is listed", function()
      return broker_steps.other_is_listed(world, broker)
    end)
  end
end

local function say_what_it_is(ctx, world)
  local before = world.before
  local counts = {}
  for _, container in ipairs(before.containers) do counts[container.class] = (counts[container.class] or 0) + 1 end
  local words = {}
  for class, count in pairs(counts) do words[#words + 1] = count .. " " .. class end
  table.sort(words)
  local manager = before.primary_manager
  if manager and manager:find(world.machine.address .. ":", 1, true) then
    ctx:log("the Swarm manager on " .. world.machine.name .. " leads; another one will take over")
  end
  for _, pair in ipairs(before.databases) do
    if not pair.healthy and not pair.partly_stopped then
      ctx:log(pair.name .. " is not well: " .. table.concat(pair.problems, "; "))
    end
  end
  if before.machine.client_node then words[#words + 1] = "it is a client node" end
  for _, container in ipairs(before.containers) do
    if container.component == site.components.drds_manager then words[#words + 1] = "the DRDS-Manager runs on it" end
  end
  ctx:confirm("what the host is", {
    text = ("%s is to be stopped. What is on it: %s. Is that right?"):format(world.machine.name,
      table.concat(words, ", ")),
  })
  if before.machine.client_node then
    ctx:manual("back up the client node", {
      text = ("%s is a client node (%s is there). If its disk may be lost, save installer and image registry.")
        :format(world.machine.name, before.machine.client_node),
      answer = "saved",
      hook = "ark.client_node.back_up",
      args = { host = world.machine.name },
    })
  end
end

-- Control databases ---------------------------------------------------------------------------------------------------

local CHOICES = { "outage", "switch", "stop" }

-- Only the writable side is on the host: no console switches a control database, so somebody has to choose.
local function choose_for(ctx, of, given)
  local choice = given
  if given == "ask" then
    choice = ctx:choose(of.pair.name .. " writes on the host", {
      text = ("The writable side of %s is on %s, its read-only side on %s. Accept that it cannot be written to until "
        .. "the host is back (outage), have it switched over first (switch), or stop here (stop)?"):format(
        of.pair.name, of.side.host, of.other.host),
      choices = CHOICES,
      assume = "outage",
    })
  end
  if choice == "stop" then
    ctx:refuse(of.pair.name .. " writes on " .. of.side.host .. ", and the choice was to stop")
  end
  return choice
end

local function choose_for_both(ctx, pair, host)
  local answer = ctx:choose("both sides of " .. pair.name .. " are on the host", {
    text = ("Both sides of %s are on %s: there will be no such database until it is back. Stop them?"):format(
      pair.name, host),
    choices = { "yes", "no" },
    assume = "yes",
  })
  if answer == "no" then
    ctx:refuse("both sides of " .. pair.name .. " are on " .. host .. ", and the answer was no")
  end
  return "both"
end

-- pair -> "outage", "switch", "both", or "replica" where another host has the writable side
local function decide(ctx, world, given, earlier)
  local decided = {}
  for _, pair in ipairs(world.before.databases) do
    local sides = snapshot.sides(world.before, pair.name)
    local of = sides[1]
    for _, one in ipairs(sides) do
      ctx:require("the role of " .. one.side.container .. " is known", function()
        return database_steps.role_is_known(world, one)
      end)
    end
    if of and earlier[pair.name] and not of.side.server_runs then
      decided[pair.name] = earlier[pair.name]
    elseif #sides == 2 then
      decided[pair.name] = choose_for_both(ctx, pair, world.machine.name)
    elseif of and of.other and of.side.role == "RW" then
      decided[pair.name] = choose_for(ctx, of, given)
    elseif of then
      decided[pair.name] = "replica"
    end
    if of and #sides == 1 then
      ctx:require("the other side of " .. pair.name .. " is well", function()
        return database_steps.survivor(world, of)
      end)
    end
  end
  return decided
end

local function switch(ctx, world, of)
  local from, to = of.side.host .. "/" .. of.side.container, of.other.host .. "/" .. of.other.container
  ctx:manual("switch " .. of.pair.name, {
    text = ("Switch %s over: on %s set read_only = 1, wait until %s has applied all of it, set read_only = 0 there, "
      .. "and look that its clients follow."):format(of.pair.name, from, to),
    answer = "switched",
    hook = "ark.database.switch",
    args = { pair = of.pair.name, from = of.side, to = of.other },
    done = function()
      local own = database_steps.look_here(world, of)
      local other = database_steps.look(world.swarm, of.other)
      return own.role ~= "RW" and other.role == "RW", ("%s is %s, %s is %s"):format(from, own.role or "stopped", to,
        tostring(other.role))
    end,
    timeout = site.times.start,
  })
end

local function stop_databases(ctx, world)
  for _, name in ipairs(site.database_stop_order) do
    local sides = snapshot.sides(world.before, name)
    ctx:group(name, function()
      for _, of in ipairs(sides) do
        if world.decided[name] == "switch" then switch(ctx, world, of) end
        database_steps.stop(ctx, world, of, world.decided[name] == "both")
      end
    end)
  end
end

-- Everything else -----------------------------------------------------------------------------------------------------

local CLASS_WORDS = {
  base = "part of the base", database = "a control database", broker = "a broker", drds_server = "a DRDS node",
  unknown = "of no known class",
}

-- Left for Docker's own stop. What has to end before it, or after others, cannot be.
local function excluded_names(ctx, before, list)
  local names = {}
  for _, name in ipairs(list) do
    local container = snapshot.container(before, name)
    if not container then ctx:refuse("--exclude names a container the host does not have: " .. name) end
    if container.class ~= "middleware" then
      ctx:refuse(("--exclude is for middleware, and %s is %s (%s): it has an order of its own to stop in"):format(name,
        CLASS_WORDS[container.class], container.why))
    end
    names[name] = true
  end
  return names
end

-- Those that answer others first come last: the reverse of their start.
local function middleware(world)
  local first, last = {}, {}
  for _, container in ipairs(snapshot.of_class(world.before, "middleware")) do
    local place
    for index, component in ipairs(site.middleware_first) do
      if container.component == component then place = index end
    end
    if not world.excluded[container.name] and container.running then
      local list = place and last or first
      list[#list + 1] = container
    end
  end
  return first, last
end

local function stop_middleware(ctx, world)
  local first, last = middleware(world)
  ctx:each(first, { parallel = site.parallel }, function(container)
    container_steps.stop(ctx, world.machine, container, world.grace)
  end)
  ctx:guard("the middleware's ZooKeeper keeps its quorum", function()
    return ensemble_holds(world, "middleware", guards.quorum)
  end, function()
    for _, container in ipairs(last) do container_steps.stop(ctx, world.machine, container, world.grace) end
  end)
end

local function stop_base(ctx, world)
  local function holds() return managers_hold(world, guards.managers) end
  ctx:guard("a majority of Swarm's managers stays", holds, function()
    for _, container in ipairs(docker_steps.base_in_stop_order(world.before)) do
      if container.running then container_steps.stop(ctx, world.machine, container, world.grace) end
    end
  end)
end

local function stop_docker(ctx, world)
  -- With live-restore a container outlives the daemon. A step, since a plan would take a precondition as not met.
  ctx:step("wait until no container runs", {
    done = function() return docker_steps.nothing_runs(world.machine, world.excluded) end,
    run = function() end,
  })
  for _, user in ipairs(docker_steps.users_of_docker(world.machine)) do
    ctx:log(user .. " runs on " .. world.machine.name .. " and may wake Docker: stop it before the power goes")
  end
  docker_steps.stop(ctx, world)
end

local function run(ctx, p)
  local world = site_access.open(ctx, ctx:fact("hosts", inventory.hosts), p.target, p.swarm)
  local earlier = earlier_stop(ctx, world)
  world.before = ctx:fact("before", function()
    return snapshot.merge(earlier.before, snapshot.take(world.swarm, world.machine))
  end)
  world.grace, world.mq_grace = p.grace, p.mq_grace
  world.excluded = excluded_names(ctx, world.before, p.exclude)
  world.machine:know(snapshot.names(world.before))

  check_site(ctx, world)
  say_what_it_is(ctx, world)
  world.decided = decide(ctx, world, p.writable_side, earlier.decided or {})
  ctx:fact("decided", function() return world.decided end)

  ctx:group("DRDS", function() drds_steps.drain(ctx, world, earlier.drained) end)
  ctx:group("brokers", function()
    for _, broker in ipairs(snapshot.of_class(world.before, "broker")) do broker_steps.stop(ctx, world, broker) end
  end)
  ctx:group("middleware", function() stop_middleware(ctx, world) end)
  ctx:group("databases", function() stop_databases(ctx, world) end)
  ctx:group("base", function() stop_base(ctx, world) end)
  ctx:group("Docker", function() stop_docker(ctx, world) end)
  ctx:log(world.machine.name .. " is out of the site; its power is yours to switch")
end

return procedure.define {
  summary = "Stop one host of an Ark site for maintenance",
  source = "Ark maintenance guide 2.1-2.5",
  api = 1,
  params = {
    target = param.host { doc = "host of the inventory to stop" },
    swarm = param.string { optional = true, doc = "HOST:PORT of a Swarm manager on another host; found unless given" },
    grace = param.duration { default = site.times.grace, doc = "time a container gets to exit" },
    mq_grace = param.duration { default = site.times.broker_grace, doc = "time a message broker gets to exit" },
    exclude = param.strings { default = {}, doc = "middleware containers to leave for Docker's own stop" },
    writable_side = param.choice {
      choices = { "ask", "outage", "switch", "stop" }, default = "ask",
      doc = "what to do where only the writable side of a control database is on the host",
    },
  },
  -- http is for the site's own functions.
  uses = { docker = "change", ssh = "change", zk = "observe", http = "change" },
  run = run,
}
