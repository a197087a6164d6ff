-- opshost run ark.whois tcp://SWARM:4000 ADDRESS: what has an address. It only looks.
local addresses = require "ark.addresses"
local docker = require "docker"
local ops = require "ops"
local report = require "ark.report"
local survey = require "ark.survey"

local endpoint, address = ops.args[1], ops.args[2]
if not address then error("which address? for example: opshost run ark.whois tcp://10.0.0.1:4000 10.0.1.42", 0) end
local engine = docker.connect(endpoint, { tls = false })
local known = { containers = survey.containers(engine), hosts = survey.hosts(engine) }

local rows = { { "what", "host", "name", "state", "network" } }
for _, owner in ipairs(addresses.find(engine, known, address)) do
  rows[#rows + 1] = { owner.kind, owner.host, owner.name, owner.state, owner.network }
  if owner.kind == "host" then
    for _, container in ipairs(survey.select(known.containers, { host = owner.host })) do
      rows[#rows + 1] = { "on it", container.host, container.name, container.status }
    end
  end
end
if #rows == 1 then error(address .. " belongs to nothing in this site", 0) end
print(report.columns(rows, 5))
