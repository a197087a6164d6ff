-- Replication of MariaDB as a script sees it; other servers' answers are in tests/bindings/mysql.
local mysql = require "mysql"
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

local primary, replica = support.administrator("PRIMARY"), support.administrator("REPLICA")
local PRIMARY_PORT = support.port

local function wait_for(what, look)
  return ops.wait_until(function()
    local status = replica:replica_status()
    return look(status) and true or false, status
  end, { timeout = "20s", every = "50ms", what = what })
end

test("a replica tells where it replicates from and how far it is", function()
  primary:execute("CREATE DATABASE IF NOT EXISTS replication_test")
  local status = replica:wait_caught_up(primary, { timeout = "20s", every = "50ms" })
  t.equal({ status.primary_host, status.primary_port, status.primary_user, status.io, status.applier },
    { "127.0.0.1", PRIMARY_PORT, "repl", "running", "running" })
  t.equal({ status.uses_gtid, status.io_error, status.applier_error }, { true, nil, nil })
  t.equal(primary:replica_status(), nil)
end)

test("a stopped applier is seen; waiting for it raises at once", function()
  replica:stop_replica({ thread = "applier" })
  local status = replica:replica_status()
  t.equal({ status.io, status.applier, status.lag }, { "running", "stopped", nil })
  local why = "the applier thread is stopped, without an error; it does not catch up by itself"
  t.raises("mysql.replication_broken", why, function() replica:wait_caught_up(primary) end)
  replica:start_replica()
  wait_for("both threads", function(now) return now.io == "running" and now.applier == "running" end)
end)

test("a duplicate key is told with its table, key and entry", function()
  primary:execute("CREATE OR REPLACE TABLE replication_test.t (id INT PRIMARY KEY)")
  replica:wait_caught_up(primary, { timeout = "20s", every = "50ms" })
  replica:session(function(session)
    session:execute("SET sql_log_bin = 0")
    session:execute("INSERT INTO replication_test.t VALUES (7)")
  end)
  primary:execute("INSERT INTO replication_test.t VALUES (7)")
  local status = wait_for("the error", function(now) return now.applier_error ~= nil end)
  t.equal({ status.applier, status.applier_error.errno, status.applier_error.table, status.applier_error.key,
    status.applier_error.entry }, { "stopped", 1062, "replication_test.t", "PRIMARY", "7" })
  local seen = mysql.topology({ primary = primary, replica = replica })
  t.equal(seen.writable, { "primary" })
  t.equal({ #seen.problems, seen.problems[1]:sub(1, 46) }, { 1, "replica: the thread that applies is stopped: C" })
  replica:session(function(session)
    session:execute("SET sql_log_bin = 0")
    session:execute("DELETE FROM replication_test.t WHERE id = 7")
  end)
  replica:start_replica()
  replica:wait_caught_up(primary, { timeout = "20s", every = "50ms" })
end)

test("a topology says who is writable, who replicates from whom, and that nothing is wrong", function()
  local seen = mysql.topology({ primary = primary, replica = replica })
  t.equal({ seen.writable, seen.problems }, { { "primary" }, {} })
  t.equal({ seen.members[2].name, seen.members[2].replicates_from, seen.members[2].writable },
    { "replica", "primary", false })
  replica:set_read_only(false)
  seen = mysql.topology({ primary = primary, replica = replica })
  replica:set_read_only(true)
  t.equal(seen.problems, { "2 servers are writable: primary, replica" })
end)

test("global variables are read and set", function()
  local before = primary:variables("long_query_time").long_query_time
  primary:set_global("long_query_time", 7)
  t.equal(primary:variables("long_query_time").long_query_time, "7.000000")
  primary:set_global("long_query_time", tonumber(before))
  t.raises("usage.argument", '"a = 1, b" is no name of a variable', function()
    primary:set_global("a = 1, b", 2)
  end)
end)
