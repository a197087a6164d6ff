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

function lab.engine(options) return docker.connect(lab.endpoint, options) end

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

--- The lab's own command: lab.command("freeze", "dockerd").
function lab.command(...)
  return machine.run({ os.getenv("LAB_COMMAND"), ... }, { timeout = "60s" })
end

return lab
