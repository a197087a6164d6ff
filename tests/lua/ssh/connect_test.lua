-- Getting a connection, or a clear reason why there is none.
local inventory = require "ops.inventory"
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local ssh = require "ssh"
local t = require "testing"
local test = t.test

local function refused_login(tried)
  return ": auth: the server refused " .. tried .. "; it takes publickey,password,keyboard-interactive"
end

test("keys of every type that this libssh2 can use", function()
  for _, key in ipairs { "user_ed25519", "user_ecdsa", "user_ed25519_alone" } do
    t.equal(lab.connect { host = "127.9.0.2", key = lab.key(key) }:read({ "id", "-un" }).stdout, "keyonly\n")
  end
  local legacy = lab.connect { host = "127.0.0.1", port = 12225, key = lab.key "user_rsa_pem", host_key = "accept-new",
    known_hosts = machine.temp() .. "/known" }
  t.equal(legacy:read({ "id", "-un" }).stdout, "keyonly\n")
end)

test("a key that is authorised nowhere", function()
  local key = lab.key "user_unknown"
  local failure = t.raises("ssh.auth", "keyonly@127.9.0.3:12222" .. refused_login("key " .. key .. " (ssh-ed25519)"),
    function() lab.connect { host = "127.9.0.3", key = key }:alive() end)
  t.equal({ failure.detail.stage, failure.detail.user, failure.detail.host, failure.detail.port },
    { "auth", "keyonly", "127.9.0.3", 12222 })
end)

test("keys that cannot be used say why", function()
  local folder = machine.temp()
  local open = folder .. "/open"
  machine.write_file(open, machine.read_file(lab.env "LAB_SSH_KEY"), { mode = "0644" })
  t.raises("ssh.key", "key " .. open .. ": others may read it (mode 0644), so it is no secret any more: chmod 600 "
    .. open .. ", or make a new key", function() lab.connect { key = open }:alive() end)
  t.raises("ssh.key", "key /no/such: it cannot be read: No such file or directory",
    function() lab.connect { key = "/no/such" }:alive() end)
  local encrypted = lab.key "user_ed25519_passphrase"
  t.raises("ssh.key", "key " .. encrypted .. ": the key is encrypted: give `passphrase`, an ops.secret",
    function() lab.connect { key = encrypted }:alive() end)
  local text = folder .. "/text"
  machine.write_file(text, "hello\n", { mode = "0600" })
  t.raises("ssh.key", "key " .. text .. ": this is no private key: neither OpenSSH's format nor PEM",
    function() lab.connect { key = text }:alive() end)
end)

test("an unknown host key shows its fingerprint and how to accept it; accept-new stores it", function()
  local known = machine.temp() .. "/known_hosts"
  local shown = machine.read({ "ssh-keygen", "-lf", lab.key "host_ed25519.pub" }).stdout:match("SHA256:%S+")
  local failure = t.raises("ssh.host_key_unknown", "keyonly@127.9.0.4:12222: host key: its host key is unknown: "
    .. "ssh-ed25519 " .. shown .. " is not in " .. known .. ". Compare it with what the host's console shows "
    .. "(ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then store it: opshost hosts scan [127.9.0.4]:12222 --store, or "
    .. 'host_key = "accept-new" for this connection',
    function() lab.connect { host = "127.9.0.4", known_hosts = known }:alive() end)
  t.equal(failure.detail.fingerprint, shown)
  t.equal(lab.connect { host = "127.9.0.4", known_hosts = known, host_key = "accept-new" }:alive(), true)
  t.equal(lab.connect { host = "127.9.0.4", known_hosts = known }:alive(), true)
  t.equal(machine.read({ "ssh-keygen", "-F", "[127.9.0.4]:12222", "-f", known }).exit_code, 0)
  t.equal(lab.connect { host = "127.9.0.4", known_hosts = "/dev/null", host_key = shown }:alive(), true)
end)

test("a changed host key is fatal, whatever host_key says", function()
  local known = machine.temp() .. "/known_hosts"
  local other = machine.read_file(lab.key "user_ed25519.pub"):match("^%S+ %S+")
  machine.write_file(known, "# old\n[127.9.0.5]:12222 " .. other .. "\n")
  for _, rule in ipairs { "strict", "accept-new" } do
    local failure = t.raises("ssh.host_key_changed", nil, function()
      lab.connect { host = "127.9.0.5", known_hosts = known, host_key = rule }:alive()
    end)
    t.truthy(failure.message:find("its host key changed: it shows ssh-ed25519 SHA256:", 1, true), failure.message)
    t.truthy(failure.message:find(known .. ":2 has ssh-ed25519 SHA256:", 1, true), failure.message)
  end
end)

test("the key type that known_hosts has is the one asked for; hashed names are found", function()
  local known = machine.temp() .. "/known_hosts"
  local key = machine.read_file(lab.key "host_ecdsa.pub"):match("^%S+ %S+")
  machine.write_file(known, "[127.9.0.6]:12222 " .. key .. "\n")
  machine.run({ "ssh-keygen", "-H", "-f", known })
  t.truthy(not machine.read_file(known):find("127.9.0.6", 1, true), "hashed")
  t.equal(lab.connect { host = "127.9.0.6", known_hosts = known }:alive(), true)
end)

test("ssh_config: HostName, Port, User, IdentityFile, UserKnownHostsFile, ProxyJump", function()
  local folder = os.getenv "HOME" .. "/.ssh"
  machine.mkdir(folder, { mode = "0700" })
  machine.write_file(folder .. "/config", ([[
Host inner
  HostName 127.9.0.8
  ProxyJump jump
Host jump
  HostName 127.9.0.7
Host inner jump
  Port 12222
  User keyonly
  IdentityFile %s
  UserKnownHostsFile %s
]]):format(lab.env "LAB_SSH_KEY", lab.env "LAB_SSH_KNOWN_HOSTS"))
  local result = ssh.connect { host = "inner" }:read(ops.shell "echo $SSH_CONNECTION")
  t.equal(result.stdout:match("%S+ %d+ (%S+)"), "127.9.0.8")
  machine.delete(folder .. "/config")
end)

test("through other hosts, as many as it takes", function()
  local via
  for i = 10, 13 do via = lab.connect { host = "127.9.0." .. i, via = via } end
  t.equal(via:read(ops.shell "echo $SSH_CONNECTION").stdout:match("%S+ %d+ (%S+)"), "127.9.0.13")
  local big = ("x"):rep(3000000)
  t.equal(via:read({ "cat" }, { stdin = big }).stdout == big, true)
end)

test("arguments that cannot be right", function()
  t.raises("usage.argument", 'host is "", which is no name or address of a host', function()
    ssh.connect { host = "" }
  end)
  t.raises("usage.argument", 'host_key is "yes"; it may be "strict", "accept-new", or the fingerprint that has to be '
    .. 'there: "SHA256:..."', function() ssh.connect { host = "x", host_key = "yes" } end)
end)

test("hosts of an inventory, also through one another", function()
  local how = ("port=%s user=%s key=%s known_hosts=%s"):format(lab.env "LAB_SSH_PORT", lab.env "LAB_SSH_KEY_USER",
    lab.env "LAB_SSH_KEY", lab.env "LAB_SSH_KNOWN_HOSTS")
  local site = inventory.parse(("near address=127.9.0.1 %s\nfar address=127.9.0.2 via=near %s\n"):format(how, how))
  local user = lab.env "LAB_SSH_KEY_USER" .. "\n"
  t.equal(ssh.connect(site:host("near")):read({ "id", "-un" }).stdout, user)
  t.equal(ssh.connect({ host = site:host("far") }):read({ "id", "-un" }).stdout, user)
  local failure = t.raises("ssh.auth", nil, function()
    ssh.connect({ host = site:host("near"), key = lab.key "user_unknown" }):alive()
  end)
  t.equal(failure.detail.host, "127.9.0.1")
  local hosts = ssh.hosts(site:hosts())
  t.equal(hosts.names, { "near", "far" })
  t.equal(hosts:read({ "id", "-un" }).far.value.stdout, user)
end)
