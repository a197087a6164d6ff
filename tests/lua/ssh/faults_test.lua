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
    t.raises("ssh.unreachable", nil, function() host:read({ "true" }) end)
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
  t.raises("ssh.unreachable", nil, function() host:read({ "true" }) end)
  lab.lab("start", "sshd")
  t.equal(host:read({ "echo", "again" }).stdout, "again\n")
end)

test("lost while idle: nothing was asked, so the next command opens it again by itself", function()
  local host = lab.connect()
  t.equal(host:alive(), true)
  lab.lab("restart", "sshd")
  t.equal(host:run({ "echo", "fine" }).stdout, "fine\n")
end)

test("cut in mid-command: the sign of life stays out", function()
  local host = lab.connect { host = "127.9.0.23", keepalive = "200ms" }
  local failure = t.raises("ssh.lost", nil, function()
    host:run(ops.shell "echo begun; sleep 1000", { on_line = function() lab.lab("cut", "127.9.0.23") end })
  end)
  lab.lab("join", "127.9.0.23")
  t.truthy(failure.message:find("the connection was lost: no sign of life for 800ms", 1, true), failure.message)
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

test("forwarding that the server does not let us", function()
  local known = machine.temp() .. "/known"
  local via = lab.connect { host = "127.0.0.1", port = 12226, host_key = "accept-new", known_hosts = known }
  t.raises("ssh.unreachable", "keyonly@127.9.0.24:12222: connect: port 12222 of 127.9.0.24, asked for through "
    .. "keyonly@127.0.0.1:12226: its sshd forwards nothing (AllowTcpForwarding)",
    function() lab.connect { host = "127.9.0.24", via = via }:read({ "true" }) end)
end)

test("a name that nobody knows, and one that leads nowhere through a jump host", function()
  t.raises("ssh.unreachable", nil, function() lab.connect { host = "no-such-host.invalid" }:read({ "true" }) end)
  t.raises("ssh.unreachable", "keyonly@127.9.0.25:1: connect: port 1 of 127.9.0.25, asked for through "
    .. name .. ": it cannot connect there: nothing listens, or there is no way",
    function() lab.connect { host = "127.9.0.25", port = 1, via = lab.connect() }:read({ "true" }) end)
end)

test("many connects leave no descriptor behind", function()
  lab.connect { host = "127.9.0.30" }:read({ "true" })
  collectgarbage()
  local before = lab.descriptors()
  for _ = 1, 3 do
    local items = {}
    for i = 31, 130 do items[#items + 1] = "127.9.0." .. i end
    ops.each(items, { parallel = 50 }, function(address)
      local host = lab.connect { host = address }
      host:read({ "true" })
      host:close()
    end)
  end
  collectgarbage()
  t.truthy(lab.descriptors() <= before, "descriptors " .. lab.descriptors() .. " after " .. before)
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

test("what answers there is no sshd: it says something else", function()
  local failure = t.raises("ssh.protocol", nil, function() rude "GARBAGE":read({ "true" }) end)
  t.truthy(failure.message:find(rude_name "GARBAGE" .. ": key exchange: ", 1, true) == 1, failure.message)
  t.truthy(not failure.message:find("[%z\1-\31\127]"), "no control characters in " .. failure.message)
end)

test("a silent name server holds up nobody but who asked for the name", function()
  local list = { "silent." .. lab.env "LAB_DNS_DOMAIN" }
  for i = 1, 199 do list[#list + 1] = "127.9.0." .. i end
  local silent, others = nil, 0
  local first_done = took(function()
    ops.group(function(group)
      group:spawn(function()
        silent = t.raises("ssh.unreachable", nil, function()
          lab.connect { host = list[1], connect_timeout = "15s" }:read({ "true" })
        end)
      end)
      group:spawn(function()
        ops.each({ unpack(list, 2) }, { parallel = 50 }, function(address)
          lab.connect { host = address, connect_timeout = "60s" }:read({ "true" })
          others = others + 1
          if others == 199 then t.equal(silent, nil) end
        end)
      end)
    end)
  end)
  t.equal(others, 199)
  t.truthy(first_done < 40, "took " .. first_done .. " s")
  t.truthy(silent.message:find("silent.lab.test", 1, true), silent.message)
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

test("files: a reply that is lost or late says that it may have happened, and who did not answer", function()
  local other = lab.connect { host = "127.9.0.28" }
  local folder = lab.folder(other)
  local host = lab.connect { host = "127.9.0.27", timeout = "1s" }
  host:stat("/")
  lab.lab("freeze", "sshd")
  local late = t.raises("ssh.timeout", nil, function() host:mkdir(folder .. "/made") end)
  lab.lab("thaw", "sshd")
  t.equal({ late.maybe_applied, late.target }, { true, "keyonly@127.9.0.27:12222" })
  ops.wait_until(function() return other:exists(folder .. "/made") ~= nil end, { every = "50ms" })

  local cut = lab.connect { host = "127.9.0.29", keepalive = "200ms" }
  cut:stat("/")
  lab.lab("cut", "127.9.0.29")
  local lost = t.raises("ssh.lost", "keyonly@127.9.0.29:12222: channel: the connection was lost: no sign of life for "
    .. "800ms; what was asked for had been sent: it may have happened", function() cut:mkdir(folder .. "/cut") end)
  lab.lab("join", "127.9.0.29")
  t.equal({ lost.maybe_applied, lost.retryable, lost.target }, { true, false, "keyonly@127.9.0.29:12222" })
  cut:stat("/")
  lab.lab("cut", "127.9.0.29")
  local read = t.raises("ssh.lost", "keyonly@127.9.0.29:12222: channel: the connection was lost: no sign of life for "
    .. "800ms", function() cut:stat("/") end)
  lab.lab("join", "127.9.0.29")
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
