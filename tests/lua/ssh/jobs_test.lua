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
  t.raises("ssh.job_running", name .. ": job " .. key .. " runs (pid " .. running.pid .. "): stop it first",
    function() job:delete() end)
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

test("a tracked command has its own variables, and the login's umask", function()
  local env = { name = "prod", base = "B", job = "J", mark = "M", n = "N", d = "D", HOME = "/tmp", PATH = "/bin" }
  local line = ops.shell "echo $name $base $job $mark $n $d $HOME $PATH; umask"
  local plain = host:run(line, { env = env }).stdout
  t.equal(plain:match "^[^\n]*", "prod B J M N D /tmp /bin")
  local key = unique "variables"
  t.equal(host:run(line, { env = env, tracked = key }).stdout, plain)
  t.equal(host:job(key):status().state, "ended")
  local job = host:start_job(unique "home", { "printenv", "HOME" }, { env = { HOME = "/tmp" } })
  t.equal(job:wait_exited({ every = "50ms" }).stdout, "/tmp\n")
end)

test("a program whose name has an equals sign", function()
  local folder = lab.folder(host)
  host:write_file(folder .. "/A=1", "#!/bin/sh\necho run $B\n", { mode = "0755" })
  for _, tracked in ipairs { false, true } do
    t.equal(host:run({ folder .. "/A=1" }, { tracked = tracked, env = { B = "b" } }).stdout, "run b\n")
    t.raises("ssh.exit", nil, function() host:run({ "A=1", "printenv", "A" }, { tracked = tracked }) end)
  end
end)

test("a tracked command's directory, signal and lost output are told as any command's", function()
  t.raises("ssh.cwd", name .. ": cwd \"/no/such\" cannot be entered; stderr: sh: 1: cd: can't cd to /no/such",
    function() host:run({ "pwd" }, { tracked = true, cwd = "/no/such" }) end)
  for signal, number in pairs { SIGKILL = 9, SIGTERM = 15, SIGSEGV = 11 } do
    local failure = t.raises("ssh.signal", name .. ": kill -" .. number .. " $$ was ended by " .. signal
      .. "; it wrote nothing", function() host:run(ops.shell("kill -" .. number .. " $$"), { tracked = true }) end)
    t.equal({ failure.detail.signal, failure.detail.exit_code }, { signal, nil })
  end
  t.equal(host:run(ops.shell "exit 137", { tracked = true, accept = { 137 } }).exit_code, 137)
  local line = ops.shell "seq 1 200000; seq 1 3 >&2"
  for _, on_line in ipairs { false, true } do
    local result = host:run(line, { tracked = true, max_output = "64KiB", on_line = on_line and function() end or nil })
    t.equal({ #result.stdout, result.stdout_dropped, result.stdout:sub(-7), result.stderr, result.stderr_dropped },
      { 65536, 1288895 - 65536, "200000\n", "1\n2\n3\n", 0 })
  end
end)

test("a job whose input did not come whole never began", function()
  local key = unique "cut"
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("300ms", function()
      host:start_job(key, ops.shell "wc -c", { stdin = ("x"):rep(200000000) })
    end)
  end)
  -- What came of it is decided when the host has seen the end of the channel. The brackets keep pgrep from itself.
  local pattern = "[" .. key:sub(1, 1) .. "]" .. key:sub(2)
  ops.wait_until(function()
    return host:read({ "pgrep", "-f", pattern }, { accept = { 0, 1 } }).exit_code == 1, "its script still runs"
  end, { timeout = "30s", every = "50ms" })
  t.equal(host:job(key):status().state, "never_began")
  t.equal(host:start_job(key, ops.shell "wc -c", { stdin = ("x"):rep(300000) }):wait_exited({ every = "50ms" }).stdout,
    "300000\n")
end)

test("a job of another user", function()
  local key = unique "other"
  local job = host:start_job(key, ops.shell "id -un; sleep 1000", { as_user = "lab" })
  t.equal(job:status().state, "running")
  t.equal(host:job(key):status().state, "never_began")
  local again = host:job(key, { as_user = "lab" })
  for line in again:follow { every = "50ms" } do
    t.equal(line.text, "lab")
    t.equal(again:stop({ grace = "1s" }).state, "ended")
  end
  again:delete()
  t.equal(again:status().state, "never_began")
end)

test("stop ends it with all it started", function()
  local key = unique "stop"
  local job = host:start_job(key, ops.shell "sleep 1000 & sleep 1000")
  local stopped = job:stop { grace = "2s" }
  t.equal(stopped.state, "ended")
  t.truthy(stopped.exit_code > 128, "exit code " .. tostring(stopped.exit_code))
  local seconds = tostring(100000 + math.random(899999))
  local parent = host:start_job(unique "deaf child", ops.shell("(trap '' TERM; exec sleep " .. seconds
    .. ") & exec sleep 1000"))
  ops.wait_until(function()
    return host:read({ "pgrep", "-fx", "sleep " .. seconds }, { accept = { 0, 1 } }).exit_code == 0
  end, { every = "50ms" })
  t.equal(parent:stop({ grace = "300ms" }).exit_code, 143)
  t.equal(host:read({ "pgrep", "-fx", "sleep " .. seconds }, { accept = { 1 } }).exit_code, 1)
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

test("follow of a job that nobody can tell of raises, after its lines", function()
  local key = unique "followed"
  local job = host:start_job(key, ops.shell "echo begun; exec sleep 1000")
  local lines = {}
  t.raises("ssh.job_unknown", name .. ": job " .. key .. ": its processes are gone, and it left no exit code; look "
    .. "there what it has done", function()
    for line in job:follow { every = "50ms" } do
      lines[#lines + 1] = line.text
      host:run({ "kill", "-9", "--", "-" .. job:status().pid })
    end
  end)
  t.equal(lines, { "begun" })
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
