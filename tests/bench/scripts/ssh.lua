-- ssh.lua PREFIX HOSTS PORT USER KEY KNOWN_HOSTS WARM_ROUNDS: `true` on every host, then again on the open connections.
local ops = require "ops"
local ssh = require "ssh"
local prefix, count, port, user, key, known, rounds = unpack(ops.args)

local addresses, hosts = {}, {}
for i = 1, tonumber(count) do addresses[i] = prefix .. i end

ops.each(addresses, { parallel = 50 }, function(address)
  hosts[address] = ssh.connect { host = address, port = tonumber(port), user = user, key = key, known_hosts = known }
  hosts[address]:read({ "true" })
end)
for _ = 1, tonumber(rounds) do
  ops.each(addresses, { parallel = #addresses }, function(address) hosts[address]:read({ "true" }) end)
end
