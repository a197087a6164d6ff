-- Replication of one server: what a replica does, and what it is told to do.
local native = ...

local declare = native.internal("declare")

local module = declare.module("mysql", "MySQL and MariaDB: queries, changes, replication")
local normalize = native.hidden("mysql").normalize_replica_status

module.error("mysql.several_channels", "the server replicates over several channels", "name one: {channel = NAME}")
module.error("mysql.not_a_replica", "the server does not replicate from anywhere", "look at the other server")
module.error("mysql.replication_broken", "a thread of the replica is stopped, so it never catches up",
  "err.detail is its status; repair the cause in its errors, then start_replica()", "ReplicaStatus")

module.error("mysql.unknown_version", "the server's VERSION() is not like 8.0.36 or 10.11.6-MariaDB",
  "look at the option `version` of the server, or of the proxy before it")

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
  if not major then
    error(native.new_error("mysql.unknown_version", ("the server calls its version %q, which begins with no N.N.N: "
      .. "nobody can tell how it speaks of replication"):format(version), { target = tostring(db) }), 0)
  end
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
    .. "10.11; MySQL's answers are tested as its manuals and bug reports show them)",
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
  if name and name:find("[\\%z]") then
    error(native.new_error("usage.argument",
      ("the channel %q has a backslash or NUL byte in its name, which servers read in different ways")
        :format(options.channel)), 0)
  end
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

-- The server's text of a variable; nil: it has none of that name.
local function variable_of(db, name, options)
  local row = db:one("SHOW GLOBAL VARIABLES WHERE Variable_name = ?", { name }, limit(options))
  return row and row.Value
end

-- One variable under the names of MariaDB, of MySQL, and of MySQL from 8.0.26 on.
local APPLIERS = { "slave_parallel_threads", "slave_parallel_workers", "replica_parallel_workers" }

-- The name that the server has for it; `name` itself where it has none.
local function name_on(db, name, options)
  local known = false
  for _, other in ipairs(APPLIERS) do known = known or other == name:lower() end
  if not known or variable_of(db, name, options) then return name end
  for _, other in ipairs(APPLIERS) do
    if variable_of(db, other, options) then return other end
  end
  return name
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
    local name = wanted and variable_of(db, "super_read_only", options) and "super_read_only" or "read_only"
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
  doc = "Read the server's global variables. The number of parallel appliers also answers to the name that other "
    .. "servers have for it: slave_parallel_threads, slave_parallel_workers, replica_parallel_workers",
  run = function(db, pattern, options)
    local values = {}
    local all = "SHOW GLOBAL VARIABLES WHERE Variable_name LIKE ?"
    for _, row in ipairs(db:query(all, { pattern or "%" }, limit(options))) do
      values[row.Variable_name] = row.Value
    end
    if pattern and next(values) == nil then
      values[pattern] = variable_of(db, name_on(db, pattern, options), options)
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
  doc = "Set a global variable; it lasts until the server restarts. The number of parallel appliers may be called by "
    .. "the name that other servers have for it, as in variables()",
  run = function(db, name, value, options)
    if not name:match("^[%w_.]+$") then
      error(native.new_error("usage.argument", string.format("%q is no name of a variable", name)), 0)
    end
    db:execute("SET GLOBAL " .. name_on(db, name, options) .. " = ?", { value },
      { repeatable = true, timeout = options.timeout })
  end,
})

-- Waiting -----------------------------------------------------------------------------------------------------------

-- "bin.999999" comes before "bin.1000000".
local function is_behind(file, other)
  local number, other_number = tonumber(file:match("%.(%d+)$")), tonumber(other:match("%.(%d+)$"))
  if not number or not other_number then return file < other end
  return number < other_number
end

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
    return is_behind(row.File, file) or (file == row.File and position >= row.Position)
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
    local began = native.now()
    local function look()
      local status = pick(channels(db, options), options)
      if not status then
        error(native.new_error("mysql.not_a_replica", "the server does not replicate from anywhere"), 0)
      end
      fail_if_broken(status)
      return status
    end
    -- Raises wait.timeout with `what` where the time is over before look_at() says that it is done.
    local function wait(what, look_at)
      local left = math.max(options.timeout - (native.now() - began), 0)
      local done, seen = native.internal("waiting").until_true(left, options.every, look_at)
      if done then return end
      error(native.new_error("wait.timeout", "waited " .. native.duration_text(options.timeout) .. " for " .. what
        .. (seen and "; last seen: " .. seen or ""), { target = tostring(db), detail = { seen = seen } }), 0)
    end
    -- What it waits for is asked of two servers, each of which may be silent.
    local place, reached, status
    wait("the primary and the replica to say where they are", function()
      place, reached = place_of(primary, server_of(db, options), look())
      return true
    end)
    wait("the replica to apply " .. place, function()
      status = look()
      return reached(db, status), seen_of(status)
    end)
    return status
  end,
})

return { channels = channels, server_of = server_of }
