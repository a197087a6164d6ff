-- ssh.lua PREFIX HOSTS PORT USER KEY KNOWN_HOSTS WARM_ROUNDS: `true` on every host, then again on the open connections.
-- OPSHOST_BENCH_PASSPHRASE opens the key where it is set.
local ops = require "ops"
local ssh = require "ssh"
local prefix, count, port, user, key, known, rounds = unpack(ops.args)

local passphrase
if os.getenv "OPSHOST_BENCH_PASSPHRASE" then passphrase = require("ops.secret").env("OPSHOST_BENCH_PASSPHRASE") end

local addresses, hosts = {}, {}
for i = 1, tonumber(count) do addresses[i] = prefix .. i end

ops.each(addresses, { parallel = 50 }, function(address)
  hosts[address] = ssh.connect { host = address, port = tonumber(port), user = user, key = key, known_hosts = known,
    passphrase = passphrase }
  hosts[address]:read({ "true" })
end)
for _ = 1, tonumber(rounds) do
  ops.each(addresses, { parallel = #addresses }, function(address) hosts[address]:read({ "true" }) end)
end
