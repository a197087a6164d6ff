-- The health of a ZooKeeper ensemble, from what its servers answer to administration words.
local native = ...

local fan_out = native.internal("fan_out")
local raw_error = error

local ensemble = {}

-- One server ----------------------------------------------------------------------------------------------------------

local function number_after(text, name)
  return tonumber(text:match(name .. ":%s*(%-?%d+)"))
end

local function read_srvr(server, text)
  if text:find("not currently serving", 1, true) then
    server.mode = "not_serving"
    return
  end
  server.mode = text:match("Mode:%s*([%w%-]+)") or "not_serving"
  server.version = text:match("[Zz]oo[Kk]eeper version:%s*([%d%.]+)")
  server.zxid = text:match("Zxid:%s*(0x%x+)")
  server.connections = number_after(text, "Connections")
  server.outstanding = number_after(text, "Outstanding")
  server.nodes = number_after(text, "Node count")
  server.latency = tonumber(text:match("Latency min/avg/max:%s*[%d%.]+/([%d%.]+)/"))
end

-- "server.2=10.0.0.2:2888:3888:participant;..." lines: how many vote.
local function read_conf(server, text)
  local voters = 0
  for line in text:gmatch("server%.%d+=([^\n]*)") do
    if not line:find(":observer", 1, true) then voters = voters + 1 end
  end
  if voters > 0 then server.voters = voters end
end

local readers = {
  srvr = read_srvr,
  conf = read_conf,
  ruok = function(server, text) server.ok = text == "imok" end,
  mntr = function(server, text) server.followers = tonumber(text:match("zk_synced_followers%s+(%d+)")) end,
}

--- Asks one server all words at once. What it refuses is listed; where it does not answer, that is its state.
local function look_at(module, name, options)
  local server = { server = name, mode = "unreachable", refused_words = {}, survives_loss = false }
  local asked = { via = options.via, connect_timeout = options.connect_timeout, timeout = options.timeout }
  local words = { "srvr", "ruok", "conf", "mntr" }
  local answers = fan_out.each(words, { parallel = #words, on_error = "collect" }, function(word)
    return module.ask(name, word, asked)
  end)
  for i, word in ipairs(words) do
    local answer = answers[i]
    if answer.ok then
      readers[word](server, answer.value)
    elseif answer.error and answer.error.code == "zk.word_refused" then
      server.refused_words[#server.refused_words + 1] = word
    elseif answer.error then
      server.error = server.error or answer.error.message
    end
  end
  -- It listens, and does not say what it is.
  if server.mode == "unreachable" and not server.error then
    server.mode = "not_serving"
    server.error = "it does not answer \"srvr\": add that to 4lw.commands.whitelist"
  end
  return server
end

-- All of them ---------------------------------------------------------------------------------------------------------

local SERVES = { leader = true, follower = true, standalone = true }

local function voters_of(servers)
  local named = 0
  for _, server in ipairs(servers) do
    if server.voters then return server.voters end
    if server.mode ~= "observer" then named = named + 1 end
  end
  return named
end

-- Halves of a zxid: its epoch, and the transaction within that. Each fits a number.
local function halves(zxid)
  local digits = ("0"):rep(16 - (#zxid - 2)) .. zxid:sub(3)
  return tonumber(digits:sub(1, 8), 16), tonumber(digits:sub(9), 16)
end

local function zxid_spread(servers)
  local epoch, least, most
  for _, server in ipairs(servers) do
    if server.zxid then
      local its_epoch, transaction = halves(server.zxid)
      if epoch and epoch ~= its_epoch then return nil end
      epoch = its_epoch
      least, most = math.min(least or transaction, transaction), math.max(most or transaction, transaction)
    end
  end
  return most and most - least
end

local function judge(servers)
  local report = { servers = servers, voters = voters_of(servers), serving = 0, quorum = false }
  for _, server in ipairs(servers) do
    if SERVES[server.mode] then report.serving = report.serving + 1 end
    if server.mode == "leader" or server.mode == "standalone" then report.leader = server.server end
  end
  report.quorum = report.leader ~= nil and report.serving > report.voters / 2
  for _, server in ipairs(servers) do
    local others = report.serving - (SERVES[server.mode] and 1 or 0)
    server.survives_loss = report.quorum and others > report.voters / 2
    server.voters = nil
  end
  report.zxid_spread = zxid_spread(servers)
  return report
end

function ensemble.look(hidden, module, hosts, options)
  local names = hidden.server_names(hosts)
  local results = fan_out.each(names, { parallel = math.max(#names, 1), on_error = "collect" }, function(name)
    return look_at(module, name, options)
  end)
  local servers = {}
  for i, result in ipairs(results) do
    if result.error then raw_error(result.error, 0) end
    servers[i] = result.value
  end
  return judge(servers)
end

-- As a table ----------------------------------------------------------------------------------------------------------

local COLUMNS = {
  { "SERVER", "server" }, { "MODE", "mode" }, { "VERSION", "version" }, { "ZXID", "zxid" },
  { "CONNECTIONS", "connections" }, { "OUTSTANDING", "outstanding" }, { "QUORUM WITHOUT IT", "survives_loss" },
}

local function shown(value)
  if value == nil then return "-" end
  if value == true then return "yes" end
  if value == false then return "no" end
  return tostring(value)
end

local function row(cells, widths)
  local padded = {}
  for i, cell in ipairs(cells) do padded[i] = cell .. (" "):rep(widths[i] - #cell) end
  return (table.concat(padded, "  "):gsub("%s+$", ""))
end

local function summary(report)
  local spread = report.zxid_spread and ", zxids " .. report.zxid_spread .. " apart" or ""
  return (report.quorum and "quorum: yes" or "quorum: NO") .. ", " .. report.serving .. " of " .. report.voters
    .. " voters serve, leader: " .. (report.leader or "none") .. spread
end

function ensemble.text(report)
  local rows = { {} }
  for i, column in ipairs(COLUMNS) do rows[1][i] = column[1] end
  for _, server in ipairs(report.servers) do
    local cells = {}
    for i, column in ipairs(COLUMNS) do cells[i] = shown(server[column[2]]) end
    rows[#rows + 1] = cells
  end
  local widths = {}
  for _, cells in ipairs(rows) do
    for i, cell in ipairs(cells) do widths[i] = math.max(widths[i] or 0, #cell) end
  end
  local lines = {}
  for _, cells in ipairs(rows) do lines[#lines + 1] = row(cells, widths) end
  for _, server in ipairs(report.servers) do
    if server.error then lines[#lines + 1] = server.server .. ": " .. server.error end
    if #(server.refused_words or {}) > 0 then
      lines[#lines + 1] = server.server .. ": not in its 4lw.commands.whitelist: "
        .. table.concat(server.refused_words, ", ")
    end
  end
  lines[#lines + 1] = summary(report)
  return table.concat(lines, "\n")
end

return ensemble
