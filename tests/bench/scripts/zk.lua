-- zk.lua HOSTS get|create|walk|tree COUNT|PATH WINDOW
local ops = require "ops"
local zk = require "zk"

local hosts, operation, what, window = ops.args[1], ops.args[2], ops.args[3], tonumber(ops.args[4])
local z = zk.connect({ hosts = hosts, session_timeout = "30s" })
local data = ("x"):rep(100)

-- COUNT requests from WINDOW fibers.
local function requests(send)
  local count, sent = tonumber(what), 0
  local fibers = {}
  for i = 1, window do fibers[i] = i end
  ops.each(fibers, { parallel = window }, function()
    while sent < count do
      sent = sent + 1
      send(sent)
    end
  end)
end

if operation == "walk" then
  for _ in z:walk(what) do end -- luacheck: ignore 542
elseif operation == "tree" then
  -- Below PATH: WINDOW nodes with 999 children each.
  z:create(what)
  for i = 1, window do
    local parent = what .. "/" .. i
    z:create(parent)
    local names = {}
    for k = 1, 999 do names[k] = k end
    ops.each(names, { parallel = 500 }, function(k) z:create(parent .. "/" .. k) end)
  end
elseif operation == "create" then
  local root = z:create("/lua-", data, { sequential = true })
  requests(function(i) z:create(root .. "/n" .. i, data, { ephemeral = true }) end)
else
  local root = z:create("/lua-", data, { sequential = true })
  requests(function() z:get(root) end)
end
z:close()
