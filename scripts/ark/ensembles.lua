-- The ZooKeeper ensembles of an Ark site: Swarm's, which the managers' arguments name, and the middleware's, in
-- containers. Which others coincide with these the guides do not say; each is found by its own addresses.
local addresses = require "ark.addresses"
local ops = require "ops"
local site = require "ark.site"
local zk = require "zk"

local M = {}

local function swarm_servers(survey)
  local servers, seen = {}, {}
  for _, manager in ipairs(survey.managers) do
    for _, server in ipairs(manager.servers or {}) do
      if not seen[server] then servers[#servers + 1] = server end
      seen[server] = true
    end
  end
  return servers
end

local function middleware_servers(engine, survey)
  local servers = {}
  for _, container in ipairs(survey.containers) do
    if container.component == site.components.zookeeper then
      local _, address = next(container.addresses)
      if not address or address == "" then address = addresses.given(engine, container) end
      if address then servers[#servers + 1] = address .. ":" .. site.zookeeper_port end
    end
  end
  return servers
end

--- Those that a survey of ark.survey knows servers of: {name, servers, health} each; health is what zk.ensemble says.
function M.read(engine, survey)
  local ensembles = {}
  for _, known in ipairs {
    { name = "swarm", servers = swarm_servers(survey) },
    { name = "middleware", servers = middleware_servers(engine, survey) },
  } do
    if #known.servers > 0 then ensembles[#ensembles + 1] = known end
  end
  local looks = ops.each(ensembles, {}, function(known)
    return zk.ensemble(known.servers, { timeout = "5s", connect_timeout = "3s" })
  end)
  for index, known in ipairs(ensembles) do known.health = looks[index].value end
  return ensembles
end

return M
