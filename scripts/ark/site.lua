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
-- Classes of containers that neither label nor name tells: name -> "base", "database", "broker", "drds_server",
-- "middleware". A name that is here needs nothing else to fit.
site.classes = {}
-- Of the base, what carries the network stops last and starts first.
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
  drds_manager = "drds-manager",
  zookeeper = "zk",
}
-- Middleware that starts before the rest of it, in this order.
site.middleware_first = { "zk", "middleware-mq-deploy-namesrv" }
-- Base containers, found by their command and their name; so many there are in a site.
site.swarm_manager = { name = "swarm-manager", command = "manage", count = 3 }
-- Where a Swarm manager listens, where the inventory's variable `swarm` ("HOST:PORT") does not say it.
site.swarm_port = 4000

-- Ports a DRDS node listens on while it serves.
site.drds_ports = { 3306, 3406 }

-- Docker's units on a machine, and whom to become to stop and start them.
site.docker = { service = "docker", socket = "docker.socket", as_user = "root" }
-- Services that also talk to Docker's socket and so may wake it.
site.docker_users = { "kubelet" }
-- The kernel module of Open vSwitch: where it was loaded before the stop it has to be loaded before the base starts.
site.network_module = "openvswitch"

-- What makes a machine more than one that runs containers, by files on it.
site.client_node = { "/home/admin/ark/conf/ark.properties", "/home/admin/registry" }

-- Containers of these classes do not come up with Docker by themselves when a machine comes back from maintenance:
-- their restart policy is "no" meanwhile.
site.held_back = { database = true, broker = true, drds_server = true }

-- The middleware's ZooKeeper listens here in each of its containers; Swarm's is named in the manager's arguments.
site.zookeeper_port = 2188

-- Networks of containers with addresses of their own: a Lua pattern for their names.
site.vlan = "^vlan%d+$"

-- Commands in a container.
site.commands = {
  database_role = { "dbs" },
  database_client = { "my", "3306" },
  -- Sent again, a start and a stop have to end in the same state.
  database_start = { "myadm", "start" },
  database_stop = { "myadm", "stop" },
  -- Exit code 1 and no output: no server runs.
  database_processes = { "pgrep", "-x", "mysqld|mariadbd" },
  replicate = "START SLAVE",
  open_for_writing = "SET GLOBAL read_only = 0",
  -- Where a container of this component runs and its probe fails: what starts its server. Others are restarted.
  after_start = {
    ["adha-console"] = { "bash", "/u01/TMHA2-SRV/script/check_con_alive.sh" },
  },
  -- Followed by the gateway's address.
  ping = { "ping", "-c", "1", "-W", "2" },
  routes = { "cat", "/proc/net/route" },
  brokers = { "sh", "/home/admin/rmq/bin/mqadmin", "clusterList" },
  -- Followed by an address and a port: exit code 0 where somebody listens there, 125 and more where it cannot tell.
  connect = { "timeout", "3", "bash", "-c", "exec 3<>/dev/tcp/$0/$1" },
}

-- A probe that passes whatever the server does says nothing about it.
site.empty_probes = { "/bin/ls", "true", "/bin/true" }

-- So many containers of the middleware stop and start at once.
site.parallel = 4

-- How long things may take.
site.times = {
  broker_grace = "60s",
  grace = "30s",
  database_start = "300s",
  database_stop = "120s",
  database_level = "60s",
  docker = "120s",
  start = "300s",
  probe = "300s",
}

-- Steps at a web console are done by a person, unless the site's own file `site.lua` (not this one) has a function for
-- them: `return { hooks = { ["ark.drds.scale_down"] = function(args) ... end } }`. There are
--   ark.client_node.back_up    save installer and image registry             {host}
--   ark.drds.node              tell of a node, as a text, what the inventory shows: instance, specification, version;
--                              it has to be the same when the node is back            {host, container, address}
--   ark.drds.stand_in          bring a stand-in node up, return its address            {host, node}
--   ark.drds.scale_down        take a node out of its instance                         {host, container, address, node}
--   ark.drds.scale_up          put a node of the same kind back                        {host, container, address, node}
--   ark.drds.release_stand_in  take the stand-in out again                             {stand_in, node}
--   ark.database.switch        make the other side of a control database writable      {pair, from, to}
--   ark.butler.green           tell whether the monitoring shows no alarm              {host}

return site
