-- What a container of an Ark site is taken for.
local container_class = require "ark.container_class"
local t = require "testing"
local test = t.test

local function container(fields)
  return {
    name = fields.name or "some",
    image = fields.image or "registry.example/ark/service:1.0.0",
    command = fields.command or "run",
    labels = fields.labels or {},
  }
end

local function class(fields)
  local found = container_class.of(container(fields))
  return found.class, found
end

local function labels(component, product)
  return { ["ark.component"] = component, ["ark.product"] = product }
end

test("a name's parts", function()
  t.equal(container_class.parse_name("task_12_g0_dbpaas-metadb_minidbpaas_2"),
    { task = "12", group = "0", component = "dbpaas-metadb", product = "minidbpaas", number = 2 })
  t.equal(container_class.parse_name("task_12_g3_arms-console-process_arms"),
    { task = "12", group = "3", component = "arms-console-process", product = "arms" })
  for _, name in ipairs { "ovs", "task_x_g0_a_b", "task_1_g0_a", "my_task_1_g0_a_b", "task_1_g0_a_b_c_1" } do
    t.equal(container_class.parse_name(name), nil)
  end
end)

test("the base: by image, command and name, and by the two names that say nothing of it", function()
  t.equal(class { image = "registry.example/base/openvswitch:2.3.2" }, "base")
  t.equal(class { image = "base/networkplugin:1.1.3" }, "base")
  t.equal(class { command = "/swarm join" }, "base")
  t.equal(class { name = "swarm-agent" }, "base")
  t.equal(class { name = "ovs" }, "base")
  t.equal(class { name = "vlan" }, "base")
end)

test("not the base: a registry's or a container's name that only begins like it", function()
  for _, image in ipairs {
    "swarm.example/ark/service:1", "swarm.example:5000/ark/service@sha256:00ff", "localhost/ark/service:swarm",
  } do
    t.equal(class { image = image }, "unknown")
  end
  t.equal(class { name = "vlan2" }, "unknown")
end)

test("a label decides before anything of the base does", function()
  local is, found = class {
    name = "task_1_g0_swarm-console_butler_1", image = "base/swarm:1", labels = labels("swarm-console", "butler"),
  }
  t.equal({ is, found.why }, { "middleware", "its label says swarm-console" })
end)

test("every control database, and what only looks like one", function()
  local expected = {
    { "hitsdb-mysql", "minidbpaas", "hitsdb-mysql_minidbpaas" },
    { "hitsdb-mysql", "dbpaas", "hitsdb-mysql_dbpaas" },
    { "ark-metadb", "ark", "ark-metadb" },
    { "dbpaas-metadb", "minidbpaas", "dbpaas-metadb_minidbpaas" },
    { "dbpaas-metadb", "dbpaas", "dbpaas-metadb_dbpaas" },
  }
  for _, row in ipairs(expected) do
    local name = ("task_9_g0_%s_%s_1"):format(row[1], row[2])
    local is, found = class { name = name, labels = labels(row[1], row[2]) }
    t.equal({ is, found.pair, found.number }, { "database", row[3], 1 })
    is, found = class { name = name }
    t.equal({ is, found.pair }, { "database", row[3] })
  end
  t.equal(class { name = "task_9_g0_dbpaas-metadb-backup_dbpaas_1" }, "middleware")
  t.equal(class { name = "task_9_g0_dbpaas-metadb_otherdbpaas_1" }, "middleware")
end)

test("broker and DRDS server have classes of their own, their neighbours have not", function()
  t.equal(class { labels = labels("middleware-mq-deploy-broker", "mq") }, "broker")
  t.equal(class { labels = labels("middleware-mq-deploy-namesrv", "mq") }, "middleware")
  t.equal(class { labels = labels("drds-server", "drds") }, "drds_server")
  t.equal(class { labels = labels("drds-manager", "drds") }, "middleware")
end)

test("label and name that contradict each other are for a person", function()
  local is, found = class { name = "task_1_g0_drds-server_drds_1", labels = labels("txc-server", "txc") }
  t.equal({ is, found.why }, { "unknown", "its label says the component is txc-server, its name says drds-server" })
  is, found = class { name = "task_1_g0_dbpaas-metadb_minidbpaas_1", labels = labels("dbpaas-metadb", "dbpaas") }
  t.equal({ is, found.why }, { "unknown", "its label says the product is dbpaas, its name says minidbpaas" })
end)

test("what nothing is known of", function()
  local is, found = class { name = "debug" }
  t.equal({ is, found.why },
    { "unknown", "no label and no name of the platform, and nothing of the base in it" })
end)
