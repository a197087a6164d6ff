-- A survey of the lab's Ark site: what it says of a site that is well, and of each thing that is broken.
local addresses = require "ark.addresses"
local docker = require "docker"
local ensembles = require "ark.ensembles"
local health = require "ark.health"
local machine = require "local"
local survey = require "ark.survey"
local t = require "testing"
local test = t.test

local engine = docker.connect("tcp://" .. os.getenv("LAB_ARK_SWARM"), { tls = false })
local task = os.getenv("LAB_ARK_TASK") .. "_g0_"

-- What a fault shows, seen while it is there; whatever happens, it is mended afterwards.
local function broken(fault, look)
  local lab = os.getenv("LAB_COMMAND")
  machine.run({ lab, "break", "ark", fault }, { timeout = "50s" })
  local ok, failure = pcall(look)
  machine.run({ lab, "mend", "ark", fault }, { timeout = "50s" })
  if not ok then error(failure, 0) end
end

local function pair(name)
  for _, candidate in ipairs(survey.databases(engine, survey.containers(engine))) do
    if candidate.name == name then return candidate end
  end
end

local function container(name)
  return survey.select(survey.containers(engine), { name = task .. name })[1]
end

test("a site that is well", function()
  local site = survey.read(engine)
  t.equal(site.hosts, {
    { name = "ark1", address = "10.95.0.11", healthy = true },
    { name = "ark2", address = "10.95.0.12", healthy = true },
    { name = "ark3", address = "10.95.0.13", healthy = true },
  })
  local counts = {}
  for _, one in ipairs(site.containers) do counts[one.class] = (counts[one.class] or 0) + 1 end
  t.equal(counts, { base = 12, database = 10, broker = 2, drds_server = 3, middleware = 23 })
  for _, one in ipairs(site.databases) do t.equal({ one.name, one.problems }, { one.name, {} }) end
  t.equal({ #site.brokers.brokers, site.brokers.problems }, { 2, {} })
  t.equal(#site.managers, 3)
  for _, manager in ipairs(site.managers) do
    t.equal({ manager.running, manager.path, manager.servers },
      { true, "/swarm", { "10.95.0.11:2181", "10.95.0.12:2181", "10.95.0.13:2181" } })
  end
  for index, name in ipairs { "swarm", "middleware" } do
    local ensemble = ensembles.read(engine, site)[index]
    t.equal({ ensemble.name, ensemble.health.quorum, #ensemble.health.servers }, { name, true, 3 })
  end
end)

test("the sides of a pair", function()
  local one = pair("hitsdb-mysql_dbpaas")
  t.equal({ one.writable.host, one.read_only.host }, { "ark2", "ark3" })
  t.equal(one.writable.replication.from, "10.96.14.104:3306")
end)

test("an applier that stopped at a duplicate key", function()
  broken("duplicate-key", function()
    local one = pair("hitsdb-mysql_dbpaas")
    t.equal({ one.healthy, one.read_only.replication.errno, #one.problems }, { false, 1062, 1 })
  end)
end)

test("a server that was killed in a container that runs", function()
  broken("mysqld-dead", function()
    local one = pair("ark-metadb")
    t.equal({ one.healthy, one.writable }, { false, nil })
    for _, side in ipairs(one.sides) do
      if side.host == "ark3" then t.equal({ side.container_runs, side.server_runs }, { true, false }) end
    end
  end)
end)

test("an ensemble without a quorum, whose dead members are known all the same", function()
  broken("zk-no-quorum", function()
    local ensemble = ensembles.read(engine, survey.read(engine))[2]
    t.equal({ ensemble.name, ensemble.health.quorum, ensemble.servers },
      { "middleware", false, { "10.96.14.21:2188", "10.96.14.22:2188", "10.96.14.23:2188" } })
  end)
end)

test("a broker that is down", function()
  broken("broker-down", function()
    local found = survey.brokers(engine, survey.containers(engine))
    t.equal({ #found.brokers, found.brokers[1].id, found.problems }, { 1, "1", {} })
  end)
end)

test("probes: healthy, failing, none", function()
  t.equal(health.check(engine, container("txc-server_txc_2")).state, "healthy")
  t.equal(health.check(engine, container("registrator_dncs_1")).state, "no probe")
  t.equal(health.check(engine, container("arms-console-process_arms")).says,
    "its probe is /bin/ls, which says nothing about the server")
  broken("probe-failing", function()
    t.equal(health.check(engine, container("txc-server_txc_2")).state, "failing")
  end)
end)

test("who has an address: a container, one that does not run, a host, nobody", function()
  local function owners(address)
    local names = {}
    local known = { containers = survey.containers(engine), hosts = survey.hosts(engine) }
    for _, owner in ipairs(addresses.find(engine, known, address)) do
      names[#names + 1] = owner.kind .. " " .. owner.name .. " " .. (owner.state or "")
    end
    return names
  end
  t.equal(owners("10.96.14.42"), { "container " .. task .. "drds-server_drds_2 running" })
  t.equal(owners("10.95.0.12"), { "host ark2 " })
  t.equal(owners("10.96.14.4"), {})
  broken("container-dead", function()
    t.equal(owners("10.96.14.64"), { "container " .. task .. "csb-broker_csb_1 exited" })
  end)
end)
