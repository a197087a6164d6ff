-- opshost run ark.probe tcp://SWARM:4000 [HOST | CONTAINER]: the health probes of a whole site, a host or a container.
-- Exit code 2 when one fails. It only looks.
local docker = require "docker"
local health = require "ark.health"
local ops = require "ops"
local report = require "ark.report"
local survey = require "ark.survey"

local endpoint = ops.args[1] or error("where is Swarm? for example: opshost run ark.probe tcp://10.0.0.1:4000", 0)
local wanted = ops.args[2]
local engine = docker.connect(endpoint, { tls = false })

local chosen = {}
for _, container in ipairs(survey.containers(engine)) do
  local fits = not wanted or container.host == wanted or container.name == wanted
  if fits and container.class ~= "base" then chosen[#chosen + 1] = container end
end
if #chosen == 0 then error(("no host and no container is called %s"):format(wanted), 0) end

local rows, failing = { { "host", "container", "state", "the probe says" } }, 0
for _, check in ipairs(health.check_all(engine, chosen)) do
  rows[#rows + 1] = { check.host, check.container, check.state, check.says }
  if check.state == "failing" then failing = failing + 1 end
end
print(report.columns(rows, 4))
if failing > 0 then
  print(("%d of %d probes fail"):format(failing, #chosen))
  os.exit(2)
end
