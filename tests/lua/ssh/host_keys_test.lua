-- ssh.host_keys: what a machine shows, before anybody logs in.
local lab = require "ssh.lab"
local machine = require "local"
local ssh = require "ssh"
local t = require "testing"
local test = t.test

local PORT = tonumber(lab.env "LAB_SSH_PORT")

local function fingerprint(key)
  return machine.read({ "ssh-keygen", "-lf", lab.key(key) }).stdout:match "SHA256:%S+"
end

local function by_type(scanned)
  local statuses = {}
  for _, key in ipairs(scanned.keys) do statuses[key.type] = key.status end
  return statuses
end

test("host keys: all types, the lines that known_hosts takes, and what it says of them then", function()
  local known = machine.temp() .. "/known"
  local scanned = ssh.host_keys { host = "127.9.0.1", port = PORT, known_hosts = known }
  local name = "[127.9.0.1]:" .. PORT
  t.equal({ scanned.known_as, scanned.known_hosts, scanned.unchecked }, { name, known, {} })
  t.equal(by_type(scanned), { ["ssh-ed25519"] = "new", ["ecdsa-sha2-nistp256"] = "new" })
  t.equal(machine.exists(known), nil)
  t.equal(scanned.keys[1].fingerprint, fingerprint "host_ed25519.pub")
  t.equal(scanned.keys[1].line, name .. " " .. machine.read_file(lab.key "host_ed25519.pub"):match "^%S+ %S+")

  machine.write_file(known, scanned.keys[1].line .. "\n")
  scanned = ssh.host_keys { host = "127.9.0.1", port = PORT, known_hosts = known }
  t.equal(by_type(scanned), { ["ssh-ed25519"] = "known", ["ecdsa-sha2-nistp256"] = "new" })
  -- Another one of its type: then none of them is what is known.
  machine.write_file(known, name .. " " .. machine.read_file(lab.key "user_ed25519.pub"):match "^%S+ %S+" .. "\n")
  scanned = ssh.host_keys { host = "127.9.0.1", port = PORT, known_hosts = known }
  t.equal(by_type(scanned), { ["ssh-ed25519"] = "changed", ["ecdsa-sha2-nistp256"] = "changed" })
end)

test("host keys through another host, which has to let us in", function()
  local known = machine.temp() .. "/known"
  local way = lab.connect { host = "127.9.0.1" }
  local scanned = ssh.host_keys { host = "127.9.0.2", port = PORT, known_hosts = known, via = way }
  t.equal(scanned.keys[1].fingerprint, fingerprint "host_ed25519.pub")
  local stranger = lab.connect { host = "127.9.0.1", key = lab.key "user_unknown" }
  local failure = t.raises("ssh.auth", nil, function()
    ssh.host_keys { host = "127.9.0.2", port = PORT, known_hosts = known, via = stranger }
  end)
  t.equal(failure.target, "keyonly@127.9.0.1:" .. PORT)
  way:close()
  t.raises("closed", nil, function()
    ssh.host_keys { host = "127.9.0.2", port = PORT, known_hosts = known, via = way }
  end)
end)

test("host keys of a host that is down, silent or no host", function()
  t.raises("ssh.unreachable", nil, function() ssh.host_keys { host = "127.0.0.1", port = 1 } end)
  t.raises("ssh.unreachable", "root@" .. lab.env "LAB_RUDE_ADDRESS" .. ":" .. lab.env "LAB_RUDE_SILENT_PORT"
    .. ": key exchange: no answer within 300ms (connect_timeout)", function()
    ssh.host_keys { host = lab.env "LAB_RUDE_ADDRESS", port = tonumber(lab.env "LAB_RUDE_SILENT_PORT"),
      connect_timeout = "300ms" }
  end)
  t.raises("usage.argument", nil, function() ssh.host_keys { host = "two words" } end)
  t.raises("usage.argument", nil, function() ssh.host_keys { port = 22 } end)
end)
