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
  { "error", "any", "why it did not" },
  { "version", "string", "its version" },
  { "server_id", "string", "its server_id" },
  { "writable", "boolean", "it takes changes: read_only is off" },
  { "replicates_from", "string",
    "name of the member it replicates from, or HOST:PORT of one that is not named here" },
  { "replicas", "ReplicaStatus[]", "how it replicates, a record for each channel" },
  { "gtid", "string", "GTIDs in its binary log or executed" },
  { "history", "string", "MariaDB: the last GTID in its binary log of each server it came from" },
})
module.record("Topology", "Several servers that belong together", {
  { "members", "TopologyMember[]", "in the order they were given", required = true },
  { "writable", "string[]", "names of those that take changes", required = true },
  { "problems", "string[]", "what is wrong, in words; empty where nothing is", required = true },
})

local function describe_server(db, options)
  local limit = { timeout = options.timeout }
  local server = replication.server_of(db, options)
  local row = db:one(
    "SELECT @@server_id AS id, @@GLOBAL.read_only AS read_only, @@hostname AS hostname, @@port AS port", nil, limit)
  -- MariaDB has the last transaction of each domain in one, that of each server in the other.
  local gtids = server.mariadb and "@@GLOBAL.gtid_binlog_pos AS gtid, @@GLOBAL.gtid_binlog_state AS history"
    or "@@GLOBAL.gtid_executed AS gtid, NULL AS history"
  local known, position = pcall(function() return db:one("SELECT " .. gtids, nil, limit) end)
  return {
    reachable = true, version = server.version, mariadb = server.mariadb,
    server_id = tostring(row.id), port = row.port, hostname = row.hostname,
    writable = row.read_only == 0 or row.read_only == "OFF" or row.read_only == "0",
    gtid = known and position.gtid or nil,
    history = known and position.history or nil,
    replicas = replication.channels(db, options),
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

local function problems_of_channel(member, status, options, add)
  local function failure(thread, err)
    if err then return ": " .. err.message .. " [" .. tostring(err.errno) .. "]" end
    return thread == "stopped" and ", without an error" or ""
  end
  if status.io ~= "running" then
    add("%s: the thread that fetches from %s is %s%s", member.name, member.replicates_from, status.io,
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

-- What a MariaDB replica began itself and its primary never had.
local function own_transactions(replica, primary)
  local had, own = last_of_each(primary.history), {}
  for origin, number in pairs(last_of_each(replica.history)) do
    local is_own = origin:match("%-(%d+)%-") == replica.server_id
    if is_own and number > (had[origin] or 0) then own[#own + 1] = origin .. ("%d"):format(number) end
  end
  table.sort(own)
  return #own > 0 and table.concat(own, ",") or nil
end

local function errant_of(replica, primary, replica_db, limit)
  if replica.mariadb then
    return replica.history and primary.history and own_transactions(replica, primary) or nil
  end
  if not (replica.gtid and primary.gtid) or replica.gtid == "" then return nil end
  local gtids = { replica.gtid, primary.gtid }
  local only = replica_db:one("SELECT GTID_SUBTRACT(?, ?) AS only_here", gtids, limit).only_here
  return only ~= "" and only or nil
end

local function find_problems(members, databases, options)
  local problems, writable = {}, {}
  local function add(...) problems[#problems + 1] = string.format(...) end
  local by_name, known = {}, 0
  for _, member in ipairs(members) do
    by_name[member.name] = member
    if not member.reachable then
      add("%s: does not answer: %s", member.name, member.error.message)
    else
      known = known + 1
      if member.writable then writable[#writable + 1] = member.name end
    end
  end
  if known > 0 and #writable == 0 then add("no server is writable") end
  if #writable > 1 then add("%d servers are writable: %s", #writable, table.concat(writable, ", ")) end
  for _, member in ipairs(members) do
    for _, status in ipairs(member.replicas or {}) do
      problems_of_channel(member, status, options, add)
      local primary = by_name[member.replicates_from]
      local errant = primary and primary.reachable
        and errant_of(member, primary, databases[member.name], { timeout = options.timeout })
      if errant then add("%s: has transactions that %s has not: %s", member.name, primary.name, errant) end
    end
    if member.reachable and #member.replicas == 0 and not member.writable then
      add("%s: takes no changes and replicates from nowhere", member.name)
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
      local first = member.replicas and member.replicas[1]
      if first then member.replicates_from = member_of(members, first) end
    end
    local problems, writable = find_problems(members, servers, options)
    return { members = members, writable = writable, problems = problems }
  end,
}

return module.exports.topology
