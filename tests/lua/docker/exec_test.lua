-- Programs run in a container.
local lab = require "docker_lab"
local ops = require "ops"
local t = require "testing"
local test = t.test

local function in_container(name, fn, options)
  test(name, function() lab.with_container(options or {}, fn) end)
end

in_container("both outputs, the exit code, the words as they are", function(container)
  local result = container:read({ "sh", "-c", "printf out; printf err >&2; exit 3" }, { accept = { 3 } })
  t.equal({ result.exit_code, result.stdout, result.stderr }, { 3, "out", "err" })
  t.truthy(#result.exec_id == 64, "exec_id")
  t.equal(container:read({ "printf", "%s|", "a b", "$HOME", "*", "" }).stdout, "a b|$HOME|*||")
  t.equal(container:read(ops.shell "printf 'b\na\n' | sort").stdout, "a\nb\n")
end)

in_container("env, cwd and as_user", function(container)
  local result = container:read(ops.shell "echo $GREETING; pwd; id -u", { env = { GREETING = "a=b c" }, cwd = "/tmp",
    as_user = "1234" })
  t.equal(result.stdout, "a=b c\n/tmp\n1234\n")
end)

in_container("every byte survives stdin and stdout", function(container)
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  local all = table.concat(bytes):rep(2000)
  t.equal(container:read({ "cat" }, { stdin = all }).stdout == all, true)
  -- What it leaves unread may be met while we send, or when we read.
  ops.each({ 1, 2, 3, 4, 5, 6, 7, 8 }, { parallel = 8 }, function()
    t.equal(container:read({ "head", "-c", "3" }, { stdin = all }).stdout, "\0\1\2")
  end)
  t.equal(container:read({ "cat" }).stdout, "")
end)

in_container("with a terminal both outputs come as one", function(container)
  local result = container:read(ops.shell "test -t 1 && echo terminal; echo error >&2", { tty = true })
  t.equal({ result.stdout, result.stderr }, { "terminal\r\nerror\r\n", "" })
end)

in_container("on_line gets lines as they come, in order, and may wait", function(container)
  local lines = {}
  container:read(ops.shell "for i in 1 2 3; do echo line $i; done; sleep 0.1; echo last >&2", {
    on_line = function(line, stream)
      ops.sleep("2ms")
      lines[#lines + 1] = stream .. ": " .. line
    end,
  })
  t.equal(lines, { "stdout: line 1", "stdout: line 2", "stdout: line 3", "stderr: last" })
end)

in_container("of much output the end is kept", function(container)
  local result = container:read(ops.shell "seq 1 200000", { max_output = "1KiB" })
  t.equal({ #result.stdout, result.stdout_dropped }, { 1024, 1288895 - 1024 })
  t.truthy(result.stdout:find("199999\n200000\n$"), "the end")
end)

in_container("an exit code that is not accepted raises with the result", function(container)
  local failure = t.raises("docker.exit",
    "/bin/sh -c 'echo working; echo broken >&2; exit 7' ended with exit code 7 in "
    .. "container " .. container:name() .. "; stderr: broken", function()
    container:run({ "/bin/sh", "-c", "echo working; echo broken >&2; exit 7" })
  end)
  t.equal({ failure.detail.exit_code, failure.detail.stdout, failure.maybe_applied }, { 7, "working\n", false })
  t.equal(container:run({ "false" }, { accept = "any" }).exit_code, 1)
end)

in_container("a program that is not there", function(container)
  local failure = t.raises("docker.not_found", nil, function() container:read({ "no-such-program" }) end)
  t.truthy(failure.message:find('there is no program "no-such-program" in container ' .. container:name(), 1, true),
    failure.message)
end)

in_container("a container that does not run", function(container)
  local failure = t.raises("docker.not_running", "POST /containers/" .. container:id()
    .. "/exec was answered with status 409: Container " .. container:id() .. " is not running",
      function() container:read({ "true" }) end)
  t.equal({ failure.detail.status, failure.maybe_applied }, { 409, false })
end, { create_only = true })

in_container("timeout ends the program with all it started", function(container)
  local failure = t.raises("docker.timeout", nil, function()
    container:run(ops.shell "sleep 4711 & echo begun; sleep 4711", { timeout = "1s", grace = "1s" })
  end)
  t.truthy(failure.message:find("had not ended after 1s and was killed; nothing on stderr; stdout: begun", 1, true),
    failure.message)
  t.equal({ failure.maybe_applied, failure.detail.ended, failure.detail.stdout }, { true, true, "begun\n" })
  t.equal(container:read(ops.shell "ps | grep -c '[s]leep 4711'", { accept = "any" }).stdout, "0\n")
end)

in_container("a program that takes SIGTERM lightly gets SIGKILL", function(container)
  local failure = t.raises("docker.timeout", nil, function()
    container:run(ops.shell "trap '' TERM; while :; do sleep 0.05; done", { timeout = "500ms", grace = "500ms" })
  end)
  t.equal(failure.detail.ended, true)
end)

in_container("a deadline around it ends it too", function(container)
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("500ms", function() container:run({ "sleep", "4712" }, { grace = "1s" }) end)
  end)
  t.equal(container:read(ops.shell "ps | grep -c '[s]leep 4712'", { accept = "any" }).stdout, "0\n")
end)

in_container("a run can be asked for by its id while the container lives", function(container, engine)
  local result = container:run(ops.shell "exit 4", { accept = { 4 } })
  local status = engine:find_exec(result.exec_id)
  t.equal({ status.running, status.exit_code, status.container_id }, { false, 4, container:id() })
  t.equal(engine:find_exec(("0"):rep(64)), nil)
end)

in_container("many at once", function(container)
  local numbers = {}
  for i = 1, 20 do numbers[i] = i end
  local results = ops.each(numbers, { parallel = 20 },
    function(i) return container:read({ "echo", tostring(i) }).stdout end)
  for i = 1, 20 do t.equal(results[i].value, i .. "\n") end
end)

in_container("words no program can be given are refused", function(container)
  t.raises("usage.argument", "word 2 of the command has a NUL byte, which no program can be given",
    function() container:read({ "echo", "a\0b" }) end)
  t.raises("usage.argument", 'env: "A=B" is no name of a variable',
    function() container:read({ "true" }, { env = { ["A=B"] = "c" } }) end)
end)

in_container("a program whose child has an environment of its own is ended with that child", function(container)
  local failure = t.raises("docker.timeout", "/bin/sh -c 'env -i /bin/sleep 4801; true' in container "
    .. container:name() .. " had not ended after 1s and was killed; it wrote nothing", function()
      container:run({ "/bin/sh", "-c", "env -i /bin/sleep 4801; true" }, { timeout = "1s", grace = "1s" })
    end)
  t.equal({ failure.detail.ended, failure.detail.problem }, { true, nil })
  t.equal(container:read(ops.shell "ps | grep -c '[s]leep 4801'", { accept = "any" }).stdout, "0\n")
  -- Its children are known although the parent ends first, and takes SIGTERM lightly.
  failure = t.raises("docker.timeout", nil, function()
    container:run(ops.shell "env -i /bin/sh -c 'trap \"\" TERM; while :; do sleep 0.1; done # 4803' & sleep 4804",
      { timeout = "1s", grace = "500ms" })
  end)
  t.equal(failure.detail.ended, true)
  t.equal(container:read(ops.shell "ps | grep -c '[#] 4803'", { accept = "any" }).stdout, "0\n")
end)

in_container("one that cannot be found is not said to be killed", function(container)
  local failure = t.raises("docker.timeout", "env -i /bin/sleep 4802 in container " .. container:name()
    .. " had not ended after 500ms; it could not be killed and may still run; it wrote nothing",
      function() container:run({ "env", "-i", "/bin/sleep", "4802" }, { timeout = "500ms", grace = "200ms" }) end)
  t.equal({ failure.detail.ended, failure.maybe_applied }, { false, true })
  t.equal(container:read(ops.shell "ps | grep -c '[s]leep 4802'", { accept = "any" }).stdout, "1\n")
end)

in_container("a program that is not there, with little output kept", function(container)
  local failure = t.raises("docker.not_found", nil, function()
    container:read({ "no-such-program" }, { max_output = 10 })
  end)
  t.truthy(failure.message:find('there is no program "no-such-program" in container ' .. container:name() .. ": OCI", 1,
    true), failure.message)
end)

in_container("with a terminal stdin ends too, with and without a line break at its end", function(container)
  t.equal(container:read({ "cat" }, { tty = true, stdin = "one\n", timeout = "20s" }).stdout, "one\r\none\r\n")
  t.equal(container:read({ "cat" }, { tty = true, stdin = "two", timeout = "20s" }).stdout, "twotwo")
end)

in_container("stdin and variables may be secrets, which nothing shows", function(container)
  local secret = ops.secret.command({ "printf", "geheim-geheim" })
  local result = container:run(ops.shell "echo $PIN | tr a-z A-Z; tr a-z A-Z", { env = { PIN = secret },
    stdin = secret })
  t.equal(result.stdout, "GEHEIM-GEHEIM\nGEHEIM-GEHEIM")
end)

in_container("a paused container", function(container)
  container:pause()
  local failure = t.raises("docker.conflict", "POST /containers/" .. container:id()
    .. "/exec was answered with status 409: Container " .. container:id() .. " is paused, unpause the container "
    .. "before exec", function() container:run({ "true" }) end)
  t.equal({ failure.detail.status, failure.maybe_applied }, { 409, false })
  container:unpause()
end)
