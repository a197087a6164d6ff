-- docker.lua SOCKET make|make_more|start|stop|inspect|list|write_logs|logs COUNT
local docker = require "docker"
local ops = require "ops"

local socket, operation, count = ops.args[1], ops.args[2], tonumber(ops.args[3])
local engine = docker.connect("unix://" .. socket)
local IMAGE = os.getenv("LAB_DOCKER_IMAGE")

local numbers = {}
for i = 1, count do numbers[i] = i end

local function make(i)
  engine:create({ image = IMAGE, name = "bench-" .. i, network = "none", command = { "sleep", "100000" },
    labels = { role = "bench", number = tostring(i) } })
end
local function many(fn) ops.each(numbers, { parallel = 20 }, fn) end
local function numbered(i) return engine:container("bench-" .. i) end

local operations = {
  make = function() many(make) end,
  -- Until there are COUNT.
  make_more = function()
    local there = #engine:containers()
    many(function(i)
      if i > there then make(i) end
    end)
  end,
  start = function() many(function(i) numbered(i):start() end) end,
  stop = function() many(function(i) numbered(i):stop({ grace = 0 }) end) end,
  inspect = function()
    local container = numbered(1)
    for _ = 1, count do container:inspect() end
  end,
  list = function()
    for _ = 1, count do engine:containers() end
  end,
  -- COUNT MB written by a container of its own, in lines of 1,000 bytes.
  write_logs = function()
    local line = ("x"):rep(999)
    local container = engine:create({ image = IMAGE, name = "logs-" .. count, network = "none",
      command = { "sh", "-c", "yes " .. line .. " | head -n " .. count * 1000 } })
    container:start()
    container:wait_exited({ timeout = "5m" })
  end,
  logs = function()
    local bytes = 0
    for line in engine:container("logs-" .. count):logs({ timeout = "2m" }) do bytes = bytes + #line.text + 1 end
    assert(bytes == count * 1000000, "read " .. bytes .. " bytes")
  end,
}

operations[operation]()
