-- A survey of a site that is made up: what no real site shows on demand.
local survey = require "ark.survey"
local t = require "testing"
local test = t.test

local DATABASE = { ["ark.component"] = "hitsdb-mysql", ["ark.product"] = "dbpaas" }
local NAME_SERVER = { ["ark.component"] = "middleware-mq-deploy-namesrv", ["ark.product"] = "mq" }

-- A running container; `answers` has a result by the first word of a command, or an error that is raised.
local function container(host, name, labels, answers)
  return { host = host, name = name, labels = labels, answers = answers or {} }
end

local function summary_of(one, id, swarm)
  return {
    id = id, name = (swarm and one.host .. "/" or "") .. one.name, image = one.image or "ark/service:1",
    command = one.command or "run", labels = one.labels, addresses = {}, status = one.status or "running",
  }
end

local function engine_of(list, swarm)
  local engine = {}
  function engine.containers(_, options)
    t.equal(options.all, true)
    local summaries = {}
    for id, one in ipairs(list) do summaries[#summaries + 1] = summary_of(one, tostring(id), swarm) end
    return summaries
  end
  function engine.info() return { Name = "only" } end
  function engine.container(_, id)
    local one = list[tonumber(id)]
    return {
      read = function(_, command)
        local answer = one.answers[command[1]]
        if type(answer) == "table" and answer.raise then error(answer.raise, 0) end
        return answer
      end,
      inspect = function() return { Args = one.arguments } end,
    }
  end
  return engine
end

local function said(text) return { exit_code = 0, stdout = text, stderr = "" } end
local function failed(text) return { exit_code = 1, stdout = "", stderr = text } end

local REPLICATES = said [[
                   Master_Host: 10.0.1.9
                   Master_Port: 3306
              Slave_IO_Running: Yes
             Slave_SQL_Running: Yes
         Seconds_Behind_Master: 0
]]

test("names without a host belong to the one engine there is", function()
  local list = survey.containers(engine_of({ container("h1", "ovs", {}) }, false))
  t.equal({ list[1].host, list[1].name, list[1].class }, { "only", "ovs", "base" })
end)

test("by host and name, whatever order the engine lists them in; a host's name says nothing of a container", function()
  local list = survey.containers(engine_of({
    container("swarm-1", "b", {}), container("h2", "z", {}), container("swarm-1", "a", {}),
  }, true))
  local shown = {}
  for _, one in ipairs(list) do shown[#shown + 1] = one.host .. "/" .. one.name .. " " .. one.class end
  t.equal(shown, { "h2/z unknown", "swarm-1/a unknown", "swarm-1/b unknown" })
end)

local function database_with(answers, status)
  local engine = engine_of({ container("h1", "task_1_g0_hitsdb-mysql_dbpaas_1", DATABASE, answers) }, true)
  local one = survey.containers(engine)[1]
  one.running = status ~= "exited"
  return survey.database_side(engine, one)
end

test("a side that is well", function()
  local side = database_with { dbs = said "mysql 3306 [RO]\n", my = REPLICATES }
  t.equal({ side.container_runs, side.server_runs, side.role, side.replication.from, side.error },
    { true, true, "RO", "10.0.1.9:3306" })
end)

test("a side whose server is dead, and one whose container is", function()
  local side = database_with { dbs = failed "no server" }
  t.equal({ side.container_runs, side.server_runs, side.role, side.error }, { true, false })
  side = database_with({}, "exited")
  t.equal({ side.container_runs, side.server_runs }, { false, false })
end)

test("a side that answers, but not what it replicates from", function()
  local side = database_with { dbs = said "mysql 3306 [RW]\n", my = failed "ERROR 1227: denied\n" }
  t.equal(side.error, "its replication could not be asked: ERROR 1227: denied")
end)

local LISTED = said [[
#Cluster Name     #Broker Name           #BID  #Addr                  #Version
c                 broker-a               0     10.0.1.33:10911        V3
c                 broker-a               1     10.0.1.34:10911        V3
]]
local LISTED_HALF = said "c                 broker-a               1     10.0.1.34:10911        V3\n"

local function brokers(...)
  local list = {}
  for index, answer in ipairs { ... } do
    local name = "task_1_g0_middleware-mq-deploy-namesrv_mq_" .. index
    list[index] = container("h" .. index, name, NAME_SERVER, { sh = answer })
  end
  local engine = engine_of(list, true)
  return survey.brokers(engine, survey.containers(engine))
end

test("brokers that every name server lists", function()
  local found = brokers(LISTED, LISTED)
  t.equal({ #found.brokers, #found.asked, found.problems }, { 2, 2, {} })
  t.equal({ found.brokers[1].everywhere, found.brokers[2].everywhere }, { true, true })
end)

test("a broker that one name server does not list", function()
  local found = brokers(LISTED, LISTED_HALF)
  t.equal(found.problems, { "10.0.1.33:10911 is not listed by every name server" })
  t.equal({ found.brokers[1].everywhere, found.brokers[2].everywhere }, { false, true })
end)

test("a name server that does not answer, and none at all", function()
  local found = brokers(LISTED, failed "connect failed\n")
  t.equal({ #found.brokers, found.problems },
    { 2, { "task_1_g0_middleware-mq-deploy-namesrv_mq_2: connect failed" } })
  t.equal(brokers().problems, { "no name server could be asked" })
end)

test("swarm managers, with the ZooKeeper in their arguments", function()
  local manager = container("h1", "swarm-manager", {})
  manager.arguments = { "manage", "zk://10.0.0.1:2181,10.0.0.2:2181/swarm" }
  local other = container("h1", "task_1_g0_swarm-manager-console_butler", {})
  local engine = engine_of({ manager, other }, true)
  t.equal(survey.managers(engine, survey.containers(engine)), { {
    container = "swarm-manager", host = "h1", running = true, path = "/swarm",
    servers = { "10.0.0.1:2181", "10.0.0.2:2181" },
  } })
end)
