-- What has to hold while a machine is away: judged from what was read, so that it can be tested without servers. Each
-- returns a boolean and what was seen.
local pairs_of_databases = require "ark.pairs"
local site = require "ark.site"

local M = {}

local function majority(count) return math.floor(count / 2) + 1 end

local function named(list) return #list > 0 and table.concat(list, ", ") or "none" end

--- A majority of Swarm's managers runs on other machines than `node`. A manager whose machine is away is in no list,
--- so the site says how many there are.
function M.managers(managers, node)
  local elsewhere, down, here = {}, {}, false
  for _, manager in ipairs(managers) do
    if manager.host == node then
      here = true
    elseif manager.running then
      elsewhere[#elsewhere + 1] = manager.host
    else
      down[#down + 1] = manager.host
    end
  end
  if not here then return true, node .. " has no Swarm manager" end
  local needed = majority(math.max(#managers, site.swarm_manager.count))
  local seen = ("without %s Swarm managers run on %s (down: %s); %d are needed"):format(node, named(elsewhere),
    named(down), needed)
  return #elsewhere >= needed, seen
end

local SERVES = { leader = true, follower = true }

--- An ensemble keeps its quorum without the servers at the given addresses ("10.0.0.1").
function M.quorum(ensemble, addresses)
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
  if here == 0 then return true, "none of its servers is there" end
  local voters = here + serving + #not_serving
  local needed = majority(voters)
  return serving >= needed, ("without it %d of %d servers serve (not: %s); %d are needed"):format(serving, voters,
    named(not_serving), needed)
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
