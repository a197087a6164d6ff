-- What a site calls things: names, classes, orders and commands of an Ark site, in one place. To change something,
-- copy this file to /etc/opshost/scripts/ark/site.lua, which then is the one that counts, and edit it there.
local site = {}

-- Labels the platform gives its containers. They decide before names do.
site.labels = {
  component = "ark.component",
  product = "ark.product",
  probe = "aliyun.probe.cmd",
  probe_delay = "aliyun.probe.initial_delay_seconds",
  probe_timeout = "aliyun.probe.timeout_seconds",
}

-- task_<task>_g<group>_<component>_<product>[_<number>]; a Lua pattern for everything after the group.
site.container_name = "^task_(%d+)_g(%d+)_(.+)$"

-- Containers the platform itself is made of: a word in the image's or the container's name or in the command, or
-- exactly one of the names.
site.base = {
  words = { "openvswitch", "networkplugin", "swarm" },
  names = { "ovs", "vlan" },
}
-- Of the base, the last to stop and the first to start come last: what carries the network.
site.base_stop_order = { "swarm", "networkplugin", "vlan", "openvswitch", "ovs" }

-- Control databases, each a pair of containers that replicate from each other. Where a product is given it is part of
-- what tells two pairs apart.
site.databases = {
  { name = "hitsdb-mysql_minidbpaas", component = "hitsdb-mysql", product = "minidbpaas" },
  { name = "hitsdb-mysql_dbpaas", component = "hitsdb-mysql", product = "dbpaas" },
  { name = "ark-metadb", component = "ark-metadb" },
  { name = "dbpaas-metadb_minidbpaas", component = "dbpaas-metadb", product = "minidbpaas" },
  { name = "dbpaas-metadb_dbpaas", component = "dbpaas-metadb", product = "dbpaas" },
}
site.database_stop_order = {
  "hitsdb-mysql_minidbpaas", "hitsdb-mysql_dbpaas", "ark-metadb", "dbpaas-metadb_minidbpaas", "dbpaas-metadb_dbpaas",
}
-- Not the reverse of it: the order the maintenance guide prints.
site.database_start_order = {
  "dbpaas-metadb_minidbpaas", "ark-metadb", "dbpaas-metadb_dbpaas", "hitsdb-mysql_dbpaas", "hitsdb-mysql_minidbpaas",
}

-- Components with a procedure of their own; everything else of the middleware is stopped and started as it is.
site.components = {
  broker = "middleware-mq-deploy-broker",
  name_server = "middleware-mq-deploy-namesrv",
  drds_server = "drds-server",
  zookeeper = "zk",
}
-- Base containers, found by their command and their name.
site.swarm_manager = { name = "swarm-manager", command = "manage" }

-- The middleware's ZooKeeper listens here in each of its containers; Swarm's is named in the manager's arguments.
site.zookeeper_port = 2188

-- Networks of containers with addresses of their own: a Lua pattern for their names.
site.vlan = "^vlan%d+$"

-- Commands in a container.
site.commands = {
  database_role = { "dbs" },
  database_client = { "my", "3306" },
  database_start = { "myadm", "start" },
  database_stop = { "myadm", "stop" },
  brokers = { "sh", "/home/admin/rmq/bin/mqadmin", "clusterList" },
}

-- A probe that passes whatever the server does says nothing about it.
site.empty_probes = { "/bin/ls", "true", "/bin/true" }

-- How long things may take.
site.times = {
  broker_grace = "60s",
  grace = "30s",
  database_start = "300s",
  database_stop = "120s",
  probe = "300s",
}

return site
