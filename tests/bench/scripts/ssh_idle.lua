-- ssh_idle.lua PREFIX COUNT PORT USER KEY KNOWN_HOSTS: so many open connections at once, five to an address.
local ops = require "ops"
local ssh = require "ssh"
local prefix, count, port, user, key, known = unpack(ops.args)

local items, hosts = {}, {}
for i = 1, tonumber(count) do items[i] = i end
ops.each(items, { parallel = 50 }, function(i)
  -- Other arguments, so another connection.
  local keepalive = 3600 + math.floor((i - 1) / 200)
  hosts[i] = ssh.connect { host = prefix .. ((i - 1) % 200 + 1), port = tonumber(port), user = user, key = key,
    known_hosts = known, keepalive = keepalive }
  hosts[i]:read({ "true" })
end)
