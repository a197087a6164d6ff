-- ssh_stall.lua PREFIX HOSTS PORT USER KEY KNOWN_HOSTS FILE: how long the loop was held up at most while it connects to
-- all hosts, in seconds, into FILE. In processor time, which other programs on the machine do not take from us; what it
-- waits for without computing is seen from outside (ssh_bench.cpp). OPSHOST_BENCH_PASSPHRASE opens the key where it is
-- set.
local machine = require "local"
local ops = require "ops"
local ssh = require "ssh"
local prefix, count, port, user, key, known, file = unpack(ops.args)

local passphrase
if os.getenv "OPSHOST_BENCH_PASSPHRASE" then passphrase = require("ops.secret").env("OPSHOST_BENCH_PASSPHRASE") end

local addresses = {}
for i = 1, tonumber(count) do addresses[i] = prefix .. i end

local over, longest = false, 0
ops.group(function(group)
  group:spawn(function()
    local before = os.clock()
    while not over do
      ops.sleep("1ms")
      local now = os.clock()
      longest = math.max(longest, now - before)
      before = now
    end
  end)
  ops.each(addresses, { parallel = 50 }, function(address)
    ssh.connect({ host = address, port = tonumber(port), user = user, key = key, known_hosts = known,
      passphrase = passphrase }):read({ "true" })
  end)
  over = true
end)
machine.write_file(file, tostring(longest))
