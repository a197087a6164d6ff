-- What the site's commands print, as tables.
local M = {}

--- The roles `dbs` prints, by port: {["3306"] = "RW"}.
function M.roles(text)
  local roles = {}
  for line in text:gmatch("[^\n]+") do
    local port, role = line:match("(%d+).-%[(R[WO])%]")
    if port then roles[port] = role end
  end
  return roles
end

local function yes_or_no(value)
  if value == "Yes" then return true end
  return false
end

-- Newer servers say Replica and Source where older ones say Slave and Master.
local function field(fields, name)
  return fields[name] or fields[name:gsub("Slave", "Replica"):gsub("Master", "Source")]
end

local function known(value)
  if value == nil or value == "" or value == "NULL" then return nil end
  return value
end

--- SHOW SLAVE STATUS in vertical form: nil where the server replicates from nobody; else {from, io, sql, lag, errno,
--- error, connecting}. io and sql tell whether that thread runs; lag is in seconds, nil where the server does not know.
function M.replication(text)
  local fields = {}
  local last
  for line in text:gmatch("[^\n]+") do
    local name, value = line:match("^%s*([%w_]+): ?(.*)$")
    if name then
      fields[name], last = value, name
    elseif last and not line:match("^%*+") then
      fields[last] = fields[last] .. "\n" .. line
    end
  end
  local io = field(fields, "Slave_IO_Running")
  if not io then return nil end
  local host, port = known(field(fields, "Master_Host")), known(field(fields, "Master_Port"))
  local sql_errno, io_errno = tonumber(fields.Last_SQL_Errno) or 0, tonumber(fields.Last_IO_Errno) or 0
  return {
    from = host and (port and host .. ":" .. port or host),
    io = yes_or_no(io),
    sql = yes_or_no(field(fields, "Slave_SQL_Running")),
    connecting = io == "Connecting",
    lag = tonumber(known(field(fields, "Seconds_Behind_Master"))),
    errno = sql_errno ~= 0 and sql_errno or io_errno ~= 0 and io_errno or nil,
    error = known(fields.Last_SQL_Error) or known(fields.Last_IO_Error),
  }
end

--- The brokers `mqadmin clusterList` prints: {cluster, name, id, address} each; id "0" is the primary.
function M.brokers(text)
  local brokers = {}
  for line in text:gmatch("[^\n]+") do
    local cluster, name, id, address = line:match("^([^#%s]%S*)%s+(%S+)%s+(%d+)%s+(%S+)")
    if cluster then brokers[#brokers + 1] = { cluster = cluster, name = name, id = id, address = address } end
  end
  return brokers
end

--- The servers in a swarm manager's arguments ("zk://h1:2181,h2:2181/path"), and the path; nil: no ZooKeeper is named.
function M.discovery(arguments)
  for _, argument in ipairs(arguments) do
    local list, path = argument:match("^zk://([^/]+)(/?.*)$")
    if list then
      local servers = {}
      for server in list:gmatch("[^,]+") do
        servers[#servers + 1] = server:find(":", 1, true) and server or server .. ":2181"
      end
      return servers, path ~= "" and path or "/"
    end
  end
  return nil
end

--- The nodes of a classic Swarm's `info`: {name, address, healthy} each.
function M.swarm_nodes(info)
  local nodes = {}
  for _, row in ipairs(info.SystemStatus or info.DriverStatus or {}) do
    local label, value = row[1], row[2]
    local name = label:match("^ (%S+)$")
    if name and value:find(":", 1, true) then
      nodes[#nodes + 1] = { name = name, address = value:match("^(.*):%d+$"), healthy = false }
    elseif label:find("Status", 1, true) and #nodes > 0 then
      nodes[#nodes].healthy = value == "Healthy"
    end
  end
  return nodes
end

--- "HOST:PORT" of the manager that leads, as the one that is asked sees it; nil: it leads itself.
function M.primary_manager(info)
  for _, row in ipairs(info.SystemStatus or info.DriverStatus or {}) do
    if row[1] == "Primary" then return row[2] end
  end
  return nil
end

-- The kernel writes an address as the number its four bytes make on this machine.
local function address_of(hex)
  local bytes = {}
  for byte in hex:gmatch("%x%x") do table.insert(bytes, 1, tonumber(byte, 16)) end
  return table.concat(bytes, ".")
end

--- The gateway in /proc/net/route; nil: there is no way out.
function M.gateway(text)
  for destination, gateway in text:gmatch("\n%S+%s+(%x+)%s+(%x+)") do
    if destination == "00000000" then return address_of(gateway) end
  end
  return nil
end

--- A probe's command as words; a line only a shell understands comes back as a shell's words.
function M.probe_words(command)
  if command:find("[\"'|&;<>$`\\*?()]") then return { "sh", "-c", command } end
  local words = {}
  for word in command:gmatch("%S+") do words[#words + 1] = word end
  return words
end

return M
