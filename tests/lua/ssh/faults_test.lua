-- What goes wrong between us and a host, each against a real sshd of the lab.
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local name = "keyonly@127.9.0.1:12222"

local function took(fn)
  local before = tonumber(machine.read({ "date", "+%s.%N" }).stdout)
  fn()
  return tonumber(machine.read({ "date", "+%s.%N" }).stdout) - before
end

test("refused", function()
  local failure = t.raises("ssh.unreachable", "keyonly@127.9.0.1:1: connect: 127.9.0.1 port 1: connection refused",
    function() lab.connect { port = 1 }:read({ "true" }) end)
  t.equal({ failure.retryable, failure.maybe_applied, failure.detail.stage }, { true, false, "connect" })
  t.equal(lab.connect { port = 1 }:alive(), false)
end)

test("silent: connect_timeout ends it", function()
  lab.lab("cut", "127.9.0.20:12222")
  local host = lab.connect { host = "127.9.0.20", connect_timeout = "1s" }
  t.truthy(took(function()
    t.raises("ssh.unreachable", "keyonly@127.9.0.20:12222: connect: no answer within 1s (connect_timeout)",
      function() host:read({ "true" }) end)
  end) < 10, "in time")
  t.equal(host:alive(), false)
  lab.lab("join", "127.9.0.20:12222")
  t.equal(host:read({ "echo", "back" }).stdout, "back\n")
end)

test("frozen before it says who it is", function()
  lab.lab("freeze", "sshd")
  local host = lab.connect { host = "127.9.0.21", connect_timeout = "1s" }
  t.raises("ssh.unreachable", "keyonly@127.9.0.21:12222: key exchange: no answer within 1s (connect_timeout)",
    function() host:read({ "true" }) end)
  lab.lab("thaw", "sshd")
end)

test("frozen in mid-command: the command's timeout ends it and says that nobody could kill it", function()
  local host = lab.connect { host = "127.9.0.22" }
  local failure
  t.truthy(took(function()
    failure = t.raises("ssh.timeout", nil, function()
      host:run(ops.shell "echo begun; sleep 1000", { timeout = "2s", grace = "100ms",
        on_line = function() lab.lab("freeze", "sshd") end })
    end)
  end) < 20, "in time")
  lab.lab("thaw", "sshd")
  t.equal(failure.message, "keyonly@127.9.0.22:12222: echo begun; sleep 1000 had not ended after 2s and could not be "
    .. "killed (the host did not answer in time): it may still run; nothing on stderr; stdout: begun")
  t.equal(failure.maybe_applied, true)
end)

test("killed in mid-command: lost, and it may have run; the next one gets a new connection", function()
  local host = lab.connect()
  local failure = t.raises("ssh.lost", nil, function()
    host:run(ops.shell "echo begun; sleep 1000", { on_line = function() lab.lab("kill", "sshd") end })
  end)
  t.equal(failure.message, name .. ": command: the connection was lost: the other side closed the connection; "
    .. "the command had been sent: it may have run, and may still run")
  t.equal({ failure.maybe_applied, failure.retryable }, { true, false })
  t.raises("ssh.unreachable", name .. ": connect: 127.9.0.1 port 12222: connection refused",
    function() host:read({ "true" }) end)
  lab.lab("start", "sshd")
  t.equal(host:read({ "echo", "again" }).stdout, "again\n")
end)

test("lost while idle: nothing was asked, so the next command opens it again by itself", function()
  local host = lab.connect()
  t.equal(host:alive(), true)
  lab.lab("restart", "sshd")
  t.equal(host:run({ "echo", "fine" }).stdout, "fine\n")
end)

test("silent for long: the next command finds out soon, and opens it again", function()
  local host = lab.connect { host = "127.9.0.34", keepalive = "2s", connect_timeout = "1s" }
  local other = lab.connect { host = "127.9.0.34", keepalive = "2s", connect_timeout = "2s" }
  host:stat("/")
  other:read { "true" }
  lab.lab("cut", "127.9.0.34")
  ops.sleep("4500ms")
  -- Sooner than by three signs of life that stay out and a new connection: 8 s.
  for _, ask in ipairs { function() host:stat("/") end, function() other:read { "true" } end } do
    local failure
    t.truthy(took(function() failure = t.raises("ssh.unreachable", nil, ask) end) < 7, "soon")
    t.truthy(failure.message:find("keyonly@127.9.0.34:12222: connect: no answer within %ds %(connect_timeout%)"),
      failure.message)
    t.equal({ failure.maybe_applied, failure.retryable }, { false, true })
  end
  lab.lab("join", "127.9.0.34")
  t.equal(other:read({ "echo", "back" }).stdout, "back\n")
end)

test("cut in mid-command: the sign of life stays out", function()
  local host = lab.connect { host = "127.9.0.23", keepalive = "200ms" }
  local failure = t.raises("ssh.lost", nil, function()
    host:run(ops.shell "echo begun; sleep 1000", { on_line = function() lab.lab("cut", "127.9.0.23") end })
  end)
  lab.lab("join", "127.9.0.23")
  t.equal(failure.message, "keyonly@127.9.0.23:12222: command: the connection was lost: no sign of life for 800ms; the "
    .. "command had been sent: it may have run, and may still run")
  t.equal(failure.maybe_applied, true)
end)

test("MaxSessions: commands wait for a channel, all of them run", function()
  local known = machine.temp() .. "/known"
  local host = lab.connect { host = "127.0.0.1", port = 12226, host_key = "accept-new", known_hosts = known }
  local results = ops.each({ 1, 2, 3, 4, 5, 6, 7, 8 }, { parallel = 8 }, function(i)
    return host:read(ops.shell("sleep 0.1; echo " .. i)).stdout
  end)
  for i, result in ipairs(results) do t.equal(result.value, i .. "\n") end
end)

test("a silent host behind a jump host holds up none of the others", function()
  local silent = { "127.9.0.131", "127.9.0.132", "127.9.0.133" }
  for _, address in ipairs(silent) do lab.lab("cut", address .. ":12222") end
  local via = lab.connect { host = "127.9.0.130" }
  via:read { "true" }
  local forward = via:forward { host = silent[1], port = 12222 }
  local ended, over = {}, false
  ops.group(function(group)
    for _, address in ipairs(silent) do
      group:spawn(function()
        ended[address] = t.raises("ssh.unreachable", "keyonly@" .. address .. ":12222: connect: no answer within 20s "
          .. "(connect_timeout)", function() lab.connect { host = address, via = via }:read { "true" } end)
      end)
    end
    group:spawn(function()
      -- Whoever comes to a forwarded port is not kept for ever either.
      local port = forward:port()
      t.raises("ssh.unreachable", "keyonly@127.0.0.1:" .. port .. ": key exchange: it closed the connection before it "
        .. "said who it is: too many may be logging in at once (MaxStartups), or it takes no connections from here",
        function() lab.connect { host = "127.0.0.1", port = port, connect_timeout = "40s" }:read { "true" } end)
    end)
    group:spawn(function()
      ops.each({ "127.9.0.134", "127.9.0.135", "127.9.0.136", "127.9.0.137" }, {}, function(address)
        lab.connect { host = address, via = via }:read { "true" }
      end)
      via:read { "true" }
      over = next(ended) == nil
    end)
  end)
  for _, address in ipairs(silent) do lab.lab("join", address .. ":12222") end
  t.equal(over, true)
  t.equal(lab.connect({ host = silent[1], via = via }):read({ "echo", "back" }).stdout, "back\n")
end)

test("MaxSessions counts commands, not the ports that are forwarded beside them", function()
  local one = lab.connect { host = "127.0.0.1", port = tonumber(lab.env "LAB_SSH_SINGLE_PORT"),
    host_key = "accept-new", known_hosts = machine.temp() .. "/known" }
  local forward = one:forward { host = "127.9.0.50", port = 12222 }
  local behind = lab.connect { host = "127.0.0.1", port = forward:port(), host_key = "accept-new",
    known_hosts = machine.temp() .. "/known" }
  behind:read { "true" }
  for i = 1, 30 do t.equal(one:read({ "echo", tostring(i) }, { timeout = "10s" }).stdout, i .. "\n") end
  behind:close()
  forward:close()
end)

test("forwarding that the server does not let us", function()
  local known = machine.temp() .. "/known"
  local via = lab.connect { host = "127.0.0.1", port = 12226, host_key = "accept-new", known_hosts = known }
  t.raises("ssh.unreachable", "keyonly@127.9.0.24:12222: connect: port 12222 of 127.9.0.24, asked for through "
    .. "keyonly@127.0.0.1:12226: its sshd forwards nothing (AllowTcpForwarding)",
    function() lab.connect { host = "127.9.0.24", via = via }:read({ "true" }) end)
end)

test("a name that nobody knows, and one that leads nowhere through a jump host", function()
  t.raises("ssh.unreachable", "keyonly@no-such-host.invalid:12222: connect: the name \"no-such-host.invalid\" "
    .. "has no address: neither /etc/hosts nor the name servers know it",
    function() lab.connect { host = "no-such-host.invalid" }:read({ "true" }) end)
  t.raises("ssh.unreachable", "keyonly@127.9.0.25:1: connect: port 1 of 127.9.0.25, asked for through "
    .. name .. ": it cannot connect there: nothing listens, or there is no way",
    function() lab.connect { host = "127.9.0.25", port = 1, via = lab.connect() }:read({ "true" }) end)
end)

test("300 connects leave no descriptor and no memory behind", function()
  local function connect_all()
    local items = {}
    for i = 31, 130 do items[#items + 1] = "127.9.0." .. i end
    ops.each(items, { parallel = 50 }, function(address)
      local host = lab.connect { host = address }
      host:read({ "true" })
      host:close()
    end)
    collectgarbage()
    collectgarbage()
  end
  -- The first ones fill caches, of ours and of the libraries'.
  for _ = 1, 2 do connect_all() end
  local descriptors, memory = lab.descriptors(), lab.memory()
  for _ = 1, 3 do connect_all() end
  t.truthy(lab.descriptors() <= descriptors, "descriptors " .. lab.descriptors() .. " after " .. descriptors)
  local grown = lab.memory() - memory
  -- A session that stays would be 60 KiB a connect, 18 MiB.
  t.truthy(grown < 6 * 1024, grown .. " KiB more memory after 300 connects")
end)

-- Servers that are none -----------------------------------------------------------------------------------------------

local function rude(kind)
  return lab.connect { host = lab.env "LAB_RUDE_ADDRESS", port = tonumber(lab.env("LAB_RUDE_" .. kind .. "_PORT")),
    connect_timeout = "1s", known_hosts = machine.temp() .. "/known" }
end

local function rude_name(kind)
  return "keyonly@" .. lab.env "LAB_RUDE_ADDRESS" .. ":" .. lab.env("LAB_RUDE_" .. kind .. "_PORT")
end

for kind, words in pairs {
  SILENT = "no answer within 1s (connect_timeout)",
  HALF = "no answer within 1s (connect_timeout)",
  SLOW = "no answer within 1s (connect_timeout)",
  RESET = "it closed the connection before it said who it is: too many may be logging in at once (MaxStartups), "
    .. "or it takes no connections from here",
  CLOSING = "it closed the connection before it said who it is: too many may be logging in at once (MaxStartups), "
    .. "or it takes no connections from here",
  PARTING = "the connection with SSH-2.0-rude was cut: the other side closed the connection",
} do
  test("what answers there is no sshd: " .. kind:lower(), function()
    local failure = t.raises("ssh.unreachable", rude_name(kind) .. ": key exchange: " .. words,
      function() rude(kind):read({ "true" }) end)
    t.equal({ failure.detail.stage, failure.maybe_applied, failure.retryable }, { "key exchange", false, true })
  end)
end

test("no way there", function()
  local host = lab.connect { host = "unreachable.lab.test" }
  t.raises("ssh.unreachable", "keyonly@unreachable.lab.test:12222: connect: unreachable.lab.test port 12222: "
    .. "network is unreachable (203.0.113.1)", function() host:read { "true" } end)
  lab.lab("cut", "127.9.0.35:12222", "unreachable")
  t.raises("ssh.unreachable", "keyonly@127.9.0.35:12222: connect: 127.9.0.35 port 12222: no route to host",
    function() lab.connect { host = "127.9.0.35" }:read { "true" } end)
  lab.lab("join", "127.9.0.35:12222")
end)

test("what answers there is no sshd: it says something else", function()
  local failure = t.raises("ssh.protocol", nil, function() rude "GARBAGE":read({ "true" }) end)
  t.truthy(failure.message:find(rude_name "GARBAGE" .. ": key exchange: ", 1, true) == 1, failure.message)
  t.truthy(not failure.message:find("[%z\1-\31\127]"), "no control characters in " .. failure.message)
end)

test("a silent name server holds up nobody but who asked for the name", function()
  local list = { "silent." .. lab.env "LAB_DNS_DOMAIN" }
  for i = 1, 199 do list[#list + 1] = "127.9.0." .. i end
  local function ask_silent(time)
    lab.connect { host = list[1], connect_timeout = time }:read({ "true" })
  end
  local silent, others = nil, 0
  t.raises("group.failed", nil, function()
    ops.group(function(group)
      group:spawn(function()
        local _, failure = pcall(ask_silent, "50s")
        silent = failure
        error(failure, 0)
      end)
      group:spawn(function()
        ops.each({ unpack(list, 2) }, { parallel = 50 }, function(address)
          lab.connect { host = address, connect_timeout = "50s" }:read({ "true" })
          others = others + 1
          if others == 199 then t.equal(silent, nil) end
        end)
        error("the others are through, which ends the wait for the silent one", 0)
      end)
    end)
  end)
  t.equal(others, 199)
  t.raises("ssh.unreachable", "keyonly@silent.lab.test:12222: connect: no answer within 2s (connect_timeout)",
    function() ask_silent("2s") end)
end)

test("MaxStartups: who is turned away says so, and can come again", function()
  local port = tonumber(lab.env "LAB_SSH_THROTTLED_PORT")
  local known = machine.temp() .. "/known"
  local items = {}
  for i = 1, 60 do items[i] = "127.9.1." .. i end
  local results = ops.each(items, { parallel = 60, on_error = "collect" }, function(address)
    return lab.connect { host = address, port = port, host_key = "accept-new", known_hosts = known,
      connect_timeout = "30s" }:read({ "echo", "in" }).stdout
  end)
  t.truthy(#results.failed > 0, "with 60 at once the server turns some away")
  for _, result in ipairs(results.failed) do
    local failure = result.error
    t.equal({ failure.code, failure.retryable, failure.maybe_applied }, { "ssh.unreachable", true, false })
    t.truthy(result.error.message:find(": key exchange: ", 1, true), result.error.message)
  end
  for _, result in ipairs(results.failed) do
    t.equal(ops.retry({ times = 10, wait = "200ms" }, function()
      return lab.connect { host = result.item, port = port, host_key = "accept-new", known_hosts = known }
        :read({ "echo", "in" }).stdout
    end), "in\n")
  end
end)

--- The error of ask(n), asked time and again while its host is cut off: one of them is on its way then. On the same
--- connection a command waits all the while.
local function while_cut(host, message, ask)
  local failure
  host:stat("/")
  ops.group(function(group)
    local begun = false
    group:spawn(function()
      pcall(host.read, host, ops.shell "echo begun; sleep 1000", { on_line = function() begun = true end })
    end)
    ops.wait_until(function() return begun end, { every = "10ms" })
    group:spawn(function() lab.lab("cut", "127.9.0.29") end)
    failure = t.raises("ssh.lost", message, function()
      for n = 1, math.huge do ask(n) end
    end)
  end)
  lab.lab("join", "127.9.0.29")
  return failure
end

test("files: a reply that is lost or late says that it may have happened, and who did not answer", function()
  local other = lab.connect { host = "127.9.0.28" }
  local folder = lab.folder(other)
  local host = lab.connect { host = "127.9.0.27", timeout = "1s" }
  host:stat("/")
  lab.lab("freeze", "sshd")
  local late = t.raises("ssh.timeout", "no answer within 1s; last seen: keyonly@127.9.0.27:12222: channel: the host "
    .. "had not answered", function() host:mkdir(folder .. "/made") end)
  lab.lab("thaw", "sshd")
  t.equal({ late.maybe_applied, late.target }, { true, "keyonly@127.9.0.27:12222" })
  ops.wait_until(function() return other:exists(folder .. "/made") ~= nil end, { every = "50ms" })

  local cut = lab.connect { host = "127.9.0.29", keepalive = "200ms" }
  local lost = while_cut(cut, "keyonly@127.9.0.29:12222: channel: the connection was lost: no sign of life for "
    .. "800ms; what was asked for had been sent: it may have happened",
    function(n) cut:mkdir(folder .. "/cut" .. n) end)
  t.equal({ lost.maybe_applied, lost.retryable, lost.target }, { true, false, "keyonly@127.9.0.29:12222" })
  local read = while_cut(cut, "keyonly@127.9.0.29:12222: channel: the connection was lost: no sign of life for "
    .. "800ms", function() cut:stat("/") end)
  t.equal({ read.maybe_applied, read.retryable }, { false, true })
end)

test("a job: a late answer to its start or its stop says that it may have happened", function()
  local host = lab.connect()
  local key = "late " .. tostring(math.random(1e9))
  local job = host:start_job(key, { "sleep", "1000" })
  local profile = host:read(ops.shell "printf %s $HOME").stdout .. "/.bashrc"
  host:write_file(profile, "sleep 3\n")
  for _, act in ipairs { function() host:start_job(key .. "2", { "true" }) end, function() job:stop() end } do
    local failure = t.raises("deadline.exceeded", nil, function() ops.deadline("1s", act) end)
    t.equal({ failure.maybe_applied, failure.retryable }, { true, false })
  end
  host:delete(profile)
end)

test("the reply is lost: the command ran, and it says that it may have", function()
  local host = lab.connect { host = "127.9.0.26", keepalive = "200ms" }
  local other = lab.connect()
  local folder = lab.folder(other)
  local failure
  ops.group(function(group)
    group:spawn(function()
      failure = t.raises("ssh.lost", nil, function()
        host:run(ops.shell("echo x >>" .. folder .. "/log; until [ -e " .. folder .. "/go ]; do sleep 0.05; done"))
      end)
    end)
    ops.wait_until(function() return other:exists(folder .. "/log") ~= nil end, { every = "20ms" })
    lab.lab("cut", "127.9.0.26")
    other:write_file(folder .. "/go", "")
  end)
  lab.lab("join", "127.9.0.26")
  t.equal({ failure.maybe_applied, failure.retryable }, { true, false })
  t.equal(other:read_file(folder .. "/log"), "x\n")
  t.equal(host:read({ "echo", "again" }).stdout, "again\n")
end)

test("a flood of 1 GB: memory stays flat, the end is kept", function()
  local before = lab.memory()
  local result = lab.connect():read(ops.shell "head -c 1000000000 /dev/zero; echo; echo the end",
    { max_output = "64KiB", timeout = "100s" })
  t.equal({ result.stdout:sub(-9), result.stdout_dropped }, { "\nthe end\n", 1000000000 + 9 - 65536 })
  local peak = lab.peak_memory() - before
  t.truthy(peak < 64 * 1024, peak .. " KiB more at the peak than before")
end)
