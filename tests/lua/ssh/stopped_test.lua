-- What becomes of a command whose time is over: it is ended with all it started, or the error says what is left.
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local host = lab.connect()
local name = "keyonly@127.9.0.1:12222"

--- A number of seconds to sleep that nothing else here sleeps.
local function unlike_others() return tostring(100000 + math.random(899999)) end

local function sleeps(seconds)
  return host:read({ "pgrep", "-fx", "(/bin/)?sleep " .. seconds }, { accept = { 0, 1 } }).stdout ~= ""
end

local function words(command, after)
  return name .. ": " .. command .. " had not ended after 1s and was killed" .. (after or "; it wrote nothing")
end

test("a command whose environment is taken away", function()
  local seconds = unlike_others()
  local failure = t.raises("ssh.timeout", words("env -i /bin/sleep " .. seconds), function()
    host:run({ "env", "-i", "/bin/sleep", seconds }, { timeout = "1s" })
  end)
  t.equal({ failure.maybe_applied, failure.detail.not_killed, failure.detail.kill_failed }, { true, {}, nil })
  t.equal(sleeps(seconds), false)
end)

test("of two that cannot be told apart neither is killed, and both say so", function()
  local seconds = { unlike_others(), unlike_others() }
  local results = ops.each(seconds, { on_error = "collect" }, function(each)
    host:run({ "env", "-i", "/bin/sleep", each }, { timeout = "1s", grace = "100ms" })
  end)
  for i, result in ipairs(results) do
    t.equal(result.error.message, name .. ": env -i /bin/sleep " .. seconds[i] .. " had not ended after 1s and could "
      .. "not be killed (its processes were not found): it may still run; it wrote nothing")
    t.equal(sleeps(seconds[i]), true)
    host:run({ "pkill", "-fx", "/bin/sleep " .. seconds[i] })
  end
end)

test("what holds its output open and is found nowhere", function()
  local seconds = unlike_others()
  local line = "setsid env -i /bin/sleep " .. seconds .. " & exec sleep " .. seconds
  t.raises("ssh.timeout", name .. ": " .. line .. " had not ended after 1s and could not be killed (its channel has "
    .. "not ended): it may still run; it wrote nothing",
    function() host:run(ops.shell(line), { timeout = "1s" }) end)
  host:run({ "pkill", "-fx", "/bin/sleep " .. seconds })
end)

test("where the server has no channel left: over a second connection", function()
  local limited = lab.connect { host = "127.0.0.1", port = tonumber(lab.env "LAB_SSH_LIMITED_PORT"),
    host_key = "accept-new", known_hosts = machine.temp() .. "/known" }
  local seconds = { unlike_others(), unlike_others() }
  local results = ops.each(seconds, { on_error = "collect" }, function(each)
    limited:run({ "sleep", each }, { timeout = "1s" })
  end)
  for i, result in ipairs(results) do
    t.equal(result.error.message, "keyonly@127.0.0.1:12226: sleep " .. seconds[i]
      .. " had not ended after 1s and was killed; it wrote nothing")
    t.equal({ result.error.detail.not_killed, sleeps(seconds[i]) }, { {}, false })
  end
end)

test("a job that was there already is ended under its name, and the error shows the operator's command", function()
  local key, seconds = "attached " .. unlike_others(), unlike_others()
  host:start_job(key, { "sleep", seconds })
  t.raises("ssh.timeout", words("sleep " .. seconds), function()
    lab.connect({ host = "127.9.0.50" }):read { "true" }
    host:run({ "sleep", seconds }, { tracked = key, timeout = "1s" })
  end)
  local status = host:job(key):status()
  t.equal({ status.state, status.exit_code, sleeps(seconds) }, { "ended", 143, false })
end)

test("output that ends before the command does is not its end", function()
  local result = host:run(ops.shell "exec >&- 2>&-; sleep 0.5; exit 3", { accept = { 3 } })
  t.equal(result.exit_code, 3)
end)

-- One channel ---------------------------------------------------------------------------------------------------------

local function connect_to(port)
  return lab.connect { host = "127.0.0.1", port = tonumber(lab.env(port)), host_key = "accept-new",
    known_hosts = machine.temp() .. "/known" }
end
local function single() return connect_to "LAB_SSH_SINGLE_PORT" end

test("a server that ends the channel and tells no exit code", function()
  local failure = t.raises("ssh.lost", "keyonly@127.0.0.1:12229: command: the server ended its channel and told no "
    .. "exit code: it may have run, and may still run",
    function() connect_to("LAB_SSH_IMPATIENT_PORT"):run({ "sleep", "20" }) end)
  t.equal({ failure.maybe_applied, failure.retryable, failure.target }, { true, false, "keyonly@127.0.0.1:12229" })
end)

test("with one session a connection, files and commands take turns", function()
  local one = single()
  for i = 1, 3 do
    t.truthy(#one:read_file "/etc/hostname" > 0, "hostname")
    t.equal(one:read({ "echo", tostring(i) }, { timeout = "10s" }).stdout, i .. "\n")
  end
  local results = ops.each({ 1, 2, 3, 4, 5, 6 }, {}, function(i)
    if i % 2 == 0 then return #one:read_file "/etc/hostname" > 0 end
    return one:read({ "true" }, { timeout = "20s" }).exit_code == 0
  end)
  for _, result in ipairs(results) do t.equal(result.value, true) end
end)
