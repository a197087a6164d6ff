-- opshost preflight: what a procedure needs, looked at before its first change. Each check is {what, fine, seen}.
local native = ...

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

-- Hosts and names that parameters name, in the order of their flags.
local function named_hosts(definition, p)
  local hosts = {}
  for _, name in ipairs(params.names(definition)) do
    local kind, value = definition.params[name].kind, p[name]
    if kind == "host" and value then hosts[#hosts + 1] = value end
    if kind == "hosts" then
      for _, host in ipairs(value or {}) do hosts[#hosts + 1] = host end
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

local function has_variables(host, prefix)
  for name in pairs(type(host) == "table" and host.vars or {}) do
    if name:sub(1, #prefix) == prefix then return true end
  end
  return false
end

-- An engine that says no endpoint is the one behind its host's own socket.
local function is_reached_by_ssh(definition, host)
  return definition.uses.ssh ~= nil or definition.uses.docker ~= nil and not has_variables(host, "docker_")
end

local function clock_seen(connection)
  local asked = native.now()
  local there = tonumber(connection:read({ "date", "+%s" }).stdout)
  local ahead, took = there - native.globals.os.time(), native.now() - asked
  if math.abs(ahead) <= CLOCK_LIMIT + took then return "within " .. CLOCK_LIMIT .. " s of this machine's" end
  return ("%d s %s this machine's; look at the time service of both"):format(math.abs(ahead),
    ahead > 0 and "ahead of" or "behind"), false
end

local function ssh_checks(host, name)
  local connection
  local reached = check(name .. ", ssh", function()
    connection = native.globals.require("ssh").connect(type(host) == "table" and host or { host = host })
    connection:read({ "true" })
    return "host key and credentials accepted"
  end)
  if not reached.fine then return { reached } end
  return { reached, check(name .. ", clock", function() return clock_seen(connection) end) }
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

local function add_all(checks, more)
  for _, each in ipairs(more) do checks[#checks + 1] = each end
end

-- Each is added as it comes: what was seen before the deadline counts.
local function host_checks(definition, host, checks)
  local name = title(host)
  if is_reached_by_ssh(definition, host) then add_all(checks, ssh_checks(host, name)) end
  for _, server in ipairs(SERVERS) do
    local binding, look = server[1], server[2]
    if definition.uses[binding] and has_variables(host, binding .. "_") then
      checks[#checks + 1] = check(name .. ", " .. binding, function() return look(host) end)
    end
  end
  if #checks > 0 then return end
  checks[1] = { what = name, fine = true, seen = "named; nothing the procedure uses goes there" }
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
