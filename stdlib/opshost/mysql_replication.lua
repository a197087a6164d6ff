-- Replication of one server: what a replica does, and what it is told to do.
local native = ...

local declare = native.internal("declare")

local module = declare.module("mysql", "MySQL and MariaDB: queries, changes, replication")
local normalize = native.hidden("mysql").normalize_replica_status

module.error("mysql.several_channels", "the server replicates over several channels", "name one: {channel = NAME}")
module.error("mysql.not_a_replica", "the server does not replicate from anywhere", "look at the other server")
module.error("mysql.replication_broken", "a thread of the replica is stopped, so it never catches up",
  "err.detail is its status; repair the cause in its errors, then start_replica()", "ReplicaStatus")

module.record("CallOptions", "How long to wait", {
  { "timeout", "duration", "how long each question to the server may take; the connection's, or 60s, unless given" },
})
module.record("ChannelOptions", "Which channel", {
  { "channel", "string", "MySQL's channel or MariaDB's connection; needed where there are several" },
  { "timeout", "duration", "how long each question to the server may take; the connection's, or 60s, unless given" },
})
module.record("ReplicaThreadOptions", "What to start or stop", {
  { "channel", "string", "MySQL's channel or MariaDB's connection; the default one unless given" },
  { "thread", '"both"|"io"|"applier"', "which thread", default = "both" },
  { "timeout", "duration", "how long each statement may take; the connection's, or 60s, unless given" },
})
module.record("CatchUpOptions", "How to wait for a replica", {
  { "channel", "string", "MySQL's channel or MariaDB's connection" },
  { "timeout", "duration", "how long to wait before wait.timeout is raised", default = "60s" },
  { "every", "duration", "pause between looks", default = "500ms" },
})

-- What a server is --------------------------------------------------------------------------------------------------

local function limit(options)
  return { timeout = options.timeout }
end

local function server_of(db, options)
  local version = db:one("SELECT VERSION() AS version", nil, limit(options)).version
  local major, minor, patch = version:match("^(%d+)%.(%d+)%.(%d+)")
  local number = tonumber(major) * 10000 + tonumber(minor) * 100 + tonumber(patch)
  return { mariadb = version:find("MariaDB", 1, true) ~= nil, number = number, version = version }
end

-- MySQL 8.0.22 began to say REPLICA, 8.4 knows nothing else. Every MariaDB still knows SLAVE.
local function says_replica(server)
  return not server.mariadb and server.number >= 80022
end

local function status_statement(server)
  if server.mariadb then return "SHOW ALL SLAVES STATUS" end
  return says_replica(server) and "SHOW REPLICA STATUS" or "SHOW SLAVE STATUS"
end

local function plain(rows)
  local list = {}
  for i, row in ipairs(rows) do
    local copy = {}
    for name, value in pairs(row) do copy[name] = value end
    list[i] = copy
  end
  return list
end

local function channels(db, options)
  return normalize(plain(db:query(status_statement(server_of(db, options)), nil, limit(options))))
end

local function pick(statuses, options)
  if options.channel then
    for _, status in ipairs(statuses) do
      if status.channel == options.channel then return status end
    end
    return nil
  end
  if #statuses > 1 then
    local names = {}
    for i, status in ipairs(statuses) do names[i] = string.format("%q", status.channel) end
    error(native.new_error("mysql.several_channels",
      "the server replicates over the channels " .. table.concat(names, ", ") .. "; name one as {channel = NAME}"), 0)
  end
  return statuses[1]
end

module.method("Database", { "replica_status",
  params = { { "options", "ChannelOptions?", "which channel" } },
  returns = "ReplicaStatus?", returns_doc = "nil where the server is no replica",
  waits = true, raises = { "mysql.several_channels", "mysql.access", "mysql.unreachable" },
  doc = "Tell how the server replicates, in one form for MySQL 5.6 to 9 and MariaDB (tested live against MariaDB "
    .. "10.11; MySQL's answers are recorded ones)",
  run = function(db, options) return pick(channels(db, options), options) end,
})

module.method("Database", { "replica_channels",
  params = { { "options", "CallOptions?", "how long to wait" } },
  returns = "ReplicaStatus[]", returns_doc = "a record for each",
  waits = true, raises = { "mysql.access", "mysql.unreachable" },
  doc = "Tell how the server replicates, over each of its channels",
  run = channels,
})

-- Changes -----------------------------------------------------------------------------------------------------------

local THREADS = { both = "", io = " IO_THREAD", applier = " SQL_THREAD" }

local function thread_statement(db, verb, options)
  local server = server_of(db, options)
  local noun = says_replica(server) and " REPLICA" or " SLAVE"
  local name = options.channel and options.channel:gsub("'", "''")
  if server.mariadb then
    return verb .. noun .. (name and " '" .. name .. "'" or "") .. THREADS[options.thread]
  end
  return verb .. noun .. THREADS[options.thread] .. (name and " FOR CHANNEL '" .. name .. "'" or "")
end

for _, verb in ipairs { "start", "stop" } do
  module.method("Database", { verb .. "_replica",
    params = { { "options", "ReplicaThreadOptions?", "which thread, of which channel" } },
    effect = "change", repeatable = true, waits = true,
    raises = { "mysql.access", "mysql.statement", "mysql.unreachable" },
    doc = verb == "start" and "Start the threads of a replica" or "Stop the threads of a replica",
    run = function(db, options)
      db:execute(thread_statement(db, verb:upper(), options), nil, { repeatable = true, timeout = options.timeout })
    end,
  })
end

local function has_variable(db, name, options)
  return db:one("SHOW GLOBAL VARIABLES LIKE '" .. name .. "'", nil, limit(options)) ~= nil
end

module.method("Database", { "set_read_only",
  params = {
    { "wanted", "boolean", "true: no changes but those of replication" },
    { "options", "CallOptions?", "how long to wait" },
  },
  effect = "change", repeatable = true, waits = true,
  raises = { "mysql.access", "mysql.unreachable", "mysql.statement" },
  doc = "Make the server refuse changes, or take them; where it knows super_read_only, also those of administrators",
  run = function(db, wanted, options)
    local value = wanted and "ON" or "OFF"
    -- Each includes the other: ON with the stronger one, OFF with the weaker one.
    local name = wanted and has_variable(db, "super_read_only", options) and "super_read_only" or "read_only"
    db:execute("SET GLOBAL " .. name .. " = " .. value, nil, { repeatable = true, timeout = options.timeout })
  end,
})

module.method("Database", { "variables",
  params = {
    { "pattern", "string?", "as LIKE takes it: \"%timeout%\"; all unless given" },
    { "options", "CallOptions?", "how long to wait" },
  },
  returns = "table<string, any>", returns_doc = "their texts by name",
  waits = true, raises = { "mysql.access", "mysql.unreachable" },
  doc = "Read the server's global variables",
  run = function(db, pattern, options)
    local values = {}
    local all = "SHOW GLOBAL VARIABLES WHERE Variable_name LIKE ?"
    for _, row in ipairs(db:query(all, { pattern or "%" }, limit(options))) do
      values[row.Variable_name] = row.Value
    end
    return values
  end,
})

module.method("Database", { "set_global",
  params = {
    { "name", "string", "the variable" },
    { "value", "any", "its new value" },
    { "options", "CallOptions?", "how long to wait" },
  },
  effect = "change", repeatable = true, waits = true,
  raises = { "mysql.access", "mysql.unreachable", "mysql.statement" },
  doc = "Set a global variable; it lasts until the server restarts",
  run = function(db, name, value, options)
    if not name:match("^[%w_.]+$") then
      error(native.new_error("usage.argument", string.format("%q is no name of a variable", name)), 0)
    end
    db:execute("SET GLOBAL " .. name .. " = ?", { value }, { repeatable = true, timeout = options.timeout })
  end,
})

-- Waiting -----------------------------------------------------------------------------------------------------------

-- How to tell whether a replica has a place of its primary: what to ask for, and how it answers.
local function place_of(primary, server, status)
  if server.mariadb and status.uses_gtid then
    local gtid = primary:one("SELECT @@GLOBAL.gtid_binlog_pos AS gtid").gtid
    return gtid, function(replica)
      return gtid == "" or replica:one("SELECT MASTER_GTID_WAIT(?, 0) AS answer", { gtid }).answer == 0
    end
  end
  if status.uses_gtid then
    local gtid = primary:one("SELECT @@GLOBAL.gtid_executed AS gtid").gtid
    return gtid, function(replica)
      return replica:one("SELECT GTID_SUBSET(?, @@GLOBAL.gtid_executed) AS answer", { gtid }).answer == 1
    end
  end
  local binary_log = server.mariadb == false and server.number >= 80200
  local row = primary:one(binary_log and "SHOW BINARY LOG STATUS" or "SHOW MASTER STATUS")
  if not row then
    error(native.new_error("mysql.not_a_primary",
      "the primary writes no binary log, so nobody can catch up with it"), 0)
  end
  return row.File .. ":" .. tostring(row.Position), function(_, now)
    local file, position = now.applied.file, now.applied.position
    return file > row.File or (file == row.File and position >= row.Position)
  end
end

module.error("mysql.not_a_primary", "the server writes no binary log", "turn log_bin on, or name the right server")

local function seen_of(status)
  return ("%s applied of %s; io %s, applier %s, lag %s"):format(
    status.applied_gtid or status.applied.file .. ":" .. tostring(status.applied.position),
    status.primary_host .. ":" .. tostring(status.primary_port), status.io, status.applier,
    status.lag and tostring(status.lag) .. " s" or "unknown")
end

local function fail_if_broken(status)
  local which = status.applier == "stopped" and "applier" or status.io == "stopped" and "io"
  if not which then return end
  local failure = status[which .. "_error"]
  local said = failure and (": " .. failure.message .. " [" .. tostring(failure.errno) .. "]") or ", without an error"
  local broken = native.new_error("mysql.replication_broken",
    "the " .. which .. " thread is stopped" .. said .. "; it does not catch up by itself", { detail = status })
  error(broken, 0)
end

module.method("Database", { "wait_caught_up",
  params = {
    { "primary", "Database", "the server it replicates from" },
    { "options", "CatchUpOptions?", "how long, how often" },
  },
  returns = "ReplicaStatus", returns_doc = "how it replicates then",
  waits = true,
  raises = { "wait.timeout", "mysql.not_a_replica", "mysql.not_a_primary", "mysql.replication_broken" },
  doc = "Wait until the replica has applied what the primary has now; raises at once where a thread is stopped",
  run = function(db, primary, options)
    local server = server_of(db, options)
    local function look()
      local status = pick(channels(db, options), options)
      if not status then
        error(native.new_error("mysql.not_a_replica", "the server does not replicate from anywhere"), 0)
      end
      fail_if_broken(status)
      return status
    end
    local place, reached = place_of(primary, server, look())
    local waiting = native.internal("waiting")
    local status
    waiting.wait_until(function()
      status = look()
      return reached(db, status), seen_of(status)
    end, { timeout = options.timeout, every = options.every, what = "the replica to apply " .. place })
    return status
  end,
})

return { channels = channels, server_of = server_of }
