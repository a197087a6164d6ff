-- Who has an address: containers of every network with addresses of its own, and the hosts.
local site = require "ark.site"

local M = {}

-- "10.0.1.33/24" is the address 10.0.1.33; 10.0.1.3 is not part of it.
local function bare(address)
  return (address:gsub("/%d+$", ""))
end

--- The address a container was given, which it keeps while it does not run; nil where the engine chooses one.
function M.given(engine, container)
  local document = engine:container(container.id):inspect()
  for _, network in pairs(document.NetworkSettings and document.NetworkSettings.Networks or {}) do
    if network.IPAMConfig and network.IPAMConfig.IPv4Address then return network.IPAMConfig.IPv4Address end
  end
  return nil
end

local function of_running(containers, address)
  local found = {}
  for _, container in ipairs(containers) do
    for network, has in pairs(container.addresses) do
      if bare(has) == address then
        found[#found + 1] = {
          kind = "container", host = container.host, name = container.name, state = container.status, network = network,
        }
      end
    end
  end
  return found
end

local function of_stopped(engine, containers, address)
  local found = {}
  for _, container in ipairs(containers) do
    if not container.running and M.given(engine, container) == address then
      found[#found + 1] = {
        kind = "container", host = container.host, name = container.name, state = container.status,
      }
    end
  end
  return found
end

-- Endpoints that a network has and no container of the list: left behind, under nobody's management.
local function detached(engine, containers, address)
  local known = {}
  for _, container in ipairs(containers) do known[container.id] = true end
  local found = {}
  for _, summary in ipairs(engine:networks()) do
    if summary.name:find(site.vlan) then
      for id, endpoint in pairs(engine:network(summary.name):inspect().Containers or {}) do
        if not known[id] and bare(endpoint.IPv4Address or "") == address then
          found[#found + 1] = { kind = "detached", name = endpoint.Name, state = "unknown to every engine",
            network = summary.name }
        end
      end
    end
  end
  return found
end

local function of_hosts(hosts, address)
  for _, host in ipairs(hosts) do
    if host.address == address then return { { kind = "host", host = host.name, name = host.name } } end
  end
  return {}
end

--- Of what is known, {containers, hosts}, everything that has the address: {kind, host, name, state, network} each.
--- kind is "container", "host", or "detached" for an endpoint of a network that no engine knows a container for. Empty:
--- nobody has it.
function M.find(engine, known, address)
  local found = of_running(known.containers, address)
  if #found == 0 then found = of_hosts(known.hosts, address) end
  if #found == 0 then found = of_stopped(engine, known.containers, address) end
  if #found == 0 then found = detached(engine, known.containers, address) end
  return found
end

return M
