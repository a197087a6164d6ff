-- Replication by file and position, with parallel appliers, both ways, and of members that cannot be asked.
local mysql = require "mysql"
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"

local test = support.breaking_test

local primary, replica = support.administrator("PRIMARY"), support.administrator("REPLICA")
local SOON = { timeout = "20s", every = "50ms" }
local REPLICA_PORT = tonumber(support.env("LAB_MYSQL_REPLICA_PORT"))

local function wait_for(what, look) return support.wait_for_replica(replica, what, look) end

local function by_gtid_again()
  replica:stop_replica()
  replica:execute("CHANGE MASTER TO MASTER_USE_GTID = slave_pos")
  replica:start_replica()
  replica:wait_caught_up(primary, SOON)
end

test("a replica that finds its place by file and position is waited for", function()
  primary:execute("CREATE DATABASE IF NOT EXISTS positions")
  primary:execute("CREATE OR REPLACE TABLE positions.t (id INT PRIMARY KEY)")
  replica:wait_caught_up(primary, SOON)
  replica:stop_replica()
  local at = replica:replica_status().applied
  replica:execute(("CHANGE MASTER TO MASTER_USE_GTID = no, MASTER_LOG_FILE = '%s', MASTER_LOG_POS = %d"):format(at.file,
    at.position))
  replica:start_replica()
  for i = 1, 3 do
    primary:execute("INSERT INTO positions.t VALUES (?)", { i })
    local status = replica:wait_caught_up(primary, SOON)
    t.equal({ status.uses_gtid, replica:one("SELECT MAX(id) AS id FROM positions.t").id }, { false, i })
    primary:execute("FLUSH BINARY LOGS")
  end
  local place = primary:one("SHOW MASTER STATUS")
  replica:session(function(session)
    session:execute("LOCK TABLES positions.t WRITE")
    primary:execute("INSERT INTO positions.t VALUES (9)")
    local failure = t.raises("wait.timeout", nil, function()
      replica:wait_caught_up(primary, { timeout = "300ms", every = "50ms" })
    end)
    t.truthy(failure.message:find("^waited 300ms for the replica to apply bin%.%d+:%d+; last seen: "), failure.message)
    t.truthy(failure.message:find("apply " .. place.File .. ":", 1, true), failure.message)
    session:execute("UNLOCK TABLES")
  end)
  replica:wait_caught_up(primary, SOON)
  by_gtid_again()
end)

test("a place behind the end of a binary log that is there: the io thread stops and says so", function()
  local place = primary:one("SHOW MASTER STATUS")
  local function from(position)
    replica:stop_replica()
    replica:execute(("CHANGE MASTER TO MASTER_USE_GTID = no, MASTER_LOG_FILE = '%s', MASTER_LOG_POS = %d"):format(
      place.File, position))
    replica:start_replica()
    return wait_for("the error", function(now) return now.io_error ~= nil and now.io == "stopped" end)
  end
  local status = from(place.Position + 1000000)
  t.equal({ status.io, status.io_error.errno, status.io_error.message }, { "stopped", 1236,
    "Got fatal error 1236 from master when reading data from binary log: 'Client requested master to start "
    .. "replication from impossible position; the first event '" .. place.File .. "' at "
    .. ("%d"):format(place.Position + 1000000) .. ", the last event read from '" .. place.File .. "' at 4, the last "
    .. "byte read from '" .. place.File .. "' at 4.'" })
  -- In the middle of the first event of it.
  status = from(17)
  t.equal({ status.io, status.io_error.errno }, { "stopped", 1236 })
  t.truthy(status.io_error.message:find("^Got fatal error 1236 from master when reading data from binary log: '"),
    status.io_error.message)
  by_gtid_again()
end)

test("a binary log that is not there is told in the server's words", function()
  replica:stop_replica()
  replica:execute("CHANGE MASTER TO MASTER_USE_GTID = no, MASTER_LOG_FILE = 'bin.999999', MASTER_LOG_POS = 4")
  replica:start_replica()
  local status = wait_for("the error", function(now) return now.io_error ~= nil and now.io == "stopped" end)
  local words = "Got fatal error 1236 from master when reading data from binary log: 'Could not find first log file "
    .. "name in binary log index file'"
  t.equal(status.io_error.message, words)
  t.raises("mysql.replication_broken", "the io thread is stopped: " .. words .. " [1236]; it does not catch up by "
    .. "itself", function() replica:wait_caught_up(primary) end)
  by_gtid_again()
end)

test("parallel appliers: an error is told with its table and key, as without them", function()
  primary:execute("CREATE DATABASE IF NOT EXISTS parallel_mode")
  primary:execute("CREATE OR REPLACE TABLE parallel_mode.t (id INT PRIMARY KEY, v INT)")
  replica:wait_caught_up(primary, SOON)
  local before = replica:variables("slave_parallel_threads").slave_parallel_threads
  replica:stop_replica()
  replica:set_global("replica_parallel_workers", 4)
  t.equal(replica:variables("slave_parallel_threads"), { slave_parallel_threads = "4" })
  t.equal(replica:variables("replica_parallel_workers"), { replica_parallel_workers = "4" })
  t.equal(replica:variables("no_such_variable"), {})
  replica:start_replica()

  local function aside(statement)
    replica:session(function(session)
      session:execute("SET sql_log_bin = 0")
      session:execute(statement)
    end)
  end
  aside("INSERT INTO parallel_mode.t VALUES (7, 0)")
  primary:execute("INSERT INTO parallel_mode.t VALUES (7, 0)")
  local status = wait_for("the error", function(now) return now.applier_error ~= nil and now.applier == "stopped" end)
  local failure = status.applier_error
  t.equal({ failure.errno, failure.table, failure.key, failure.entry }, { 1062, "parallel_mode.t", "PRIMARY", "7" })
  t.truthy(failure.message:find("^Could not execute Write_rows_v1 event on table parallel_mode%.t; Duplicate entry '7' "
    .. "for key 'PRIMARY', Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY; the event's master log bin%.%d+, "
    .. "end_log_pos %d+$"), failure.message)
  aside("DELETE FROM parallel_mode.t")
  replica:start_replica()
  replica:wait_caught_up(primary, SOON)

  aside("DELETE FROM parallel_mode.t")
  primary:execute("UPDATE parallel_mode.t SET v = 1")
  status = wait_for("the error", function(now) return now.applier_error ~= nil and now.applier == "stopped" end)
  failure = status.applier_error
  t.equal({ failure.errno, failure.table }, { 1032, "parallel_mode.t" })
  t.truthy(failure.message:find("^Could not execute Update_rows_v1 event on table parallel_mode%.t; Can't find record "
    .. "in 't', Error_code: 1032; handler error HA_ERR_"), failure.message)
  aside("INSERT INTO parallel_mode.t VALUES (7, 0)")
  replica:start_replica()
  replica:wait_caught_up(primary, SOON)
  replica:stop_replica()
  replica:set_global("slave_parallel_workers", tonumber(before))
  replica:start_replica()
  replica:wait_caught_up(primary, SOON)
end)

test("waiting takes no longer than it may, also where the primary says nothing", function()
  support.lab("freeze", "mysql-primary")
  local began = os.time()
  t.raises("wait.timeout", "waited 2s for the primary and the replica to say where they are", function()
    replica:wait_caught_up(primary, { timeout = "2s", every = "50ms" })
  end)
  t.truthy(os.time() - began < 15, "it took too long")
  support.lab("thaw", "mysql-primary")
  ops.wait_until(function() return primary:alive() end, { timeout = "30s", every = "50ms", what = "the primary" })
  replica:wait_caught_up(primary, SOON)
end)

test("a member that does not answer, one that lets us not in, and one that does not tell", function()
  local gone = mysql.connect({ host = "127.0.0.1", port = 9, user = "x" })
  local stranger = support.connect({ port = REPLICA_PORT, user = "stranger", password = "stranger-password" })
  local guest = support.connect({ port = REPLICA_PORT })
  local seen = mysql.topology({ gone = gone, guest = guest, primary = primary, stranger = stranger })
  t.equal({ seen.members[1].reachable, seen.members[2].reachable, seen.members[4].reachable }, { false, true, false })
  t.equal(seen.members[2].replicas, nil)
  t.equal(seen.problems, {
    "gone: does not answer: no connection: Can't connect to server on '127.0.0.1' (115): refused, or there is no way "
      .. "to it [2002 HY000]; is the server running there, and may we reach it?",
    "guest: does not tell how it replicates: Access denied; you need (at least one of) the SUPER, SLAVE MONITOR "
      .. "privilege(s) for this operation [1227 42000]; statement: SHOW ALL SLAVES STATUS",
    "stranger: cannot be asked: the server refused the connection: Access denied for user 'stranger'@'127.0.0.1' "
      .. "(using password: YES) [1045 28000]",
  })
end)

test("a pair that replicates both ways is one, and nothing is wrong with it", function()
  primary:execute(("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = %d, MASTER_USER = '%s', "
    .. "MASTER_PASSWORD = '%s', MASTER_USE_GTID = slave_pos"):format(REPLICA_PORT,
    support.env("LAB_MYSQL_REPLICATION_USER"), support.env("LAB_MYSQL_REPLICATION_PASSWORD")))
  primary:set_global("gtid_slave_pos", primary:one("SELECT @@GLOBAL.gtid_binlog_pos AS gtid").gtid)
  primary:start_replica()
  ops.wait_until(function()
    local status = primary:replica_status()
    return status.io == "running" and status.applier == "running", status
  end, { timeout = "20s", every = "50ms", what = "the other way" })
  local seen = mysql.topology({ a = primary, b = replica })
  t.equal({ seen.members[1].replicates_from, seen.members[2].replicates_from, seen.members[1].primaries },
    { "b", "a", { "b" } })
  t.equal({ seen.writable, seen.problems }, { { "a" }, {} })
  primary:stop_replica()
  primary:execute("RESET SLAVE ALL")
  t.equal(primary:replica_status(), nil)
end)

test("several channels: each is told, and one has to be named", function()
  replica:execute(("CHANGE MASTER 'other' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = %d, MASTER_USER = 'x'"):format(
    tonumber(support.env("LAB_MYSQL_TLS_PORT"))))
  local names = {}
  for i, status in ipairs(replica:replica_channels()) do names[i] = status.channel end
  t.equal(names, { "", "other" })
  t.raises("mysql.several_channels", 'the server replicates over the channels "", "other"; name one as '
    .. "{channel = NAME}", function() replica:replica_status() end)
  t.equal(replica:replica_status({ channel = "other" }).io, "stopped")
  t.equal(replica:replica_status({ channel = "no such" }), nil)
  local seen = mysql.topology({ primary = primary, replica = replica, tls = support.administrator("TLS") })
  t.equal(seen.members[2].primaries, { "primary", "127.0.0.1:" .. support.env("LAB_MYSQL_TLS_PORT") })
  t.equal(seen.problems, { "2 servers are writable: primary, tls",
    "replica: the thread that fetches from 127.0.0.1:" .. support.env("LAB_MYSQL_TLS_PORT") .. " is stopped, without "
      .. "an error", "replica: the thread that applies is stopped, without an error" })
  t.raises("usage.argument", [[the channel "a\\b" has a backslash or NUL byte in its name, which servers read in ]]
    .. "different ways", function() replica:stop_replica({ channel = "a\\b" }) end)
  replica:execute("RESET SLAVE 'other' ALL")
end)

test("who replicates from nowhere, or writes no binary log, is told", function()
  t.raises("mysql.not_a_replica", "the server does not replicate from anywhere", function()
    primary:wait_caught_up(replica, SOON)
  end)
end)

test("the replica takes no changes of the application", function()
  local failure = t.raises("mysql.read_only", "The MariaDB server is running with the --read-only option so it cannot "
    .. "execute this statement [1290 HY000]; statement: CREATE TABLE x (a INT)", function()
      support.connect({ port = REPLICA_PORT }):execute("CREATE TABLE x (a INT)")
    end)
  t.equal(failure.maybe_applied, false)
end)
