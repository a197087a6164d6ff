-- opshost run ark.probe tcp://SWARM:4000 [HOST | CONTAINER]: the health probes of a whole site, a host or a container.
-- Exit code 0 means that every container runs, that no probe fails and that at least one passed; else it is 2. It only
-- looks.
local docker = require "docker"
local health = require "ark.health"
local ops = require "ops"
local report = require "ark.report"
local survey = require "ark.survey"

local endpoint = ops.args[1] or error("where is Swarm? for example: opshost run ark.probe tcp://10.0.0.1:4000", 0)
local wanted = ops.args[2]
local engine = docker.connect(endpoint, { tls = false })

local function choose()
  local chosen, of_base = {}, 0
  for _, container in ipairs(survey.containers(engine)) do
    local fits = not wanted or container.host == wanted or container.name == wanted
    if fits and container.class == "base" then
      of_base = of_base + 1
    elseif fits then
      chosen[#chosen + 1] = container
    end
  end
  return chosen, of_base
end

local function why_nothing(of_base)
  if of_base > 0 then
    return ("%s has only containers of the base, which have no probes"):format(wanted or "the site")
  end
  return wanted and "no host and no container is called " .. wanted or "the site has no container"
end

-- What the checks come to, and whether all is well.
local function verdict(counts, total)
  if counts.failing + counts["not running"] > 0 then
    return ("of %d containers %d have a failing probe and %d do not run"):format(total, counts.failing,
      counts["not running"]), false
  end
  return ("of %d containers %d pass their probe and %d have none"):format(total, counts.healthy, counts["no probe"]),
    counts.healthy > 0
end

local chosen, of_base = choose()
if #chosen == 0 then error(why_nothing(of_base), 0) end

local rows = { { "host", "container", "state", "the probe says" } }
local counts = { healthy = 0, failing = 0, ["no probe"] = 0, ["not running"] = 0 }
for _, check in ipairs(health.check_all(engine, chosen)) do
  rows[#rows + 1] = { check.host, check.container, check.state, check.says }
  counts[check.state] = counts[check.state] + 1
end
print(report.columns(rows, 4))
local text, well = verdict(counts, #chosen)
print(text)
if not well then os.exit(2) end
