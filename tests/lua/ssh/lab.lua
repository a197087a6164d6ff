-- The sshd of the lab this test runs in.
local machine = require "local"
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

--- Connects as the user with keys; `options` changes what it says.
function lab.connect(options)
  local all = {
    host = "127.9.0.1", port = tonumber(lab.env "LAB_SSH_PORT"), user = lab.env "LAB_SSH_KEY_USER",
    key = lab.env "LAB_SSH_KEY", known_hosts = lab.env "LAB_SSH_KNOWN_HOSTS",
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return ssh.connect(all)
end

--- Breaks or mends the lab: lab.lab("freeze", "sshd").
function lab.lab(...)
  machine.run({ lab.env "LAB_COMMAND", ... }, { timeout = "30s" })
end

--- A folder on the host that this test alone uses.
function lab.folder(host)
  return (host:run({ "mktemp", "-d" }).stdout:gsub("\n", ""))
end

return lab
