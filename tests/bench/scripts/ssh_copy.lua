-- ssh_put.lua ADDRESS PORT USER KEY KNOWN_HOSTS FROM TO: copies one file to a host.
local ops = require "ops"
local ssh = require "ssh"
local address, port, user, key, known, from, to = unpack(ops.args)
ssh.connect({ host = address, port = tonumber(port), user = user, key = key, known_hosts = known })
  :put(from, to, { checksum = false })
