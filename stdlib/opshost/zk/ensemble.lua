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

-- "server.2=10.0.0.2:2888:3888:participant;..." lines: how many vote. "group.1=1:2:3" and "weight.1=2": majorities are
-- counted otherwise.
local function read_conf(server, text)
  local voters = 0
  for line in text:gmatch("server%.%d+=([^\n]*)") do
    if not line:find(":observer", 1, true) then voters = voters + 1 end
  end
  server.conf = {
    id = text:match("serverId=(%d+)"),
    voters = voters > 0 and voters or nil,
    hierarchical = text:find("%f[%w]group%.%d+=") ~= nil or text:find("%f[%w]weight%.%d+=") ~= nil,
  }
end

local readers = {
  srvr = read_srvr,
  conf = read_conf,
  ruok = function(server, text) server.ok = text == "imok" end,
  mntr = function(server, text) server.followers = tonumber(text:match("zk_synced_followers%s+(%d+)")) end,
}

--- Asks one server all words at once. What it refuses is listed; where it does not answer, that is its state.
local function look_at(module, name, options)
  local server = { server = name, mode = "unreachable", refused_words = {}, conf = {} }
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
local LEADS = { leader = true, standalone = true }

--- The servers without those that were named once more under another name, which are told so.
local function distinct(servers)
  local counted, known = {}, {}
  for _, server in ipairs(servers) do
    local id = server.conf.id
    if id and known[id] and server.mode ~= "standalone" then
      server.error = "it has the serverId of " .. known[id]
        .. ": the same server, or another ensemble; it is not counted"
    else
      if id then known[id] = server.server end
      counted[#counted + 1] = server
    end
  end
  return counted
end

--- What the servers say of all of them: how many vote, and whether a majority of those is a quorum.
local function configured(servers)
  for _, server in ipairs(servers) do
    if server.conf.voters then return server.conf end
  end
  return {}
end

--- The servers' voices: how many there are, were asked, serve; who leads.
local function count(servers)
  local known = configured(servers)
  local voices = { asked = 0, serving = 0, leaders = {}, hierarchical = known.hierarchical }
  for _, server in ipairs(servers) do
    if server.mode ~= "observer" then voices.asked = voices.asked + 1 end
    if SERVES[server.mode] then voices.serving = voices.serving + 1 end
    if LEADS[server.mode] then voices.leaders[#voices.leaders + 1] = server end
  end
  voices.voters = known.voters or voices.asked
  voices.is_whole = voices.asked >= voices.voters
  -- Of those that were not asked the leader knows.
  local followers = #voices.leaders == 1 and voices.leaders[1].followers
  if not voices.is_whole and followers then
    voices.serving = math.max(voices.serving, followers + 1)
    voices.is_whole = true
  end
  return voices
end

--- true, false, or nil where nobody can tell.
local function has_quorum(voices)
  if #voices.leaders > 1 then return nil end
  if voices.is_whole and not voices.hierarchical then
    return #voices.leaders == 1 and voices.serving > voices.voters / 2
  end
  -- A server leads or follows only where there is one.
  if voices.serving > 0 then return true end
  return nil
end

--- The same, without one server.
local function survives(voices, quorum, server)
  if quorum == false then return false end
  if quorum == nil or not voices.is_whole or voices.hierarchical then return nil end
  local others = voices.serving - (SERVES[server.mode] and 1 or 0)
  return others > voices.voters / 2
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

local function names_of(servers)
  local names = {}
  for i, server in ipairs(servers) do names[i] = server.server end
  return table.concat(names, " and ")
end

local function judge(servers)
  local counted = distinct(servers)
  local voices = count(counted)
  local report = { servers = servers, voters = voices.voters, asked = voices.asked, serving = voices.serving,
    leader = voices.leaders[1] and voices.leaders[1].server, quorum = has_quorum(voices) }
  if #voices.leaders > 1 then
    report.problem = names_of(voices.leaders)
      .. " lead: these are several ensembles, or a former leader has not noticed "
      .. "yet that it is cut off"
  elseif voices.hierarchical then
    report.problem = "its servers vote in groups or with weights: what survives which loss is not known"
  end
  for _, server in ipairs(servers) do
    server.survives_loss = survives(voices, report.quorum, server)
    server.conf = nil
  end
  report.zxid_spread = zxid_spread(counted)
  return report
end

--- Each server once, however often it was named.
local function once(names)
  local kept, known = {}, {}
  for _, name in ipairs(names) do
    if not known[name] then kept[#kept + 1] = name end
    known[name] = true
  end
  return kept
end

function ensemble.look(hidden, module, hosts, options)
  local names = once(hidden.server_names(hosts))
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
  { "CONNECTIONS", "connections" }, { "OUTSTANDING", "outstanding" },
  { "QUORUM WITHOUT IT", "survives_loss", "unknown" },
}

local function shown(value, unknown)
  if value == nil then return unknown or "-" end
  if value == true then return "yes" end
  if value == false then return "no" end
  return tostring(value)
end

local function row(cells, widths)
  local padded = {}
  for i, cell in ipairs(cells) do padded[i] = cell .. (" "):rep(widths[i] - #cell) end
  return (table.concat(padded, "  "):gsub("%s+$", ""))
end

local QUORUM = { [true] = "quorum: yes, ", [false] = "quorum: NO, " }

local function summary(report)
  local spread = report.zxid_spread and ", zxids " .. report.zxid_spread .. " apart" or ""
  local asked = report.asked < report.voters and " (" .. report.asked .. " asked)" or ""
  local others = report.quorum and asked ~= "" and "not asked" or "none"
  return (QUORUM[report.quorum] or "quorum: unknown, ") .. report.serving .. " of " .. report.voters .. " voters serve"
    .. asked .. ", leader: " .. (report.leader or others) .. spread
end

function ensemble.text(report)
  local rows = { {} }
  for i, column in ipairs(COLUMNS) do rows[1][i] = column[1] end
  for _, server in ipairs(report.servers) do
    local cells = {}
    for i, column in ipairs(COLUMNS) do cells[i] = shown(server[column[2]], column[3]) end
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
  if report.problem then lines[#lines + 1] = report.problem end
  lines[#lines + 1] = summary(report)
  return table.concat(lines, "\n")
end

return ensemble
