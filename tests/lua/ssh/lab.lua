-- The sshd of the lab this test runs in.
local machine = require "local"
local ops = require "ops"
local ssh = require "ssh"

local lab = {}

function lab.env(name)
  local value = os.getenv(name)
  if not value then error(name .. " is not set: these tests run in a lab (tests/support/in_lab)", 2) end
  return value
end

function lab.key(name)
  return lab.env "LAB_SSH_KEYS" .. "/" .. name
end

--- Connects to a host of the lab, with nothing to log in with but what `options` says.
function lab.connect_bare(options)
  local all = { host = "127.9.0.1", port = tonumber(lab.env "LAB_SSH_PORT"),
    known_hosts = lab.env "LAB_SSH_KNOWN_HOSTS" }
  for name, value in pairs(options) do all[name] = value end
  return ssh.connect(all)
end

--- Connects as the user with keys; `options` changes what it says.
function lab.connect(options)
  local all = { user = lab.env "LAB_SSH_KEY_USER", key = lab.env "LAB_SSH_KEY" }
  for name, value in pairs(options or {}) do all[name] = value end
  return lab.connect_bare(all)
end

--- Breaks or mends the lab: lab.lab("freeze", "sshd").
function lab.lab(...)
  machine.run({ lab.env "LAB_COMMAND", ... }, { timeout = "30s" })
end

--- "libssh2 1.10.0": what opshost is linked with.
function lab.library()
  return "libssh2 " .. machine.read(ops.shell "dpkg-query -W -f '${Version}' libssh2-1").stdout:match "^[%d.]+"
end

--- A folder on the host that this test alone uses.
function lab.folder(host)
  return (host:run({ "mktemp", "-d" }).stdout:gsub("\n", ""))
end

--- Of this process: open descriptors, and KiB of memory in use now and at most.
function lab.descriptors()
  return tonumber(machine.read(ops.shell "ls /proc/$PPID/fd | wc -l").stdout)
end

local function status(name)
  return tonumber(machine.read(ops.shell("grep " .. name .. ": /proc/$PPID/status")).stdout:match "%d+")
end

function lab.memory() return status "VmRSS" end
function lab.peak_memory() return status "VmHWM" end

return lab
