-- opshost preflight: what a procedure needs, looked at before its first change. Each check is {what, fine, seen}.
local native = ...

local inventory_host = native.internal("inventory_host")
local params = native.internal("procedure/params")

local raw_pcall, raw_error = native.pcall, error

-- Logs and records of hosts further apart than this many seconds can not be put in one order. `date` tells no less
-- than seconds on every system, so nothing tighter is seen.
local CLOCK_LIMIT = 2
local HOST_TIMEOUT = "30s"
local PARALLEL = 50

local function problem_of(failure)
  if native.is_stop(failure) then raw_error(failure, 0) end
  return native.to_error(failure).message
end

--- One check: what the function saw, and false where that is not fine; or the error that it raised.
local function check(what, look)
  local returned, seen, fine = raw_pcall(look)
  if not returned then return { what = what, fine = false, seen = problem_of(seen) } end
  return { what = what, fine = fine ~= false, seen = seen }
end

local function module_checks(definition)
  local names, checks = {}, {}
  for name in pairs(definition.uses) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    checks[#checks + 1] = check("module " .. name, function()
      native.globals.require(name)
      return "there"
    end)
  end
  return checks
end

-- Hosts -------------------------------------------------------------------------------------------------------------

-- The names that parameters give, in the order of their flags, each once.
local function named_hosts(definition, p)
  local hosts, seen = {}, {}
  local function add(name)
    if not seen[name] then hosts[#hosts + 1], seen[name] = name, true end
  end
  for _, name in ipairs(params.names(definition)) do
    local kind, value = definition.params[name].kind, p[name]
    if kind == "host" and value then add(value) end
    if kind == "hosts" then
      for _, host in ipairs(value or {}) do add(host) end
    end
  end
  return hosts
end

--- The chosen hosts of the inventory, then those that parameters name beside them; and checks of names it has not.
local function hosts_of(definition, p)
  local path = native.chosen_inventory()
  if not path then return named_hosts(definition, p), {} end
  local hosts, checks, listed = {}, {}, {}
  for _, host in ipairs(native.internal("chosen_inventory").hosts()) do
    hosts[#hosts + 1], listed[host.name] = host, true
  end
  checks[1] = { what = "inventory " .. path, fine = true, seen = #hosts == 1 and "1 host" or #hosts .. " hosts" }
  local whole = native.globals.require("ops.inventory").load(path)
  for _, name in ipairs(named_hosts(definition, p)) do
    local host = not listed[name] and whole:find_host(name)
    if host then hosts[#hosts + 1] = host end
    if host == nil then
      checks[#checks + 1] = { what = "host " .. name, fine = false, seen = "it is not in the inventory " .. path }
    end
    listed[name] = true
  end
  return hosts, checks
end

local function tells_of(host, binding) return type(host) == "table" and inventory_host.tells_of(host, binding) end

-- An engine that says no endpoint is the one behind its host's own socket.
local function has_engine_behind_ssh(host) return type(host) ~= "table" or host.vars.docker_endpoint == nil end

local function is_reached_by_ssh(definition, host)
  return definition.uses.ssh ~= nil or definition.uses.docker ~= nil and has_engine_behind_ssh(host)
end

local function clock_seen(connection)
  local asked = native.now()
  local there = tonumber(connection:read({ "date", "+%s" }).stdout)
  local ahead, took = there - native.globals.os.time(), native.now() - asked
  if math.abs(ahead) <= CLOCK_LIMIT + took then return "within " .. CLOCK_LIMIT .. " s of this machine's" end
  return ("%d s %s this machine's; look at the time service of both"):format(math.abs(ahead),
    ahead > 0 and "ahead of" or "behind"), false
end

local function connect(host)
  return native.globals.require("ssh").connect(type(host) == "table" and host or { host = host })
end

local function ssh_checks(host, name, checks)
  local connection
  local reached = check(name .. ", ssh", function()
    connection = connect(host)
    connection:read({ "true" })
    return "host key and credentials accepted"
  end)
  checks[#checks + 1] = reached
  if reached.fine then checks[#checks + 1] = check(name .. ", clock", function() return clock_seen(connection) end) end
  if connection then connection:close() end
  return reached.fine
end

-- How systemd keeps the daemon stopped; nil where it runs or somebody else looks after it.
local function why_asleep(connection)
  local answered, status = raw_pcall(native.globals.require("ops.service").status, connection, "docker")
  if answered then return status.manager == "systemd" and status.state ~= "running" and status.seen or nil end
  if status.code ~= "service.not_found" and status.code ~= "service.no_manager" then raw_error(status, 0) end
  return nil
end

local function look_behind_ssh(connection)
  local asleep = why_asleep(connection)
  if asleep then return "its service is " .. asleep .. "; it was not asked, since that may start it", false end
  local answered, engine = raw_pcall(function()
    return native.globals.require("docker").connect("unix:///var/run/docker.sock", { via = connection }):version()
  end)
  if answered then return "Docker " .. engine.version, true end
  if engine.code ~= "docker.unreachable" then raw_error(engine, 0) end
  return "no engine answers: " .. engine.message, false
end

-- Which of the hosts have one, only the procedure knows, where it goes to hosts with more than docker.
local function engine_behind_ssh(definition, host)
  local connection = connect(host)
  local looked, seen, answers = raw_pcall(look_behind_ssh, connection)
  connection:close()
  if not looked then raw_error(seen, 0) end
  return seen, answers or definition.uses.ssh ~= nil
end

-- What a host's variables say of a server there: binding -> a look at it that needs its credentials.
local SERVERS = {
  { "docker", function(host)
    return "Docker " .. native.globals.require("docker").connect(host):version().version
  end },
  { "mysql", function(host)
    return "server " .. native.globals.require("mysql").connect({ host = host }):one("SELECT VERSION() AS v").v
  end },
  { "zk", function(host)
    native.globals.require("zk").connect({ hosts = host }):exists("/")
    return "answers"
  end },
}

local function title(host) return "host " .. (type(host) == "table" and host.name or host) end

-- Each is added as it comes: what was seen before the deadline counts.
local function host_checks(definition, host, checks)
  local name = title(host)
  local reached = is_reached_by_ssh(definition, host) and ssh_checks(host, name, checks)
  if reached and definition.uses.docker and has_engine_behind_ssh(host) then
    checks[#checks + 1] = check(name .. ", docker", function() return engine_behind_ssh(definition, host) end)
  end
  for _, server in ipairs(SERVERS) do
    local binding, look = server[1], server[2]
    local is_elsewhere = binding == "docker" and has_engine_behind_ssh(host)
    if definition.uses[binding] and tells_of(host, binding) and not is_elsewhere then
      checks[#checks + 1] = check(name .. ", " .. binding, function() return look(host) end)
    end
  end
  if #checks > 0 then return end
  checks[1] = { what = name, fine = true, seen = "named; nothing the procedure uses goes there" }
end

local function add_all(checks, more)
  for _, each in ipairs(more) do checks[#checks + 1] = each end
end

local function all_hosts(definition, hosts)
  local ops = native.globals.require("ops")
  local function look(host)
    local checks = {}
    local in_time = check(title(host), function() ops.deadline(HOST_TIMEOUT, host_checks, definition, host, checks) end)
    if not in_time.fine then checks[#checks + 1] = in_time end
    return checks
  end
  local checks = {}
  for _, result in ipairs(ops.each(hosts, { parallel = PARALLEL }, look)) do add_all(checks, result.value) end
  return checks
end

return function(definition, p)
  local checks = module_checks(definition)
  local hosts, inventory_checks = hosts_of(definition, p)
  add_all(checks, inventory_checks)
  add_all(checks, all_hosts(definition, hosts))
  return checks
end
