-- Jobs and tracked commands: what the host answers for when nobody was listening.
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local host = lab.connect()
local name = "keyonly@127.9.0.1:12222"

local function unique(what)
  return what .. " " .. machine.read({ "cat", "/proc/sys/kernel/random/uuid" }).stdout:sub(1, 36)
end

test("a job that never began, that runs, that ended", function()
  local key = unique "slow/job"
  t.equal(host:job(key):status().state, "never_began")
  local folder = lab.folder(host)
  local job = host:start_job(key, ops.shell("echo begun; until [ -e " .. folder .. "/go ]; do sleep 0.05; done; "
    .. "echo over; echo problem >&2; exit 3"))
  local running = job:status()
  t.equal({ running.state, running.exit_code, running.pid ~= nil }, { "running", nil, true })
  t.raises("wait.timeout", name .. ": job " .. key .. " had not ended after 2s; it runs on (pid " .. running.pid
    .. ")", function() job:wait_exited { timeout = "2s", every = "1s" } end)
  host:write_file(folder .. "/go", "")
  local result = lab.connect():job(key):wait_exited { accept = { 3 }, every = "50ms" }
  t.equal({ result.exit_code, result.stdout, result.stderr }, { 3, "begun\nover\n", "problem\n" })
  t.equal(job:status().exit_code, 3)
  t.raises("ssh.exit", name .. ": job " .. key .. " ended with exit code 3; stderr: problem",
    function() job:wait_exited() end)
  job:delete()
  t.equal(job:status().state, "never_began")
end)

test("a name begins once, whoever asks", function()
  local key, folder = unique "once", lab.folder(host)
  local results = ops.each({ 1, 2, 3, 4, 5 }, {}, function()
    return host:run(ops.shell("echo x >>" .. folder .. "/log; sleep 0.3; echo done"), { tracked = key }).stdout
  end)
  for _, result in ipairs(results) do t.equal(result.value, "done\n") end
  t.equal(host:read_file(folder .. "/log"), "x\n")
  t.equal(host:run(ops.shell "echo another", { tracked = key }).stdout, "done\n")
end)

test("stdin, env, cwd and exit code of a tracked command", function()
  local result = host:run(ops.shell "cat; echo $A; pwd; exit 9", { tracked = unique "io", stdin = "in\n",
    env = { A = "b c" }, cwd = "/usr", accept = { 9 } })
  t.equal({ result.exit_code, result.stdout }, { 9, "in\nb c\n/usr\n" })
  t.raises("ssh.exit", nil, function() host:run({ "false" }, { tracked = unique "false" }) end)
end)

test("stop ends it with all it started", function()
  local key = unique "stop"
  local job = host:start_job(key, ops.shell "sleep 1000 & sleep 1000")
  local stopped = job:stop { grace = "2s" }
  t.equal(stopped.state, "ended")
  t.truthy(stopped.exit_code > 128, "exit code " .. tostring(stopped.exit_code))
  local deaf = host:start_job(unique "deaf", ops.shell "trap '' TERM; while :; do sleep 0.05; done")
  t.equal(deaf:stop({ grace = "300ms" }).exit_code, 137)
end)

test("the connection is lost in the middle: the command goes on and its name answers", function()
  local key, folder = unique "lost", lab.folder(host)
  local line = "echo x >>" .. folder .. "/log; until [ -e " .. folder .. "/go ]; do sleep 0.05; done; echo survived"
  local victim = lab.connect { host = "127.9.0.40", keepalive = "200ms" }
  local results = ops.each({ "run", "cut" }, { on_error = "collect" }, function(what)
    if what == "run" then return victim:run(ops.shell(line), { tracked = key }) end
    ops.wait_until(function() return host:exists(folder .. "/log") ~= nil end, { every = "50ms" })
    lab.lab("cut", "127.9.0.40")
  end)
  t.equal({ results[1].error.code, results[1].error.maybe_applied, results[2].ok }, { "ssh.lost", true, true })
  t.equal(host:job(key):status().state, "running")
  host:write_file(folder .. "/go", "")
  -- As a resumed run does: the same command under the same name, and it is not run twice.
  t.equal(host:run(ops.shell(line), { tracked = key }).stdout, "survived\n")
  t.equal(host:read_file(folder .. "/log"), "x\n")
  lab.lab("join", "127.9.0.40")
end)

test("killed from outside without an exit code: nobody can tell", function()
  local key = unique "unknown"
  local job = host:start_job(key, { "sleep", "1000" })
  host:run({ "kill", "-9", "--", "-" .. job:status().pid })
  ops.wait_until(function() return job:status().state ~= "running" end, { every = "50ms" })
  local status = job:status()
  t.equal({ status.state, status.reason }, { "unknown", "its processes are gone, and it left no exit code" })
  t.raises("ssh.job_unknown", name .. ": job " .. key .. ": its processes are gone, and it left no exit code; look "
    .. "there what it has done", function() job:wait_exited() end)
end)

test("follow gives the lines from the beginning on, while it runs, to its end", function()
  local key, folder = unique "follow", lab.folder(host)
  local job = host:start_job(key, ops.shell("echo one; echo two >&2; until [ -e " .. folder .. "/go ]; do sleep 0.05; "
    .. "done; printf three"))
  local lines = {}
  for line in job:follow { every = "50ms" } do
    lines[#lines + 1] = line.stream .. " " .. line.text
    if #lines == 2 then host:write_file(folder .. "/go", "") end
  end
  table.sort(lines)
  t.equal(lines, { "stderr two", "stdout one", "stdout three" })
  local again = 0
  for _ in job:follow() do again = again + 1 end
  t.equal(again, 3)
  for _ in host:job(unique "never"):follow() do t.truthy(false, "of a job that never began") end
end)

test("follow in the middle of more than a look takes, through a lost connection", function()
  local key = unique "large"
  local line = ("y"):rep(99)
  local victim = lab.connect { host = "127.9.0.41" }
  local job = victim:start_job(key, ops.shell("yes " .. line .. " | head -n 50000"))
  local count = 0
  for got in job:follow { every = "20ms" } do
    count = count + 1
    if got.text ~= line then t.equal(got.text, line) end
    if count == 15000 then lab.lab("restart", "sshd") end
  end
  t.equal(count, 50000)
end)

test("on_line of a tracked command, while it runs", function()
  local lines = {}
  local folder = lab.folder(host)
  local line = "echo one; until [ -e " .. folder .. "/go ]; do sleep 0.05; done; echo two; echo three >&2"
  local result = host:run(ops.shell(line), {
    tracked = true,
    on_line = function(text, stream)
      lines[#lines + 1] = stream .. ": " .. text
      if text == "one" then host:write_file(folder .. "/go", "") end
    end,
  })
  t.equal({ result.exit_code, result.stdout, result.stderr }, { 0, "one\ntwo\n", "three\n" })
  table.sort(lines)
  t.equal(lines, { "stderr: three", "stdout: one", "stdout: two" })
end)

test("a tracked command that runs too long is ended with all it started", function()
  local mark = "opshost-test-" .. tostring(math.random(1e9))
  local failure = t.raises("ssh.timeout", nil, function()
    host:run({ "bash", "-c", "exec -a " .. mark .. " sleep 1000" }, { tracked = true, timeout = "1s" })
  end)
  t.equal({ failure.maybe_applied, #failure.detail.not_killed }, { true, 0 })
  t.equal(host:read({ "pgrep", "-f", "[o]" .. mark:sub(2) }, { accept = { 1 } }).exit_code, 1)
end)

test("a wait that its own timeout ends says so, whatever it was at", function()
  local job = host:start_job(unique "long", { "sleep", "1000" })
  t.raises("wait.timeout", nil, function() job:wait_exited { timeout = "300ms", every = "10s" } end)
  job:stop()
end)
