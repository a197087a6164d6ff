-- What the commands of an Ark site print.
local answers = require "ark.answers"
local t = require "testing"
local test = t.test

test("roles by port", function()
  t.equal(answers.roles("mysql 3306 [RW]\n"), { ["3306"] = "RW" })
  t.equal(answers.roles("host1\nmysql 3701 [RO]\nmysql 3702 [RW]\n"), { ["3701"] = "RO", ["3702"] = "RW" })
  t.equal(answers.roles(""), {})
  t.equal(answers.roles("mysql 3306 [??]"), {})
end)

local RUNNING = [[
*************************** 1. row ***************************
                Slave_IO_State: Waiting for master to send event
                   Master_Host: 10.0.0.2
                   Master_Port: 3306
              Slave_IO_Running: Yes
             Slave_SQL_Running: Yes
                    Last_Errno: 0
         Seconds_Behind_Master: 0
                 Last_IO_Errno: 0
                 Last_IO_Error:
                Last_SQL_Errno: 0
                Last_SQL_Error:
]]

test("replication that runs", function()
  t.equal(answers.replication(RUNNING),
    { from = "10.0.0.2:3306", io = true, sql = true, connecting = false, lag = 0 })
end)

test("no replication at all", function()
  t.equal(answers.replication(""), nil)
end)

test("an applier that stopped at an error of several lines", function()
  local text = RUNNING:gsub("Slave_SQL_Running: Yes", "Slave_SQL_Running: No")
    :gsub("Seconds_Behind_Master: 0", "Seconds_Behind_Master: NULL")
    :gsub("Last_SQL_Errno: 0", "Last_SQL_Errno: 1062")
    :gsub("Last_SQL_Error:", "Last_SQL_Error: Duplicate entry '1' for key 'PRIMARY'\nin the middle of it")
  t.equal(answers.replication(text), {
    from = "10.0.0.2:3306", io = true, sql = false, connecting = false, errno = 1062,
    error = "Duplicate entry '1' for key 'PRIMARY'\nin the middle of it",
  })
end)

test("a primary that is not reached", function()
  local text = RUNNING:gsub("Slave_IO_Running: Yes", "Slave_IO_Running: Connecting")
    :gsub("Last_IO_Errno: 0", "Last_IO_Errno: 2003"):gsub("Last_IO_Error:", "Last_IO_Error: cannot connect")
  local status = answers.replication(text)
  t.equal({ status.io, status.connecting, status.errno, status.error }, { false, true, 2003, "cannot connect" })
end)

test("the words of newer servers", function()
  local text = RUNNING:gsub("Slave", "Replica"):gsub("Master", "Source")
  t.equal(answers.replication(text), answers.replication(RUNNING))
end)

test("the broker list", function()
  t.equal(answers.brokers([[
#Cluster Name     #Broker Name           #BID  #Addr                  #Version
ark-cluster       broker-a               0     10.0.1.33:10911        V3_5_8
ark-cluster       broker-a               1     10.0.1.34:10911        V3_5_8
]]), {
    { cluster = "ark-cluster", name = "broker-a", id = "0", address = "10.0.1.33:10911" },
    { cluster = "ark-cluster", name = "broker-a", id = "1", address = "10.0.1.34:10911" },
  })
  t.equal(answers.brokers("#Cluster Name     #Broker Name           #BID  #Addr\n"), {})
end)

test("the ZooKeeper in a swarm manager's arguments", function()
  local servers, path = answers.discovery { "manage", "-H", ":4000", "zk://10.0.0.1:2181,10.0.0.2:2182,h3/swarm/a" }
  t.equal({ servers, path }, { { "10.0.0.1:2181", "10.0.0.2:2182", "h3:2181" }, "/swarm/a" })
  servers, path = answers.discovery { "zk://10.0.0.1:2181" }
  t.equal({ servers, path }, { { "10.0.0.1:2181" }, "/" })
  t.equal(answers.discovery { "manage", "consul://10.0.0.1:8500/swarm" }, nil)
end)

test("the nodes of a Swarm", function()
  t.equal(answers.swarm_nodes { SystemStatus = {
    { "Role", "primary" }, { "Strategy", "spread" }, { "Nodes", "2" },
    { " host1", "10.0.0.1:2376" }, { "  └ Status", "Healthy" }, { "  └ Containers", "12" },
    { " host2", "10.0.0.2:2376" }, { "  └ Status", "Pending" },
  } }, {
    { name = "host1", address = "10.0.0.1", healthy = true },
    { name = "host2", address = "10.0.0.2", healthy = false },
  })
  t.equal(answers.swarm_nodes {}, {})
end)

test("a probe's words, and a line only a shell understands", function()
  t.equal(answers.probe_words("/home/admin/bin/check.sh  -p 80"), { "/home/admin/bin/check.sh", "-p", "80" })
  t.equal(answers.probe_words("check | grep ok"), { "sh", "-c", "check | grep ok" })
  t.equal(answers.probe_words("check 'a b'"), { "sh", "-c", "check 'a b'" })
end)
