-- Servers that want or show something else than those of the lab; each is begun here, and ended with its test.
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local secret = require "ops.secret"
local t = require "testing"
local test = t.test

local PORT = 12290

--- Runs fn(connect) with an sshd of these lines; connect as lab.connect_bare.
local function with_sshd(lines, fn)
  local folder = machine.temp()
  local config = ("Port %d\nListenAddress 127.0.0.1\nPidFile %s/pid\nStrictModes no\nUsePAM no\nUseDNS no\n"
    .. "AuthorizedKeysFile %s/authorized_keys\nSubsystem sftp internal-sftp\n%s\n"):format(PORT, folder,
    lab.env "LAB_SSH_KEYS", table.concat(lines, "\n"))
  machine.write_file(folder .. "/sshd.conf", config)
  machine.run { "/usr/sbin/sshd", "-f", folder .. "/sshd.conf" }
  ops.wait_until(function() return machine.exists(folder .. "/pid") ~= nil end, { every = "20ms", timeout = "20s" })
  local ok, failure = pcall(fn, function(options)
    options.host, options.port = "127.0.0.1", PORT
    options.host_key, options.known_hosts = options.host_key or "accept-new", folder .. "/known"
    return lab.connect_bare(options)
  end)
  local pid = machine.read_file(folder .. "/pid"):match "%d+"
  machine.run { "kill", pid }
  ops.wait_until(function() return machine.exists("/proc/" .. pid) == nil end, { every = "20ms", timeout = "20s" })
  if not ok then error(failure, 0) end
end

local function host_key(type) return "HostKey " .. lab.key("host_" .. type) end

test("a key and then a password", function()
  with_sshd({ host_key "ed25519", "AuthenticationMethods publickey,password" }, function(connect)
    local key = lab.env "LAB_SSH_KEY"
    t.equal(connect({ user = "lab", key = key, password = secret.env "LAB_SSH_PASSWORD" }):read({ "id", "-un" }).stdout,
      "lab\n")
    t.raises("ssh.auth", "lab@127.0.0.1:12290: auth: the server refused key " .. key
      .. " (ssh-ed25519); it takes password", function()
      connect({ user = "lab", key = key }):read { "true" }
    end)
  end)
end)

test("a host with no key but an RSA one", function()
  local banner = "exec 3<>/dev/tcp/127.9.0.1/" .. lab.env "LAB_SSH_PORT" .. "; head -n 1 <&3"
  local version = machine.read({ "bash", "-c", banner }).stdout:match "[^\r\n]+"
  with_sshd({ host_key "rsa" }, function(connect)
    t.raises("ssh.protocol", "keyonly@127.0.0.1:12290: key exchange: no agreement with " .. version
      .. ": Unable to exchange encryption keys; if it shows an RSA key only, it has to get an ed25519 or ecdsa key: "
      .. lab.library() .. " checks RSA keys only in the old way, SHA-1", function()
      connect({ user = "keyonly", key = lab.env "LAB_SSH_KEY" }):read { "true" }
    end)
  end)
end)

test("new keys in the middle of it, whoever asks for them", function()
  with_sshd({ host_key "ed25519", "RekeyLimit 1M" }, function(connect)
    local host = connect { user = "keyonly", key = lab.env "LAB_SSH_KEY" }
    local all = {}
    for i = 1, 5 do all[i] = ("%08d"):format(i):rep(500000) end
    local results = ops.each(all, {}, function(text) return host:read({ "cat" }, { stdin = text }).stdout == text end)
    for _, result in ipairs(results) do t.equal(result.value, true) end
    local here = machine.temp() .. "/file"
    machine.write_file(here, all[1])
    host:put(here, "/tmp/opshost-rekey")
    host:get("/tmp/opshost-rekey", here .. ".back")
    host:delete "/tmp/opshost-rekey"
    t.equal(machine.read_file(here .. ".back") == all[1], true)
  end)
end)
