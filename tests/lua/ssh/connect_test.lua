-- Getting a connection, or a clear reason why there is none.
local inventory = require "ops.inventory"
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local secret = require "ops.secret"
local ssh = require "ssh"
local t = require "testing"
local test = t.test

local named = "keyonly@127.9.0.1:12222: config: "

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
  t.raises("ssh.key", named .. "key " .. open .. ": others may read it (mode 0644), so it is no secret any more: "
    .. "chmod 600 " .. open .. ", or make a new key", function() lab.connect { key = open }:alive() end)
  t.raises("ssh.key", named .. "key /no/such: it cannot be read: No such file or directory",
    function() lab.connect { key = "/no/such" }:alive() end)
  local encrypted = lab.key "user_ed25519_passphrase"
  t.raises("ssh.key", named .. "key " .. encrypted .. ": the key is encrypted: give `passphrase`, an ops.secret",
    function() lab.connect { key = encrypted }:alive() end)
  local text = folder .. "/text"
  machine.write_file(text, "hello\n", { mode = "0600" })
  t.raises("ssh.key", named .. "key " .. text .. ": this is no private key: neither OpenSSH's format nor PEM",
    function() lab.connect { key = text }:alive() end)
end)

test("an unknown host key shows its fingerprint and how to accept it; accept-new stores it", function()
  local known = machine.temp() .. "/known_hosts"
  local shown = machine.read({ "ssh-keygen", "-lf", lab.key "host_ed25519.pub" }).stdout:match("SHA256:%S+")
  local failure = t.raises("ssh.host_key_unknown", "keyonly@127.9.0.4:12222: host key: its host key is unknown: "
    .. "ssh-ed25519 " .. shown .. " is not in " .. known .. ". Compare it with what the host's console shows "
    .. "(ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then store it: opshost hosts scan [127.9.0.4]:12222 "
    .. "--known-hosts " .. known .. " --store, or "
    .. 'host_key = "accept-new" for this connection',
    function() lab.connect { host = "127.9.0.4", known_hosts = known }:alive() end)
  t.equal(failure.detail.fingerprint, shown)
  t.equal(lab.connect { host = "127.9.0.4", known_hosts = known, host_key = "accept-new" }:alive(), true)
  t.equal(lab.connect { host = "127.9.0.4", known_hosts = known }:alive(), true)
  t.equal(machine.read({ "ssh-keygen", "-F", "[127.9.0.4]:12222", "-f", known }).exit_code, 0)
  t.equal(lab.connect { host = "127.9.0.4", known_hosts = "/dev/null", host_key = shown }:alive(), true)
end)

local function fingerprint(key)
  return machine.read({ "ssh-keygen", "-lf", lab.key(key) }).stdout:match("SHA256:%S+")
end

local function changed(line)
  return "host key: its host key changed: it shows ssh-ed25519 " .. fingerprint "host_ed25519.pub" .. ", " .. line
    .. " has ssh-ed25519 " .. fingerprint "user_ed25519.pub" .. ": someone may listen in. Ask who runs it; if it was "
    .. "reinstalled, delete that line"
end

test("a changed host key is fatal, whatever host_key says", function()
  local known = machine.temp() .. "/known_hosts"
  local other = machine.read_file(lab.key "user_ed25519.pub"):match("^%S+ %S+")
  machine.write_file(known, "# old\n[127.9.0.5]:12222 " .. other .. "\n")
  for _, rule in ipairs { "strict", "accept-new" } do
    t.raises("ssh.host_key_changed", "keyonly@127.9.0.5:12222: " .. changed(known .. ":2"), function()
      lab.connect { host = "127.9.0.5", known_hosts = known, host_key = rule }:alive()
    end)
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

--- Runs fn with this ssh_config.
local function with_config(text, fn)
  local folder = os.getenv "HOME" .. "/.ssh"
  machine.mkdir(folder, { mode = "0700" })
  machine.write_file(folder .. "/config", text)
  local ok, failure = pcall(fn)
  machine.delete(folder .. "/config")
  if not ok then error(failure, 0) end
end

test("ssh_config: HostKeyAlias, ConnectTimeout, ServerAliveInterval, and values that are none", function()
  local known = machine.temp() .. "/known"
  machine.write_file(known, "the-alias " .. machine.read_file(lab.key "host_ed25519.pub"))
  with_config("Host 127.9.0.14\n  HostKeyAlias the-alias\n", function()
    t.equal(lab.connect { host = "127.9.0.14", known_hosts = known }:alive(), true)
    t.raises("ssh.host_key_unknown", nil,
      function() lab.connect { host = "127.9.0.15", known_hosts = known }:alive() end)
  end)
  with_config("ConnectTimeout 1s\nServerAliveInterval 0\n", function()
    t.raises("ssh.unreachable", "keyonly@" .. lab.env "LAB_RUDE_ADDRESS" .. ":" .. lab.env "LAB_RUDE_SILENT_PORT"
      .. ": key exchange: no answer within 1s (connect_timeout)", function()
      lab.connect { host = lab.env "LAB_RUDE_ADDRESS", port = tonumber(lab.env "LAB_RUDE_SILENT_PORT") }
        :read({ "true" })
    end)
  end)
  with_config("Port 12222\nConnectTimeout soon\n", function()
    t.raises("ssh.config", "keyonly@127.9.0.16:12222: config: " .. os.getenv "HOME" .. '/.ssh/config:2: "soon" is no '
      .. 'time (as "90", "1m", "1h30m"); correct the file', function() lab.connect { host = "127.9.0.16" }:alive() end)
  end)
  -- As in OpenSSH: none of its own, not none at all.
  with_config("ConnectTimeout 0\n", function() t.equal(lab.connect { host = "127.9.0.16" }:alive(), true) end)
end)

test("ssh_config: a ProxyCommand is not run, and nothing is dialled in its place", function()
  with_config("Host 127.9.0.21\n  ProxyCommand nc -X connect %h %p\nHost *\n  User keyonly\n", function()
    t.raises("ssh.config", 'keyonly@127.9.0.21:12222: config: ssh_config reaches it by a program, ProxyCommand "nc -X '
      .. 'connect %h %p", which opshost does not run: give `via`, or ProxyJump there, or `ProxyCommand none`',
      function() lab.connect { host = "127.9.0.21" }:alive() end)
    t.equal(lab.connect { host = "127.9.0.21", via = lab.connect { host = "127.9.0.17" } }:alive(), true)
  end)
  with_config("ProxyCommand none\n", function() t.equal(lab.connect { host = "127.9.0.21" }:alive(), true) end)
end)

test("ssh_config that leads through itself", function()
  with_config(("Host *\n  ProxyJump ring\n  User keyonly\n  Port 12222\n  UserKnownHostsFile %s\n"):format(
    lab.env "LAB_SSH_KNOWN_HOSTS"), function()
    t.raises("ssh.config", "keyonly@ring:12222: config: ssh_config reaches it through ring, which is reached through "
      .. "itself (ProxyJump): say `ProxyJump none` for that host",
      function() ssh.connect { host = "127.9.0.17" }:read { "true" } end)
  end)
end)

test("keys that an agent has; one that it refuses to sign with does not end the login", function()
  local folder = machine.temp()
  local function agent(name, keys)
    local socket = folder .. "/" .. name
    local said = machine.run({ "ssh-agent", "-a", socket }, { env = { SSH_ASKPASS = "/bin/false", DISPLAY = ":0" } })
    for _, key in ipairs(keys) do
      machine.run({ "ssh-add", "-q", unpack(key) }, { env = { SSH_AUTH_SOCK = socket } })
    end
    return socket, said.stdout:match "SSH_AGENT_PID=(%d+)"
  end
  local ecdsa, ed25519 = lab.key "user_ecdsa", lab.key "user_ed25519"
  local willing, one = agent("willing", { { ed25519 } })
  local refusing, two = agent("refusing", { { "-c", ecdsa }, { ed25519 } })
  local only, three = agent("only", { { "-c", ecdsa } })
  local ok, failure = pcall(function()
    t.equal(lab.connect_bare { host = "127.9.0.18", user = "keyonly", agent = willing }:alive(), true)
    with_config("Host 127.9.0.19\n  IdentityAgent " .. willing .. "\nHost *\n  IdentityAgent none\n", function()
      t.equal(lab.connect_bare { host = "127.9.0.19", user = "keyonly" }:alive(), true)
      t.raises("ssh.auth", "keyonly@127.9.0.20:12222: auth: there was nothing to log in with; it takes publickey,"
        .. "password,keyboard-interactive",
        function() lab.connect_bare { host = "127.9.0.20", user = "keyonly" }:alive() end)
    end)
    t.equal(lab.connect_bare { host = "127.9.0.18", user = "keyonly", agent = refusing }:alive(), true)
    local comment = machine.read_file(ecdsa .. ".pub"):match "^%S+ %S+ ([^\n]+)"
    t.raises("ssh.auth", "keyonly@127.9.0.18:12222" .. refused_login("agent key " .. comment
      .. " (ecdsa-sha2-nistp256), for which the agent at " .. only .. " refused to sign"),
      function() lab.connect_bare { host = "127.9.0.18", user = "keyonly", agent = only }:alive() end)
  end)
  for _, pid in ipairs { one, two, three } do machine.run({ "kill", pid }) end
  if not ok then error(failure, 0) end
  t.raises("ssh.agent", "keyonly@127.9.0.18:12222: auth: the agent at /no/such cannot be reached: No such file or "
    .. "directory", function()
    lab.connect_bare { host = "127.9.0.18", user = "keyonly", agent = "/no/such" }:alive()
  end)
end)

test("an agent that stands still: the connection's time ends it", function()
  local socket = machine.temp() .. "/agent"
  local pid = machine.run({ "ssh-agent", "-a", socket }).stdout:match "SSH_AGENT_PID=(%d+)"
  machine.run({ "kill", "-STOP", pid })
  local ok, failure = pcall(t.raises, "ssh.unreachable", "keyonly@127.9.0.18:12222: auth: no answer within 1s "
    .. "(connect_timeout)", function()
    lab.connect_bare { host = "127.9.0.18", user = "keyonly", agent = socket, connect_timeout = "1s" }:read { "true" }
  end)
  machine.run({ "kill", "-KILL", pid })
  if not ok then error(failure, 0) end
end)

test("more keys than the server lets us try: it says so, and which it had", function()
  local folder = machine.temp()
  local one, two = lab.key "user_unknown", folder .. "/two"
  machine.run({ "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", two })
  with_config("IdentityFile " .. one .. "\nIdentityFile " .. two .. "\nIdentityFile " .. lab.env "LAB_SSH_KEY"
    .. "\n", function()
    local failure = t.raises("ssh.auth", 'keyonly@127.0.0.1:12226: auth: the server ended the login: "Too many '
      .. 'authentication failures"; it refused key ' .. one .. " (ssh-ed25519); and key " .. two .. " (ssh-ed25519); "
      .. "give the `key` that is right, or agent = false, so that fewer are tried (MaxAuthTries there)", function()
      lab.connect_bare { host = "127.0.0.1", port = 12226, user = "keyonly", host_key = "accept-new",
        known_hosts = folder .. "/known" }:read { "true" }
    end)
    t.equal({ failure.retryable, failure.detail.stage }, { false, "auth" })
  end)
end)

test("an RSA key: this libssh2 signs with SHA-1, and the server refuses that", function()
  local key = lab.key "user_rsa"
  t.raises("ssh.auth", "keyonly@127.9.0.2:12222" .. refused_login("key " .. key .. " (ssh-rsa), which "
    .. lab.library() .. " signs with SHA-1 only: servers since OpenSSH 8.8 refuse that; use an ed25519 or ecdsa key"),
    function() lab.connect { host = "127.9.0.2", key = key }:read { "true" } end)
end)

test("known only by its RSA key, which it does not show the old way", function()
  local known = machine.temp() .. "/known"
  machine.write_file(known, "[127.9.0.2]:12222 " .. machine.read_file(lab.key "host_rsa.pub"))
  t.raises("ssh.protocol", "keyonly@127.9.0.2:12222: key exchange: known_hosts has its key of type ssh-rsa, and it "
    .. "does not show that one to us (" .. lab.library() .. " checks RSA keys only in the old way, SHA-1); let "
    .. "`opshost hosts scan` add its other keys",
    function() lab.connect { host = "127.9.0.2", known_hosts = known }:alive() end)
end)

test("a password, by the one way that the server takes", function()
  local right = { user = "lab", password = secret.env "LAB_SSH_PASSWORD" }
  t.equal(lab.connect_bare(right):read({ "id", "-un" }).stdout, "lab\n")
  right.host, right.port = "127.0.0.1", tonumber(lab.env "LAB_SSH_ASKING_PORT")
  right.known_hosts, right.host_key = machine.temp() .. "/known", "accept-new"
  t.equal(lab.connect_bare(right):read({ "id", "-un" }).stdout, "lab\n")
  local wrong = { user = "lab", password = secret.env "LAB_SSH_KEY_USER" }
  t.raises("ssh.auth", "lab@127.9.0.1:12222" .. refused_login "password",
    function() lab.connect_bare(wrong):alive() end)
end)

test("a pinned key does not bring back what known_hosts says of a key", function()
  local known = machine.temp() .. "/known"
  local key = machine.read_file(lab.key "host_ed25519.pub"):match("^%S+ %S+")
  local pin = machine.read({ "ssh-keygen", "-lf", lab.key "host_ed25519.pub" }).stdout:match("SHA256:%S+")
  machine.write_file(known, "@revoked * " .. key .. "\n")
  for _, rule in ipairs { "strict", "accept-new", pin } do
    t.raises("ssh.host_key_changed", "keyonly@127.9.0.19:12222: host key: it shows the key ssh-ed25519 " .. pin
      .. ", which " .. known .. ":1 marks as revoked: do not connect; find out who answers",
      function() lab.connect { host = "127.9.0.19", known_hosts = known, host_key = rule }:alive() end)
  end
  local other = machine.read_file(lab.key "user_ed25519.pub"):match("^%S+ %S+")
  machine.write_file(known, "[127.9.0.19]:12222 " .. other .. "\n")
  t.raises("ssh.host_key_changed", "keyonly@127.9.0.19:12222: " .. changed(known .. ":1"), function()
    lab.connect { host = "127.9.0.19", known_hosts = known, host_key = pin }:alive()
  end)
  t.raises("ssh.host_key_changed", "keyonly@127.9.0.19:12222: host key: it shows the key ssh-ed25519 " .. pin
    .. ", and host_key asks for SHA256:x: do not connect; find out who answers",
    function() lab.connect { host = "127.9.0.19", host_key = "SHA256:x" }:alive() end)
end)

test("files that are none: a FIFO as key, a directory as known_hosts", function()
  local folder = machine.temp()
  machine.run({ "mkfifo", "-m", "600", folder .. "/fifo" })
  t.raises("ssh.key", named .. "key " .. folder .. "/fifo: it cannot be read: it is no regular file",
    function() lab.connect { key = folder .. "/fifo" }:alive() end)
  t.raises("ssh.known_hosts", named .. "known hosts " .. folder .. " cannot be read: Is a directory",
    function() lab.connect { known_hosts = folder }:alive() end)
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
