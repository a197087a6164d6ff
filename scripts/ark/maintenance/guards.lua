-- What has to hold while a machine is away: judged from what was read, so that it can be tested without servers. Each
-- returns a boolean and what was seen.
local pairs_of_databases = require "ark.pairs"
local site = require "ark.site"

local M = {}

local function majority(count) return math.floor(count / 2) + 1 end

local function named(list) return #list > 0 and table.concat(list, ", ") or "none" end

local function managers_elsewhere(managers, node)
  local running, down = {}, {}
  for _, manager in ipairs(managers) do
    if manager.host ~= node then
      local list = manager.running and running or down
      list[#list + 1] = manager.host
    end
  end
  return running, down
end

local function enough_managers(node, needed, running, down)
  return #running >= needed, ("without %s Swarm managers run on %s (down: %s); %d are needed"):format(node,
    named(running), named(down), needed)
end

-- A manager whose machine is away is in no list, so the site says how many there are.
local function managers_in_all(managers) return math.max(#managers, site.swarm_manager.count) end

--- A majority of Swarm's managers runs on other machines than `node`, which has (`here`) one itself.
function M.managers(managers, node, here)
  if not here then return true, node .. " has no Swarm manager" end
  local running, down = managers_elsewhere(managers, node)
  return enough_managers(node, majority(managers_in_all(managers)), running, down)
end

--- All of Swarm's managers run but for the one that the machine `node` may have.
function M.all_managers(managers, node, here)
  local running, down = managers_elsewhere(managers, node)
  return enough_managers(node, managers_in_all(managers) - (here and 1 or 0), running, down)
end

local SERVES = { leader = true, follower = true }

-- The voters of an ensemble without those at the given addresses: how many serve, which do not, how many are `here`.
local function voters_elsewhere(ensemble, addresses)
  local away = {}
  for _, address in ipairs(addresses) do away[address] = true end
  local serving, not_serving, here = 0, {}, 0
  for _, server in ipairs(ensemble.health.servers) do
    if away[server.server:match("^(.*):%d+$")] then
      here = here + 1
    elseif SERVES[server.mode] then
      serving = serving + 1
    elseif server.mode ~= "observer" then
      not_serving[#not_serving + 1] = server.server .. " (" .. server.mode .. ")"
    end
  end
  return serving, not_serving, here
end

local function enough_servers(needed, voters, serving, not_serving)
  return serving >= needed, ("without it %d of %d servers serve (not: %s); %d are needed"):format(serving, voters,
    named(not_serving), needed)
end

--- An ensemble keeps its quorum without the servers at the given addresses ("10.0.0.1").
function M.quorum(ensemble, addresses)
  local serving, not_serving, here = voters_elsewhere(ensemble, addresses)
  if here == 0 then return true, "none of its servers is there" end
  local voters = here + serving + #not_serving
  return enough_servers(majority(voters), voters, serving, not_serving)
end

-- Exactly one leads, and each of the others that serve has what it has.
local function led(health)
  local leaders, followers, in_step = {}, 0, nil
  for _, server in ipairs(health.servers) do
    if server.mode == "leader" then
      leaders[#leaders + 1], in_step = server.server, server.followers
    elseif server.mode == "follower" then
      followers = followers + 1
    end
  end
  if #leaders ~= 1 then return false, "servers that lead: " .. named(leaders) .. "; there has to be one" end
  if in_step and in_step < followers then
    return false, ("%d of %d followers are in step with the leader %s"):format(in_step, followers, leaders[1])
  end
  return true, leaders[1] .. " leads"
end

--- Every voter of an ensemble serves but for those at the given addresses, those that are left are a quorum, one of all
--- leads and the others are in step with it.
function M.whole(ensemble, addresses)
  local only = ensemble.health.servers[1]
  local serving, not_serving, here = voters_elsewhere(ensemble, addresses)
  local voters = here + serving + #not_serving
  if voters == 1 and here == 0 and only.mode == "standalone" then return true, only.server .. " stands alone" end
  local enough, seen = enough_servers(math.max(majority(voters), voters - here), voters, serving, not_serving)
  if not enough then return false, seen end
  local is_led, by = led(ensemble.health)
  return is_led, is_led and seen .. "; " .. by or by
end

--- A paused container holds a process that cannot end by itself: stopping it would kill that.
function M.none_paused(containers)
  local paused = {}
  for _, container in ipairs(containers) do
    if container.status == "paused" then paused[#paused + 1] = container.name end
  end
  return #paused == 0, #paused == 0 and "none is" or "paused: " .. table.concat(paused, ", ")
    .. "; nothing in them can end properly, so unpause them first"
end

local function place(side) return side.host .. "/" .. side.container end

--- The side that stays can carry a control database alone: it answers and nothing stopped its applier. While the side
--- that goes still runs it also has to be level and reached; afterwards its receiver finds nobody, which is no fault.
function M.survivor(side, goes_runs)
  if not side then return false, "the database has no other side" end
  if not side.container_runs then return false, place(side) .. ": its container does not run" end
  if not side.server_runs then return false, place(side) .. ": " .. (side.error or "its server does not run") end
  local problem
  if goes_runs or side.role == "RO" then problem = pairs_of_databases.side_problem(side) end
  local replication = side.replication
  local only_unreached = not goes_runs and replication and replication.connecting
    and (replication.sql or not replication.errno)
  if problem and not only_unreached then return false, place(side) .. ": it " .. problem end
  return true, place(side) .. " is " .. (side.role or "there")
end

--- Another broker of the same group as the one at `address` ("10.0.0.1") is listed now. `known` are the brokers listed
--- before anything was stopped: they tell its group.
function M.other_broker(known, now, address)
  local own
  for _, broker in ipairs(known) do
    if broker.address:match("^(.*):%d+$") == address then own = broker end
  end
  if not own then return true, "it was not listed itself" end
  local others = {}
  for _, broker in ipairs(now) do
    if broker.cluster == own.cluster and broker.name == own.name and broker.address ~= own.address then
      others[#others + 1] = broker.address
    end
  end
  return #others > 0, ("beside it of %s/%s there is listed: %s"):format(own.cluster, own.name, named(others))
end

--- Containers that nobody can class.
function M.classed(containers)
  local unknown = {}
  for _, container in ipairs(containers) do
    if container.class == "unknown" then unknown[#unknown + 1] = container.name .. " (" .. container.why .. ")" end
  end
  return #unknown == 0, #unknown == 0 and #containers .. " containers" or table.concat(unknown, "; ")
end

return M
