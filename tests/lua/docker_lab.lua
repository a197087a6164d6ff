-- What the tests of `docker` share: the lab's engine, containers that go when the test ends, its faults.
local docker = require "docker"
local machine = require "local"
local ops = require "ops"

local lab = {
  socket = os.getenv("LAB_DOCKER_SOCKET"),
  tls_endpoint = "tcp://" .. (os.getenv("LAB_DOCKER_TLS_ADDRESS") or ""),
  cert_path = os.getenv("LAB_DOCKER_CERT_PATH"),
  other_ca = os.getenv("LAB_DOCKER_OTHER_CA"),
  network = os.getenv("LAB_DOCKER_NETWORK"),
  image = os.getenv("LAB_DOCKER_IMAGE"),
}
lab.endpoint = "unix://" .. (lab.socket or "")

--- The usual 60 s are too few for what many tests at once ask of one engine on a busy machine.
function lab.engine(options)
  options = options or {}
  options.timeout = options.timeout or "4m"
  return docker.connect(lab.endpoint, options)
end

local count = 0
local this_run = os.time() .. tostring({}):match("0x0*(%x+)$")
--- A name no other test has, in this run and others.
function lab.name(what)
  count = count + 1
  return what .. "-" .. this_run .. "-" .. count
end

--- Calls fn(container) with one that runs `options.command` (it sleeps unless told otherwise), and deletes it.
function lab.with_container(options, fn)
  local engine = options.engine or lab.engine()
  options.engine = nil
  options.image = options.image or lab.image
  options.name = options.name or lab.name("test")
  options.command = options.command or { "sleep", "1000" }
  local create_only = options.create_only
  options.create_only = nil
  local container = engine:create(options)
  local ok, failure = pcall(function()
    if not create_only then container:start() end
    fn(container, engine)
  end)
  local _, left = ops.try(function() container:delete({ force = true, volumes = true }) end, { "docker.*" })
  if not ok then error(failure, 0) end
  if left and left.code ~= "docker.not_found" then error(left, 0) end
end

--- Calls fn(engine, answers, endpoint) with the lab's engine behind a proxy. answers() notes how often it has answered
--- by now; answers(n) waits until it has n times more.
function lab.with_watched_engine(fn)
  local folder = machine.temp()
  local socket, said = folder .. "/docker.sock", folder .. "/answers"
  local counted = 0
  local function answered()
    local found = 0
    for _ in machine.read_file(said):gmatch("HTTP/1%.1 %d") do found = found + 1 end
    return found
  end
  local function answers(more)
    if more == nil then
      counted = answered()
      return
    end
    ops.wait_until(function()
      local found = answered()
      return found >= counted + more, ("%d answers"):format(found - counted)
    end, { timeout = "30s", every = "20ms", what = ("%d answers of the engine"):format(more) })
  end
  local ok, failure
  local _, ended = pcall(ops.group, function(group)
    group:spawn(function()
      machine.read({ "socat", "-R", said, "UNIX-LISTEN:" .. socket .. ",fork", "UNIX-CONNECT:" .. lab.socket },
        { timeout = "59s", grace = 0 })
    end)
    group:spawn(function()
      ops.wait_until(function() return machine.exists(socket) ~= nil, "no socket yet" end,
        { timeout = "30s", every = "20ms" })
      ok, failure = pcall(fn, docker.connect("unix://" .. socket), answers, "unix://" .. socket)
      error("that ends the proxy", 0)
    end)
  end)
  if ok == nil then error(ended, 0) end
  if not ok then error(failure, 0) end
end

--- The lab's own command: lab.command("freeze", "dockerd").
function lab.command(...)
  return machine.run({ os.getenv("LAB_COMMAND"), ... }, { timeout = "60s" })
end

return lab
