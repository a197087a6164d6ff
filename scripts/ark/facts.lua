-- opshost run ark.facts tcp://SWARM:4000: an Ark site as it is now. It only looks.
local docker = require "docker"
local ensembles = require "ark.ensembles"
local ops = require "ops"
local report = require "ark.report"
local survey = require "ark.survey"

local endpoint = ops.args[1] or error("where is Swarm? for example: opshost run ark.facts tcp://10.0.0.1:4000", 0)
local engine = docker.connect(endpoint, { tls = false })
local site = survey.read(engine)
site.ensembles = ensembles.read(engine, site)
print(report.text(site))
