-- How both procedures reach the site: the machine by its own engine and ssh, everything else through a Swarm manager on
-- another machine.
local docker = require "docker"
local machine = require "ark.machine"
local ops = require "ops"
local site = require "ark.site"

local M = {}

function M.host(ctx, hosts, name)
  local names = {}
  for _, host in ipairs(hosts) do
    if host.name == name then return host end
    names[#names + 1] = host.name
  end
  return ctx:refuse(("the inventory has no host %s"):format(name), table.concat(names, ", "))
end

local function port_of(host)
  return host.vars.swarm and tostring(host.vars.swarm):match(":(%d+)$") or site.swarm_port
end

--- Every host of the inventory but the machine may have a manager; the first that answers, as "tcp://HOST:PORT".
function M.find_swarm(hosts, target)
  local others, tried = {}, {}
  for _, host in ipairs(hosts) do
    if host.name ~= target.name then others[#others + 1] = host end
  end
  local looks = ops.each(others, {}, function(host)
    return docker.connect(("tcp://%s:%s"):format(host.address, port_of(host)), { tls = false, connect_timeout = "3s" })
      :alive()
  end)
  for index, host in ipairs(others) do
    local endpoint = ("tcp://%s:%s"):format(host.address, port_of(host))
    if looks[index].value then return endpoint end
    tried[#tried + 1] = endpoint
  end
  return nil, table.concat(tried, ", ")
end

--- {machine, swarm}. `given` is a Swarm manager's "HOST:PORT", nil to look for one.
function M.open(ctx, hosts, name, given)
  local target = M.host(ctx, hosts, name)
  local endpoint = ctx:fact("Swarm", function()
    if given then return "tcp://" .. given end
    local found, tried = M.find_swarm(hosts, target)
    return found or ctx:refuse("no Swarm manager on another host answers", tried)
  end)
  return { machine = machine.open(target), swarm = docker.connect(endpoint, { tls = false }) }
end

return M
