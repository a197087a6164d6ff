-- An engine that answers what a test tells it to (docker_engine.py).
local data = require "data"
local docker = require "docker"
local machine = require "local"
local ops = require "ops"

local fake = { ID = ("4e1f0f2d"):rep(8), NEW = ("5e1f0f2d"):rep(8) }

local program = ops.args[1]:match("^(.*)/docker/[^/]*$") .. "/docker_engine.py"

--- fn(engine, asked, endpoint) with an engine that gives those answers; asked() is what it was asked so far.
function fake.with_engine(answers, fn)
  local folder = machine.temp()
  machine.write_file(folder .. "/answers", type(answers) == "string" and answers or data.to_json(answers))
  local command = { "python3", program, folder .. "/port", folder .. "/answers", folder .. "/asked" }
  local function asked()
    local list = {}
    for line in machine.read_file(folder .. "/asked"):gmatch("[^\n]+") do list[#list + 1] = data.from_json(line) end
    return list
  end
  -- Whatever fn says; where it does not come to that, why the group ended.
  local ok, failure
  local _, ended = pcall(ops.group, function(group)
    group:spawn(function() machine.read(command, { timeout = "10m", grace = 0 }) end)
    group:spawn(function()
      ops.wait_until(function() return machine.exists(folder .. "/port") ~= nil, "no port yet" end,
        { timeout = "30s", every = "20ms" })
      local endpoint = "tcp://127.0.0.1:" .. machine.read_file(folder .. "/port")
      -- 100 MB of an answer take more than the usual 60 s with ThreadSanitizer.
      ok, failure = pcall(fn, docker.connect(endpoint, { tls = false, timeout = "4m" }), asked, endpoint)
      error("that ends the engine", 0)
    end)
  end)
  if not ok then error(failure or ended, 0) end
end

--- The same answers, of an engine that speaks API 1.41.
function fake.modern(answers)
  answers["GET /_ping"] = answers["GET /_ping"] or { text = "OK", headers = { ["Api-Version"] = "1.41" } }
  return answers
end

local WEB = { json = { Id = fake.ID, Name = "/web", State = { Running = true } } }

--- The same with one more that runs: the container "web" of that id.
function fake.with_web(answers, fn)
  local path = "/v1.41/containers/" .. fake.ID .. "/json"
  answers["GET /v1.41/containers/web/json"] = WEB
  answers["GET " .. path] = answers["GET " .. path] or WEB
  fake.with_engine(fake.modern(answers), fn)
end

--- What changed something, as "METHOD /path?query" without the version, in order.
function fake.changes(asked)
  local list = {}
  for _, request in ipairs(asked()) do
    if request.method ~= "GET" and request.method ~= "HEAD" then
      list[#list + 1] = request.method .. " " .. request.path:gsub("^/v[%d.]+", "")
        .. (request.query ~= "" and "?" .. request.query or "")
    end
  end
  return list
end

return fake
