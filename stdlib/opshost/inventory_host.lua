-- What every `connect` makes of a host of an inventory: it is given alone, or in the option that names the server, and
-- what else the script says wins over what the inventory says. Details of one binding are variables named after it:
-- `mysql_port`, `docker_endpoint`.
local native = ...

local raw_pcall, raw_error = native.pcall, error

local inventory_host = {}

--- Those variables, by binding and without its name, beside secrets.
local VARIABLES = {
  docker = { "endpoint", "tls", "cert_path", "ca_file", "cert_file", "key_file" },
  mysql = { "port", "user", "database", "tls", "charset", "defaults_file" },
  ssh = { "host_key", "agent", "connect_timeout", "keepalive" },
  zk = { "port", "chroot" },
}

--- Where the host has one of them, it says of itself that such a server is there.
function inventory_host.tells_of(host, binding)
  for _, field in ipairs(VARIABLES[binding]) do
    if host.vars[binding .. "_" .. field] ~= nil then return true end
  end
  return false
end

--- True for a host as an inventory gives it.
local function is_host(value)
  return type(value) == "table" and type(rawget(value, "name")) == "string"
    and type(rawget(value, "address")) == "string" and type(rawget(value, "groups")) == "table"
    and type(rawget(value, "vars")) == "table"
end
inventory_host.is_host = is_host

local function place_of(host, variable)
  for place, name in pairs(host.places or {}) do
    if name == variable then return place .. ": " end
  end
  return ""
end

-- Opened only where the script gives none: a person may have to type it.
local function secret(host, variable, reference)
  if not reference then return nil end
  local ok, value = raw_pcall(native.globals.require("ops.secret").from, reference)
  if ok then return value end
  if native.is_stop(value) or not native.is_error(value) then raw_error(value, 0) end
  local where = place_of(host, variable) .. variable .. " of the host " .. native.describe(host.name)
  raw_error(native.new_error(value.code, where .. ": " .. value.message,
    { target = host.name, retryable = value.retryable }), 0)
end

local function variables(host, binding, apart, into)
  for _, field in ipairs(VARIABLES[binding]) do
    if not apart[field] and into[field] == nil then into[field] = host.vars[binding .. "_" .. field] end
  end
  return into
end

-- Where the inventory says one; what the script gives comes first.
local function way_to(host, given)
  return given.via == nil and host.via and native.globals.require("ssh").connect(host.via) or nil
end

local function ssh_options(host, given)
  local options = { host = host.address }
  for _, field in ipairs { "port", "user", "key", "known_hosts" } do options[field] = host[field] end
  if given.password == nil then options.password = secret(host, "password", host.password) end
  if given.passphrase == nil then options.passphrase = secret(host, "ssh_passphrase", host.vars.ssh_passphrase) end
  options.via = way_to(host, given)
  return variables(host, "ssh", {}, options)
end

-- A known_hosts file that is given counts on the whole way.
local function way_known_in(known_hosts, host)
  if not host.via then return nil end
  return native.globals.require("ssh").connect({ host = host.via, known_hosts = known_hosts,
    via = way_known_in(known_hosts, host.via) })
end

-- Nobody logs in there, so its secrets stay closed.
local function host_keys_options(host, given)
  return { host = host.address, port = host.port, user = host.user, known_hosts = host.known_hosts,
    via = given.via == nil and way_known_in(given.known_hosts, host) or nil,
    connect_timeout = host.vars.ssh_connect_timeout }
end

local function mysql_options(host, given)
  local options = { host = host.address, via = way_to(host, given) }
  if given.password == nil then options.password = secret(host, "mysql_password", host.vars.mysql_password) end
  return variables(host, "mysql", {}, options)
end

local function zk_server(host)
  local address = host.address:find(":", 1, true) and "[" .. host.address .. "]" or host.address
  return address .. ":" .. (host.vars.zk_port or 2181)
end

--- What is given in place of a host, as the binding takes it: `options` with that host's details where there is one.
local function merged(options, field, make)
  local host = is_host(options) and options or rawget(options, field)
  local given = is_host(options) and {} or options
  if not is_host(host) then return options end
  local result = make(host, given)
  for name, value in pairs(given) do
    if name ~= field then result[name] = value end
  end
  return result
end

local function accepts(connect, field, make)
  return function(options, ...)
    if type(options) == "table" then options = merged(options, field, make) end
    return connect(options, ...)
  end
end

function inventory_host.ssh(connect) return accepts(connect, "host", ssh_options) end

function inventory_host.host_keys(host_keys) return accepts(host_keys, "host", host_keys_options) end

function inventory_host.mysql(connect) return accepts(connect, "host", mysql_options) end

local function way_name(host) return host.via and "through " .. host.via.name or "directly" end

-- A session moves from one server to the next, so all are reached the same way.
local function check_one_way(hosts)
  local first
  for _, host in ipairs(hosts) do
    first = first or is_host(host) and host
    if is_host(host) and way_name(host) ~= way_name(first) then
      raw_error(native.new_error("usage.argument", "zk.connect: the inventory reaches " .. first.name .. " "
        .. way_name(first) .. " and " .. host.name .. " " .. way_name(host)
        .. "; a session goes one way to all its servers: say which with `via`"), 0)
    end
  end
  return first
end

--- An ensemble is several hosts.
function inventory_host.zk(connect)
  local one = accepts(connect, "hosts", function(host, given)
    return variables(host, "zk", { port = true }, { hosts = zk_server(host), via = way_to(host, given) })
  end)
  return function(options, ...)
    local hosts = type(options) == "table" and rawget(options, "hosts")
    if type(hosts) ~= "table" or is_host(hosts) then return one(options, ...) end
    local servers, copy = {}, {}
    for i, host in ipairs(hosts) do servers[i] = is_host(host) and zk_server(host) or host end
    for name, value in pairs(options) do copy[name] = value end
    copy.hosts = servers
    if copy.via == nil then
      local first = check_one_way(hosts)
      if first then copy.via = way_to(first, copy) end
    end
    return connect(copy, ...)
  end
end

--- Of a host that says no `docker_endpoint` the engine behind its own socket, through ssh.
function inventory_host.docker(connect)
  return function(endpoint, options, ...)
    if not is_host(endpoint) then return connect(endpoint, options, ...) end
    local host, with_way = endpoint, {}
    for name, value in pairs(options or {}) do with_way[name] = value end
    local ssh = native.globals.require("ssh")
    local own = host.vars.docker_endpoint
    if with_way.via == nil and own and host.via then with_way.via = ssh.connect(host.via) end
    if with_way.via == nil and not own then with_way.via = ssh.connect(host) end
    if own then variables(host, "docker", { endpoint = true }, with_way) end
    return connect(own or "unix:///var/run/docker.sock", with_way, ...)
  end
end

return inventory_host
