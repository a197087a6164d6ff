-- Commands on a host, against a real sshd.
local lab = require "ssh.lab"
local ops = require "ops"
local t = require "testing"
local test = t.test

local host = lab.connect()
local name = "keyonly@127.9.0.1:12222"

test("read gives exit code, stdout, stderr and the time it took", function()
  local result = host:read({ "sh", "-c", "printf out; printf err >&2; exit 3" }, { accept = { 3 } })
  t.equal({ result.exit_code, result.stdout, result.stderr, result.signal }, { 3, "out", "err", nil })
  t.truthy(result.duration > 0 and result.duration < 60, "duration")
end)

test("words reach the program as they are; ops.shell lets a shell read the line", function()
  t.equal(host:read({ "printf", "%s|", "a b", "$HOME", "*", "", "it's", "new\nline", "\\" }).stdout,
    "a b|$HOME|*||it's|new\nline|\\|")
  t.equal(host:read(ops.shell "printf 'b\na\n' | sort").stdout, "a\nb\n")
end)

test("every byte survives stdin and stdout, more than a window of it", function()
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  local all = table.concat(bytes):rep(20000)
  t.equal(host:read({ "cat" }, { stdin = all }).stdout == all, true)
end)

test("a program that does not read its stdin ends all the same", function()
  t.equal(host:read({ "true" }, { stdin = ("x"):rep(5000000) }).exit_code, 0)
end)

test("env and cwd", function()
  local result = host:read(ops.shell "echo $GREETING; pwd", { env = { GREETING = "it's me" }, cwd = "/usr/lib" })
  t.equal(result.stdout, "it's me\n/usr/lib\n")
  t.raises("ssh.cwd", name .. ': cwd "/no/such" cannot be entered; stderr: bash: line 1: cd: /no/such: '
    .. "No such file or directory", function() host:read({ "pwd" }, { cwd = "/no/such" }) end)
end)

test("an exit code that is not accepted raises, with the result as detail", function()
  local failure = t.raises("ssh.exit", name .. ": echo working; echo broken >&2; exit 7 ended with exit code 7; "
    .. "stderr: broken", function() host:run(ops.shell "echo working; echo broken >&2; exit 7") end)
  t.equal({ failure.detail.exit_code, failure.detail.stdout, failure.detail.stderr }, { 7, "working\n", "broken\n" })
  t.equal({ failure.target, failure.maybe_applied, failure.retryable }, { name, false, false })
  t.equal(host:run({ "false" }, { accept = "any" }).exit_code, 1)
end)

test("a command that is not there says so", function()
  local failure = t.raises("ssh.exit", nil, function() host:read({ "no-such-program" }) end)
  t.equal(failure.detail.exit_code, 127)
end)

test("an end by a signal that was not ours", function()
  local failure = t.raises("ssh.signal", name .. ": kill -9 $$ was ended by SIGKILL; it wrote nothing",
    function() host:read(ops.shell "kill -9 $$") end)
  t.equal(failure.detail.signal, "SIGKILL")
end)

test("on_line gets each line while the command runs, in order", function()
  local lines = {}
  host:read(ops.shell "for i in 1 2 3; do echo line $i; done; echo last >&2", {
    on_line = function(line, stream) lines[#lines + 1] = stream .. ": " .. line end,
  })
  table.sort(lines)
  t.equal(lines, { "stderr: last", "stdout: line 1", "stdout: line 2", "stdout: line 3" })
  local ok, failure = pcall(host.read, host, ops.shell "echo go; exec sleep 1000", {
    on_line = function() error("enough", 0) end,
  })
  t.equal({ ok, failure }, { false, "enough" })
end)

test("of a flood the end is kept, and how much is gone", function()
  local result = host:read(ops.shell "head -c 100000000 /dev/zero; echo; echo the end", { max_output = "64KiB" })
  t.equal(#result.stdout, 65536)
  t.equal(result.stdout:sub(-9), "\nthe end\n")
  t.equal(result.stdout_dropped, 100000000 + 9 - 65536)
end)

test("a terminal where one is asked for", function()
  t.equal(host:read({ "test", "-t", "0" }, { accept = { 0, 1 } }).exit_code, 1)
  t.equal(host:read({ "test", "-t", "0" }, { pty = true, accept = { 0, 1 } }).exit_code, 0)
end)

test("as_user: by sudo, where it asks for no password", function()
  t.equal(host:read({ "id", "-un" }, { as_user = "lab" }).stdout, "lab\n")
  t.equal(host:run({ "sh", "-c", "cat; exit 4" }, { as_user = "lab", stdin = "in", accept = { 4 } }).stdout, "in")
  t.equal(host:run({ "id", "-un" }, { as_user = "lab", tracked = true }).stdout, "lab\n")
end)

test("as_user: what runs too long is ended as that user", function()
  local mark = "opshost-test-" .. tostring(math.random(1e9))
  local failure = t.raises("ssh.timeout", nil, function()
    host:run({ "bash", "-c", "exec -a " .. mark .. " sleep 1000" }, { as_user = "lab", timeout = "1s" })
  end)
  t.equal(#failure.detail.not_killed, 0)
  t.equal(host:read({ "pgrep", "-f", "[o]" .. mark:sub(2) }, { accept = { 1 } }).exit_code, 1)
end)

test("many commands at once share one connection", function()
  local before = host:read(ops.shell "echo $PPID").stdout
  local items = {}
  for i = 1, 40 do items[i] = i end
  local results = ops.each(items, { parallel = 40 }, function(i)
    return lab.connect():read(ops.shell("echo $PPID; echo " .. i .. " >&2"))
  end)
  for i, result in ipairs(results) do
    t.equal(result.value.stderr, i .. "\n")
    t.equal(result.value.stdout, before)
  end
end)

test("timeout ends the command with everything it started", function()
  local mark = "opshost-test-" .. tostring(math.random(1e9))
  local line = "(exec -a " .. mark .. " sleep 1000) & exec -a " .. mark .. " sleep 1000"
  local words = ": bash -c '" .. line .. "' had not ended after 500ms and was killed; it wrote nothing"
  t.raises("ssh.timeout", name .. words, function()
    host:run({ "bash", "-c", line }, { timeout = "500ms" })
  end)
  t.equal(host:read({ "pgrep", "-f", "[o]" .. mark:sub(2) }, { accept = { 1 } }).exit_code, 1)
end)

test("timeout ends a command that ignores SIGTERM, after its grace", function()
  local line = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
  local failure = t.raises("ssh.timeout", nil, function()
    host:run(ops.shell(line), { timeout = "500ms", grace = "300ms" })
  end)
  t.equal(failure.message, name .. ": " .. line .. " had not ended after 500ms and was killed; nothing on stderr; "
    .. "stdout: deaf")
  t.equal({ failure.maybe_applied, #failure.detail.not_killed, failure.detail.stdout }, { true, 0, "deaf\n" })
end)

test("timeout of the connection is that of each call that says none", function()
  local impatient = lab.connect { timeout = "400ms" }
  t.raises("ssh.timeout", name .. ": sleep 1000 had not ended after 500ms and was killed; it wrote nothing",
    function() impatient:run({ "sleep", "1000" }, { grace = "100ms" }) end)
  t.equal(impatient:read({ "sleep", "0.6" }, { timeout = "10s" }).exit_code, 0)
end)

test("an enclosing deadline ends it too", function()
  local mark = "opshost-test-" .. tostring(math.random(1e9))
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("300ms", function() host:run({ "bash", "-c", "exec -a " .. mark .. " sleep 1000" }) end)
  end)
  t.equal(host:read({ "pgrep", "-f", "[o]" .. mark:sub(2) }, { accept = { 1 } }).exit_code, 1)
end)

test("what no shell can be given is refused before anything is sent", function()
  t.raises("usage.argument", "word 2 of the command has a NUL byte, which no program can be given",
    function() host:run({ "echo", "a\0b" }) end)
  t.raises("usage.argument", 'env: "A-B" is no name of a variable', function()
    host:run({ "true" }, { env = { ["A-B"] = "x" } })
  end)
end)

test("a command that is too long to be sent", function()
  t.raises("usage.argument", "the command is 40046B with all that goes with it, and 32KiB can be sent: give what is "
    .. "large by stdin or in a file", function() host:run({ "echo", ("x"):rep(40000) }) end)
  t.equal(#host:run({ "echo", ("x"):rep(32000) }).stdout, 32001)
end)

test("only `run` is tracked", function()
  t.raises("usage.argument", "tracked is of `run`: what only reads leaves nothing on the host to be asked for",
    function() host:read({ "true" }, { tracked = true }) end)
end)

test("a closed handle stays closed, others of the same host go on", function()
  local one, other = lab.connect(), lab.connect()
  one:close()
  one:close()
  t.raises("closed", nil, function() one:read({ "true" }) end)
  t.equal(other:read({ "echo", "still" }).stdout, "still\n")
end)
