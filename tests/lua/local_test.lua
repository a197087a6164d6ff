-- `local` as a script sees it; its client is tested in tests/bindings/local.
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

test("read gives exit code, stdout, stderr and the time it took", function()
  local result = machine.read({ "sh", "-c", "printf out; printf err >&2; exit 3" }, { accept = { 3 } })
  t.equal({ result.exit_code, result.stdout, result.stderr, result.signal }, { 3, "out", "err", nil })
  t.truthy(result.duration > 0 and result.duration < 60, "duration")
end)

test("every byte survives stdin and stdout", function()
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  local all = table.concat(bytes):rep(1000)
  t.equal(machine.read({ "cat" }, { stdin = all }).stdout == all, true)
end)

test("words reach the program as they are; ops.shell lets a shell read the line", function()
  t.equal(machine.read({ "printf", "%s|", "a b", "$HOME", "*", "" }).stdout, "a b|$HOME|*||")
  t.equal(machine.read(ops.shell "printf 'b\na\n' | sort").stdout, "a\nb\n")
end)

test("env and cwd", function()
  local folder = machine.temp()
  local result = machine.read(ops.shell "echo $GREETING; pwd", { env = { GREETING = "hello" }, cwd = folder })
  t.equal(result.stdout, "hello\n" .. folder .. "\n")
end)

test("an exit code that is not accepted raises, with the result as detail", function()
  local failure = t.raises("local.exit", nil, function()
    machine.run(ops.shell "echo working; echo broken >&2; exit 7")
  end)
  t.equal({ failure.detail.exit_code, failure.detail.stdout, failure.detail.stderr }, { 7, "working\n", "broken\n" })
  t.equal({ failure.op, failure.maybe_applied, failure.retryable }, { "local.run", false, false })
  t.truthy(failure.at:find("local_test.lua:%d+"), "position " .. tostring(failure.at))
  t.equal(machine.run({ "false" }, { accept = "any" }).exit_code, 1)
end)

test("on_line gets each line while the program runs, in order", function()
  local lines = {}
  machine.read(ops.shell "for i in 1 2 3; do echo line $i; done; echo last >&2", {
    on_line = function(line, stream) lines[#lines + 1] = stream .. ": " .. line end,
  })
  table.sort(lines)
  t.equal(lines, { "stderr: last", "stdout: line 1", "stdout: line 2", "stdout: line 3" })
end)

test("on_line may wait, and its error ends the program and is raised as it was", function()
  local count = 0
  machine.read(ops.shell "seq 5", { on_line = function()
    ops.sleep("2ms")
    count = count + 1
  end })
  t.equal(count, 5)
  local function give_up() error("enough", 0) end
  local ok, failure = pcall(machine.read, ops.shell "echo go; sleep 1000", { on_line = give_up })
  t.equal({ ok, failure }, { false, "enough" })
end)

test("a timeout ends the whole process group", function()
  local folder = machine.temp()
  local failure = t.raises("local.timeout", nil, function()
    machine.run(ops.shell("sleep 1000 & echo $! > " .. folder .. "/pid; wait"), { timeout = "300ms", grace = "100ms" })
  end)
  t.equal(failure.maybe_applied, true)
  local pid = machine.read_file(folder .. "/pid"):match("%d+")
  ops.wait_until(function() return machine.exists("/proc/" .. pid .. "/exe") == nil end,
    { timeout = "10s", every = "10ms", what = "the child to be gone" })
end)

test("a deadline around it ends it too", function()
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("100ms", function() machine.read({ "sleep", "1000" }) end)
  end)
end)

test("wrong arguments are named with position, path, expected and got", function()
  t.raises("usage.argument", 'argument 2 "options.env.PATH": expected string, got number 5', function()
    machine.read({ "true" }, { env = { PATH = 5 } })
  end)
  t.raises("usage.argument", 'argument 2 "options": unknown field "timout"; did you mean "timeout"?', function()
    machine.read({ "true" }, { timout = 5 })
  end)
  t.raises("usage.argument",
    'argument 1 "command": expected a program and its arguments ({"ls", "-l"}) or ops.shell "a | b", got string "ls"',
    function() machine.read("ls") end)
  t.raises("usage.argument",
    'argument 2 "options.timeout": expected duration ("30s", or seconds as a number), got string "soon"',
    function() machine.read({ "true" }, { timeout = "soon" }) end)
  t.raises("usage.argument", "takes at most 2 arguments, got 3", function() machine.read({ "true" }, {}, 1) end)
  t.raises("usage.unknown_name", 'local has no "raed"; did you mean "read"?', function() return machine.raed end)
end)

test("files: write, read, edit, list, stat, exists, checksum, mkdir, chmod, delete", function()
  local folder = machine.temp()
  local path = folder .. "/a.txt"
  machine.write_file(path, "one\0two\n", { mode = "0640" })
  t.equal(machine.read_file(path), "one\0two\n")
  t.equal({ machine.stat(path).size, machine.stat(path).mode }, { 8, "0640" })
  t.equal(machine.edit(path, function(text) return text .. "three\n" end, { backup = ".old" }).changed, true)
  t.equal(machine.edit(path, function(text) return text end).changed, false)
  t.equal({ machine.read_file(path), machine.read_file(path .. ".old") }, { "one\0two\nthree\n", "one\0two\n" })
  local before, backup = machine.stat(path), machine.stat(path .. ".old")
  t.equal({ backup.mode, backup.owner, backup.group }, { "0640", before.owner, before.group })
  -- A backup that is there already is made as private as what it keeps now.
  machine.chmod(path, "0600")
  machine.edit(path, function(text) return text:sub(1, 8) end, { backup = ".old" })
  t.equal({ machine.stat(path).mode, machine.stat(path .. ".old").mode }, { "0600", "0600" })
  machine.edit(path, function(text) return text .. "three\n" end)
  machine.mkdir(folder .. "/sub/deep", { parents = true })
  machine.chmod(path, "0600")
  local names = {}
  for _, entry in ipairs(machine.list(folder)) do names[#names + 1] = entry.name .. ":" .. entry.type end
  t.equal(names, { "a.txt:file", "a.txt.old:file", "sub:directory" })
  t.equal(machine.checksum(path), machine.read({ "sha256sum", path }).stdout:match("%x+"))
  machine.delete(folder .. "/sub", { recursive = true })
  machine.delete(folder .. "/sub")
  t.equal(machine.exists(folder .. "/sub"), nil)
  t.raises("local.not_found", nil, function() machine.read_file(folder .. "/a.tx") end)
end)

test("a hundred programs at once", function()
  local items = {}
  for i = 1, 100 do items[i] = i end
  local results = ops.each(items, { parallel = 100 }, function(i)
    return machine.read({ "echo", tostring(i) }).stdout
  end)
  for i = 1, 100 do t.equal(results[i].value, i .. "\n") end
end)
