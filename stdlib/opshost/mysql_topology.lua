-- Several servers that belong together: who is writable, who replicates from whom, what is wrong with it.
local native = ...

local declare = native.internal("declare")
local replication = native.internal("mysql_replication")

local module = declare.module("mysql", "MySQL and MariaDB: queries, changes, replication")

module.record("TopologyOptions", "What counts as wrong", {
  { "max_lag", "integer", "seconds a replica may be behind", default = 30 },
  { "timeout", "duration", "how long each question to a server may take", default = "10s" },
})
module.record("TopologyMember", "One server of a topology", {
  { "name", "string", "as it was named", required = true },
  { "reachable", "boolean", "it answered", required = true },
  { "error", "any", "why it did not, or did not tell how it replicates" },
  { "version", "string", "its version" },
  { "server_id", "string", "its server_id" },
  { "writable", "boolean", "it takes changes: read_only is off" },
  { "replicates_from", "string",
    "name of the member it replicates from, or HOST:PORT of one that is not named here; of several the first" },
  { "primaries", "string[]", "the same of each of its channels, in the order of `replicas`" },
  { "replicas", "ReplicaStatus[]", "how it replicates, a record for each channel" },
  { "gtid", "string", "GTIDs in its binary log or executed" },
  { "history", "string", "MariaDB: the last GTID in its binary log of each server it came from" },
})
module.record("Topology", "Several servers that belong together", {
  { "members", "TopologyMember[]", "in the order they were given", required = true },
  { "writable", "string[]", "names of those that take changes", required = true },
  { "problems", "string[]", "what is wrong, in words; empty where nothing is", required = true },
})

-- MariaDB has the last transaction of each domain in one, that of each server in the other.
local function read_gtids(db, mariadb, limit)
  local gtids = mariadb and "@@GLOBAL.gtid_binlog_pos AS gtid, @@GLOBAL.gtid_binlog_state AS history"
    or "@@GLOBAL.gtid_executed AS gtid, NULL AS history"
  return native.globals.require("ops").try(function() return db:one("SELECT " .. gtids, nil, limit) end,
    { "mysql.*" }) or {}
end

local function describe_server(db, options)
  local limit = { timeout = options.timeout }
  local server = replication.server_of(db, options)
  local row = db:one(
    "SELECT @@server_id AS id, @@GLOBAL.read_only AS read_only, @@hostname AS hostname, @@port AS port", nil, limit)
  local replicas, denied = native.globals.require("ops").try(function() return replication.channels(db, options) end,
    { "mysql.access" })
  local position = read_gtids(db, server.mariadb, limit)
  return {
    reachable = true, version = server.version, mariadb = server.mariadb,
    server_id = tostring(row.id), port = row.port, hostname = row.hostname,
    writable = row.read_only == 0 or row.read_only == "OFF" or row.read_only == "0",
    gtid = position.gtid, history = position.history, replicas = replicas, error = denied,
  }
end

-- Which member a replica means: the one whose server_id it saw, else the one that listens there.
local function member_of(members, status)
  for _, member in ipairs(members) do
    if member.reachable and status.primary_server_id and member.server_id == status.primary_server_id then
      return member.name
    end
  end
  for _, member in ipairs(members) do
    if member.reachable and member.hostname == status.primary_host and member.port == status.primary_port then
      return member.name
    end
  end
  return status.primary_host .. ":" .. tostring(status.primary_port)
end

local function problems_of_channel(member, primary, status, options, add)
  local function failure(thread, err)
    if err then return ": " .. err.message .. " [" .. tostring(err.errno) .. "]" end
    return thread == "stopped" and ", without an error" or ""
  end
  if status.io ~= "running" then
    add("%s: the thread that fetches from %s is %s%s", member.name, primary, status.io,
      failure(status.io, status.io_error))
  end
  if status.applier ~= "running" then
    add("%s: the thread that applies is %s%s", member.name, status.applier,
      failure(status.applier, status.applier_error))
  end
  if status.lag and status.lag > options.max_lag + status.delay then
    add("%s: %s s behind", member.name, tostring(status.lag))
  end
end

-- "0-1-105,0-2-7" as {["0-1-"] = 105, ["0-2-"] = 7}: the last transaction of each domain and server.
local function last_of_each(state)
  local last = {}
  for origin, number in state:gmatch("(%d+%-%d+%-)(%d+)") do last[origin] = tonumber(number) end
  return last
end

-- What a MariaDB replica began itself and its primaries never had.
local function own_transactions(replica, had)
  local own = {}
  for origin, number in pairs(last_of_each(replica.history)) do
    local is_own = origin:match("%-(%d+)%-") == replica.server_id
    if is_own and number > (had[origin] or 0) then own[#own + 1] = origin .. ("%d"):format(number) end
  end
  table.sort(own)
  return #own > 0 and table.concat(own, ",") or nil
end

-- `now`: what each of its primaries has, asked for after what the replica had: that the primaries had before, however
-- much came meanwhile.
local function errant_of(replica, now, replica_db, limit)
  if replica.mariadb then
    local had = {}
    for _, position in ipairs(now) do
      if not position.history then return nil end
      for origin, number in pairs(last_of_each(position.history)) do
        had[origin] = math.max(had[origin] or 0, number)
      end
    end
    return replica.history and own_transactions(replica, had)
  end
  local sets = {}
  for i, position in ipairs(now) do
    if not position.gtid then return nil end
    sets[i] = position.gtid
  end
  if not replica.gtid or replica.gtid == "" then return nil end
  local gtids = { replica.gtid, table.concat(sets, ",") }
  local only = replica_db:one("SELECT GTID_SUBTRACT(?, ?) AS only_here", gtids, limit).only_here
  return only ~= "" and only or nil
end

-- Where it replicates both ways, each side may have what the other has not fetched yet.
local function is_pair(member, primary)
  for _, name in ipairs(primary.primaries or {}) do
    if name == member.name then return true end
  end
  return false
end

local function problem_of_transactions(member, by_name, databases, limit, add)
  local now = {}
  for i, name in ipairs(member.primaries) do
    local primary = by_name[name]
    if not (primary and primary.reachable) or is_pair(member, primary) then return end
    now[i] = read_gtids(databases[name], primary.mariadb, limit)
  end
  local errant = #now > 0 and errant_of(member, now, databases[member.name], limit)
  if errant then
    add("%s: has transactions that %s has not: %s", member.name, table.concat(member.primaries, ", "), errant)
  end
end

local function find_problems(members, databases, options)
  local problems, writable = {}, {}
  local function add(...) problems[#problems + 1] = string.format(...) end
  local by_name, known = {}, 0
  for _, member in ipairs(members) do
    by_name[member.name] = member
    if not member.reachable then
      local silent = member.error.code == "mysql.unreachable" or member.error.code == "mysql.timeout"
      add(silent and "%s: does not answer: %s" or "%s: cannot be asked: %s", member.name, member.error.message)
    else
      if member.error then add("%s: does not tell how it replicates: %s", member.name, member.error.message) end
      known = known + 1
      if member.writable then writable[#writable + 1] = member.name end
    end
  end
  if known > 0 and #writable == 0 then add("no server is writable") end
  if #writable > 1 then add("%d servers are writable: %s", #writable, table.concat(writable, ", ")) end
  local limit = { timeout = options.timeout }
  for _, member in ipairs(members) do
    for i, status in ipairs(member.replicas or {}) do
      problems_of_channel(member, member.primaries[i], status, options, add)
    end
    if member.replicas then
      problem_of_transactions(member, by_name, databases, limit, add)
      if #member.replicas == 0 and not member.writable then
        add("%s: takes no changes and replicates from nowhere", member.name)
      end
    end
  end
  return problems, writable
end

module.fn { "topology",
  params = {
    { "servers", "table<string, Database>", "the servers, by the names they go by" },
    { "options", "TopologyOptions?", "what counts as wrong" },
  },
  returns = "Topology",
  waits = true,
  doc = "Tell who is writable, who replicates from whom and what is wrong with it, asking all servers at once",
  run = function(servers, options)
    local names = {}
    for name in pairs(servers) do names[#names + 1] = name end
    table.sort(names)
    local answers = native.internal("fan_out").each(names, { on_error = "collect", parallel = 32 }, function(name)
      return describe_server(servers[name], options)
    end)
    local members = {}
    for i, answer in ipairs(answers) do
      local member = answer.ok and answer.value or { reachable = false, error = answer.error }
      member.name = names[i]
      members[i] = member
    end
    for _, member in ipairs(members) do
      if member.replicas then
        member.primaries = {}
        for i, status in ipairs(member.replicas) do member.primaries[i] = member_of(members, status) end
        member.replicates_from = member.primaries[1]
      end
    end
    local problems, writable = find_problems(members, servers, options)
    return { members = members, writable = writable, problems = problems }
  end,
}

return module.exports.topology
