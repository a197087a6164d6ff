-- ssh_copy.lua ADDRESS PORT USER KEY KNOWN_HOSTS put|get FROM TO CHECKSUM: copies one file, and compares it where
-- CHECKSUM is "true", as it is unless a script says otherwise.
local ops = require "ops"
local ssh = require "ssh"
local address, port, user, key, known, verb, from, to, checksum = unpack(ops.args)
local host = ssh.connect({ host = address, port = tonumber(port), user = user, key = key, known_hosts = known })
host[verb](host, from, to, { checksum = checksum == "true" })
