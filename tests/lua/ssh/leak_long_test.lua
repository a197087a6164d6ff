-- Ten thousand connects: no descriptor and no memory stays behind.
local lab = require "ssh.lab"
local ops = require "ops"
local t = require "testing"
local test = t.test

local ROUNDS, AT_ONCE = 50, 200

--- Every address of the lab once, a connection and a command each; every tenth is left for the collector to close.
local function connect_all()
  local addresses = {}
  for i = 1, AT_ONCE do addresses[i] = "127.9.0." .. i end
  ops.each(addresses, { parallel = 50 }, function(address, i)
    local host = lab.connect { host = address, connect_timeout = "60s" }
    host:read({ "true" })
    if i % 10 ~= 0 then host:close() end
  end)
  collectgarbage()
  collectgarbage()
end

test("10,000 connects leave no descriptor and no memory behind", function()
  -- The first rounds fill caches, of ours and of the libraries'.
  for _ = 1, 5 do connect_all() end
  local descriptors, memory = lab.descriptors(), lab.memory()
  for _ = 6, ROUNDS do connect_all() end
  t.truthy(lab.descriptors() <= descriptors, "descriptors " .. lab.descriptors() .. " after " .. descriptors)
  local grown = lab.memory() - memory
  -- A leak of 1 KiB a connect would be 9 MiB.
  t.truthy(grown < 8 * 1024, grown .. " KiB more memory after 9,000 connects")
end)
