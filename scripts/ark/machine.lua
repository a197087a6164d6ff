-- One machine of the site, as the inventory describes it: its services through ssh, its containers through its own
-- engine. That engine is never asked before systemd said that it runs: a connection to Docker's socket would start it.
local docker = require "docker"
local ops = require "ops"
local service = require "ops.service"
local site = require "ark.site"
local ssh = require "ssh"

local M = {}
local Machine = {}
Machine.__index = Machine

--- `host` as the inventory has it.
function M.open(host)
  return setmetatable({
    name = host.name, address = host.address, ssh = ssh.connect(host), engine = docker.connect(host), handles = {},
  }, Machine)
end

--- The state of a unit ("running", "stopped", "failed", "changing"); nil where there is none of that name.
function Machine:unit(name)
  local status = ops.try(function() return service.status(self.ssh, name) end, { "service.not_found" })
  return status and status.state
end

--- Whether Docker runs. That it does is believed from then on, until one of the units is started or stopped here.
function Machine:docker_runs()
  self.docker_ran = self.docker_ran or self:unit(site.docker.service) == "running"
  return self.docker_ran
end

function Machine:start_unit(name)
  self.docker_ran = nil
  service.start(self.ssh, name, { as_user = site.docker.as_user, timeout = site.times.docker })
end

function Machine:stop_unit(name)
  self.docker_ran = nil
  service.stop(self.ssh, name, { as_user = site.docker.as_user, timeout = site.times.docker })
end

--- The Docker daemons of a list of processes, one "PID WORDS..." a line: "dockerd ...", of old ones "docker daemon".
function M.daemons(text)
  local found = {}
  for line in text:gmatch("[^\n]+") do
    local pid, program, first = line:match("^%s*(%d+)%s+(%S+)%s*(%S*)")
    program = program and program:match("[^/]+$")
    if program == "dockerd" or program == "docker" and (first == "daemon" or first == "-d") then
      found[#found + 1] = pid
    end
  end
  return found
end

--- The containers of a list of processes: their shims, which go on without a daemon; {pid, id}, id nil where the line
--- tells none. One that ended and was not waited for holds none; those of another user of containerd
--- (`-namespace k8s.io`) are not Docker's.
function M.shims(text)
  local found = {}
  for line in text:gmatch("[^\n]+") do
    local pid, program, arguments = line:match("^%s*(%d+)%s+(%S+)(.*)$")
    program = program and program:match("[^/]+$")
    local namespace = arguments and arguments:match("%-namespace%s+(%S+)")
    local is_shim = program and program:find("containerd-shim", 1, true) and not arguments:find("<defunct>", 1, true)
    if is_shim and (namespace == nil or namespace == "moby") then
      found[#found + 1] = { pid = pid, id = arguments:match(("%x"):rep(64)) }
    end
  end
  return found
end

local function processes(self) return self.ssh:read({ "ps", "-eo", "pid,args", "-ww" }).stdout end

--- Containers that run whether there is a daemon or not, as M.shims has them.
function Machine:shims() return M.shims(processes(self)) end

function Machine:daemons() return M.daemons(processes(self)) end

--- Whether a kernel module is there, loaded or built in.
function Machine:has_module(name) return self.ssh:exists("/sys/module/" .. name) ~= nil end

--- The first of the paths that exists.
function Machine:first_path(paths)
  for _, path in ipairs(paths) do
    if self.ssh:exists(path) then return path end
  end
  return nil
end

--- A container by its name. Who it is, is asked once.
function Machine:container(name)
  self.handles[name] = self.handles[name] or self.engine:container(name)
  return self.handles[name]
end

--- Asks who all of them are while Docker runs, so that no later change is between that and their use.
function Machine:know(names)
  if not self:docker_runs() then return end
  ops.each(names, {}, function(name) self.handles[name] = self.engine:find_container(name) end)
end

--- "running", "exited", and what else the engine says; "gone"; "stopped with Docker" where Docker does not run.
function Machine:container_state(name)
  if not self:docker_runs() then return "stopped with Docker" end
  local status, failure = ops.try(function() return self:container(name):status() end, { "docker.not_found" })
  if failure then return "gone" end
  return status.status
end

function Machine:runs(name)
  local state = self:container_state(name)
  return state == "running", state
end

--- What a command in a container answered; nil where the container does not run, and its state.
function Machine:ask(name, command, options)
  local runs, state = self:runs(name)
  if not runs then return nil, state end
  local result, failure = ops.try(function() return self:container(name):read(command, options) end,
    { "docker.not_running", "docker.not_found" })
  if failure then return nil, failure.message end
  return result
end

return M
