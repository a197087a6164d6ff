-- Files of a host, over SFTP.
local lab = require "ssh.lab"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local host = lab.connect()
local name = "keyonly@127.9.0.1:12222"
local folder = lab.folder(host)

test("write_file and read_file keep every byte, of small and of large files", function()
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  for _, size in ipairs { 0, 1, 127, 128, 12345 } do
    local content = table.concat(bytes):rep(size)
    host:write_file(folder .. "/file", content)
    t.equal(host:read_file(folder .. "/file") == content, true)
  end
  t.equal(host:read({ "sh", "-c", "ls -A " .. folder }).stdout, "file\n")
end)

test("write_file keeps the mode, follows links, and sets a mode that is given", function()
  local path = folder .. "/kept"
  host:write_file(path, "1")
  t.equal(host:stat(path).mode, "0644")
  host:chmod(path, "0600")
  host:run({ "ln", "-s", "kept", folder .. "/link" })
  host:write_file(folder .. "/link", "2")
  t.equal({ host:stat(path).mode, host:read_file(path), host:stat(folder .. "/link", { follow = false }).type },
    { "0600", "2", "link" })
  host:write_file(path, "3", { mode = "0640" })
  t.equal(host:stat(path).mode, "0640")
end)

test("stat, exists and list", function()
  host:mkdir(folder .. "/d/e", { parents = true })
  host:mkdir(folder .. "/d/e", { mode = "0700" })
  host:write_file(folder .. "/d/b.log", "12")
  host:run({ "ln", "-s", "b.log", folder .. "/d/a" })
  local info = host:stat(folder .. "/d/b.log")
  t.equal({ info.name, info.type, info.size, info.path }, { "b.log", "file", 2, folder .. "/d/b.log" })
  local names = {}
  for i, entry in ipairs(host:list(folder .. "/d")) do names[i] = entry.name .. ":" .. entry.type end
  t.equal(names, { "a:link", "b.log:file", "e:directory" })
  t.equal(#host:list(folder .. "/d", { match = "*.log" }), 1)
  t.equal(host:exists(folder .. "/no"), nil)
  t.equal(host:exists(folder .. "/d/e").mode, "0700")
  t.equal(host:stat(folder .. "/d/a", { follow = false }).target, "b.log")
end)

test("errors name the host, the file and what the server said", function()
  local failure = t.raises("ssh.not_found", name .. ': cannot open "/no/such": it does not exist',
    function() host:read_file("/no/such") end)
  t.equal(failure.detail.status, 2)
  t.raises("ssh.permission", name .. ': cannot open "/etc/shadow": the login may not',
    function() host:read_file("/etc/shadow") end)
  t.raises("ssh.wrong_type", name .. ': "/etc" is a directory', function() host:read_file("/etc") end)
  t.raises("ssh.wrong_type", name .. ': "/etc" is a directory', function() host:write_file("/etc", "") end)
  t.raises("ssh.wrong_type", name .. ': "/etc/passwd" is no directory', function() host:list("/etc/passwd") end)
  t.raises("ssh.too_large", name .. ': "/etc/passwd" has more than 8B (max_size)',
    function() host:read_file("/etc/passwd", { max_size = 8 }) end)
  local long = "/tmp/" .. ("x"):rep(256)
  failure = t.raises("ssh.file", name .. ': cannot look at "' .. long .. '": the server says "Bad message"',
    function() host:read_file(long) end)
  t.equal(failure.detail, { path = long, status = 5, said = "Bad message" })
  t.raises("ssh.wrong_type", name .. ': "' .. folder .. '/d/b.log" is there and no directory',
    function() host:mkdir(folder .. "/d/b.log") end)
  t.raises("ssh.too_large", name .. ': "' .. folder .. '/d" has more entries than max_entries',
    function() host:list(folder .. "/d", { max_entries = 2 }) end)
  t.raises("ssh.not_empty", name .. ': "' .. folder .. '/d" is not empty: say recursive = true if all of it shall go',
    function() host:delete(folder .. "/d") end)
  t.raises("usage.argument", 'mode is "rw", which is none: give octal digits, "0644"',
    function() host:chmod("/tmp/x", "rw") end)
end)

test("what is no regular file is not replaced", function()
  host:run({ "mkfifo", folder .. "/fifo" })
  t.raises("ssh.wrong_type", name .. ': "' .. folder .. '/fifo" is no regular file (fifo)',
    function() host:write_file(folder .. "/fifo", "x") end)
  t.raises("ssh.wrong_type", name .. ': "/dev/null" is no regular file (char_device)',
    function() host:put("/etc/hostname", "/dev/null") end)
  t.equal(host:stat(folder .. "/fifo").type, "fifo")
  host:delete(folder .. "/fifo")
end)

test("what is no regular file is not read either: there, where it would keep the server waiting, and here", function()
  host:run({ "mkfifo", folder .. "/fifo" })
  local here = machine.temp()
  local refused = name .. ': "' .. folder .. '/fifo" is no regular file (fifo)'
  t.raises("ssh.wrong_type", refused, function() host:read_file(folder .. "/fifo") end)
  t.raises("ssh.wrong_type", refused, function() host:get(folder .. "/fifo", here .. "/x") end)
  t.raises("ssh.wrong_type", refused, function() host:checksum(folder .. "/fifo") end)
  host:delete(folder .. "/fifo")
  machine.run { "mkfifo", here .. "/fifo" }
  t.raises("ssh.local_file", 'cannot read "' .. here .. '/fifo" here: it is no regular file (fifo)',
    function() host:put(here .. "/fifo", folder .. "/x") end)
  t.raises("ssh.local_file", 'cannot read "/dev/zero" here: it is no regular file (char_device)',
    function() host:put("/dev/zero", folder .. "/x") end)
  t.raises("ssh.local_file", 'cannot read "' .. here .. '" here: Is a directory',
    function() host:put(here, folder .. "/x") end)
  host:write_file(folder .. "/x", "x")
  t.raises("ssh.local_file", 'cannot write "' .. here .. '/fifo" here: it is no regular file (fifo)',
    function() host:get(folder .. "/x", here .. "/fifo") end)
  t.equal(machine.stat(here .. "/fifo").type, "fifo")
  t.raises("ssh.local_file", 'cannot write "' .. here .. '" here: Is a directory',
    function() host:get(folder .. "/x", here) end)
end)

test("get follows links here, also one that leads nowhere yet", function()
  local here = machine.temp()
  host:write_file(folder .. "/x", "new")
  machine.write_file(here .. "/file", "old")
  machine.run { "ln", "-s", "file", here .. "/link" }
  machine.run { "ln", "-s", "missing", here .. "/dangling" }
  host:get(folder .. "/x", here .. "/link")
  host:get(folder .. "/x", here .. "/dangling")
  t.equal({ machine.read_file(here .. "/file"), machine.read_file(here .. "/missing") }, { "new", "new" })
  t.equal(machine.stat(here .. "/link", { follow = false }).type, "link")
end)

test("a file server that hangs: the call ends in time, the next one gets another", function()
  local other = lab.connect { host = "127.9.0.36", timeout = "1s" }
  local place = lab.folder(other)
  other:stat("/")
  local pid = other:read(ops.shell "pgrep -P $PPID -f internal-sftp").stdout:match "%d+"
  other:run { "kill", "-STOP", pid }
  local late = "no answer within 1s; last seen: keyonly@127.9.0.36:12222: channel: the host had not answered"
  t.raises("ssh.timeout", late, function() other:write_file(place .. "/file", "x") end)
  ops.wait_until(function() return (pcall(other.stat, other, "/")) end, { timeout = "20s" })
  other:run { "kill", "-CONT", pid }
  -- What the one that hung was asked for is done, and undone, when it goes on.
  ops.wait_until(function() return #other:list(place) == 0 end, { timeout = "20s", every = "50ms" })
end)

test("a copy while its server is killed, or stands still", function()
  local here = machine.temp()
  machine.run({ "sh", "-c", "head -c 3000000 /dev/zero >" .. here .. "/big" })
  local other = lab.connect { host = "127.9.0.37" }
  local place = lab.folder(other)
  host:put(here .. "/big", place .. "/there")
  local function put(act, options)
    options.on_progress = act
    return function() other:put(here .. "/big", place .. "/big", options) end
  end
  local function get(act, options)
    options.on_progress = act
    return function() other:get(place .. "/there", here .. "/back", options) end
  end
  for _, copy in ipairs { put, get } do
    other:stat("/")
    lab.lab("freeze", "sshd")
    local failure
    ops.group(function(group)
      group:spawn(function()
        failure = t.raises("ssh.lost", "keyonly@127.9.0.37:12222: channel: the connection was lost: Connection "
          .. "reset by peer", copy(nil, {}))
      end)
      lab.lab("kill", "sshd")
    end)
    lab.lab("start", "sshd")
    t.equal({ failure.maybe_applied, failure.retryable }, { false, true })
    other:stat("/")
    local ok, late = pcall(copy(function() lab.lab("freeze", "sshd") end, { timeout = "4s" }))
    lab.lab("thaw", "sshd")
    t.equal({ ok, late.code }, { false, "ssh.timeout" })
    t.equal(late.message:gsub("[%d.]+[KM]i?B of 3MB", "SOME of 3MB"), "no answer within 4s; last seen: "
      .. "keyonly@127.9.0.37:12222: channel: SOME of 3MB copied")
  end
  t.equal({ other:exists(place .. "/big"), machine.exists(here .. "/back") }, {})
end)

test("a copy may do no more as somebody else than it is told to", function()
  local here = machine.temp()
  host:write_file(folder .. "/set", "x", { mode = "6755" })
  host:get(folder .. "/set", here .. "/set")
  host:get(folder .. "/set", here .. "/told", { mode = "4755" })
  t.equal({ machine.stat(here .. "/set").mode, machine.stat(here .. "/told").mode }, { "0755", "4755" })
  host:put(here .. "/told", folder .. "/back")
  t.equal(host:stat(folder .. "/back").mode, "0755")
end)

test("what a copy left behind whose connection was lost is gone with the next one", function()
  local place, here = lab.folder(host), machine.temp()
  machine.run({ "sh", "-c", "head -c 2000000 /dev/zero >" .. here .. "/big" })
  for _, left in ipairs { ".big.opshost-old", ".other.opshost-old", ".big.opshost-new" } do
    host:write_file(place .. "/" .. left, "x")
  end
  host:run({ "touch", "-d", "2 hours ago", place .. "/.big.opshost-old", place .. "/.other.opshost-old" })
  host:put(here .. "/big", place .. "/big")
  local names = {}
  for i, entry in ipairs(host:list(place)) do names[i] = entry.name end
  t.equal(names, { ".big.opshost-new", ".other.opshost-old", "big" })
end)

test("a copy that differs is not put in place", function()
  local place, here = lab.folder(host), machine.temp()
  host:write_file(place .. "/file", "old")
  machine.write_file(here .. "/new", "new")
  local tools = lab.folder(host)
  host:write_file(tools .. "/sha256sum", "#!/bin/sh\necho 0000 $2\n", { mode = "0755" })
  local home = host:read(ops.shell "echo $HOME").stdout:gsub("\n", "")
  host:write_file(home .. "/.bashrc", "PATH=" .. tools .. ":$PATH\n")
  local ok, failure = pcall(host.put, host, here .. "/new", place .. "/file")
  host:delete(home .. "/.bashrc")
  t.equal({ ok, not ok and failure.code }, { false, "ssh.checksum" })
  t.equal(failure.message, name .. ': "' .. place .. '/file" has SHA-256 0000 there, '
    .. "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437 here: it was changed on the way or meanwhile")
  t.equal(host:read_file(place .. "/file"), "old")
  t.equal(#host:list(place), 1)
end)

test("delete is content with what is gone", function()
  host:delete(folder .. "/d", { recursive = true })
  host:delete(folder .. "/d")
  t.equal(host:exists(folder .. "/d"), nil)
end)

test("put and get copy, compare and tell how far they are", function()
  local here = machine.temp()
  machine.run({ "sh", "-c", "head -c 20000000 /dev/urandom >" .. here .. "/big" })
  machine.chmod(here .. "/big", "0640")
  local sum = machine.checksum(here .. "/big")
  local seen = {}
  local put = host:put(here .. "/big", folder .. "/big", { on_progress = function(done) seen[#seen + 1] = done end })
  t.equal({ put.size, put.sha256, seen[#seen] }, { 20000000, sum, 20000000 })
  t.equal({ host:stat(folder .. "/big").mode, host:stat(folder .. "/big").size }, { "0640", 20000000 })
  local got = host:get(folder .. "/big", here .. "/back")
  t.equal({ got.sha256, machine.checksum(here .. "/back"), machine.stat(here .. "/back").mode }, { sum, sum, "0640" })
  t.raises("ssh.local_file", 'cannot read "/no/such" here: No such file or directory',
    function() host:put("/no/such", folder .. "/x") end)
  t.raises("ssh.local_file", 'cannot write "/no/such/x" here: No such file or directory',
    function() host:get(folder .. "/big", "/no/such/x") end)
end)

test("checksum, as the host's own programs compute it", function()
  host:write_file(folder .. "/sum", "hello\n")
  t.equal(host:checksum(folder .. "/sum"), "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
  t.equal(host:checksum(folder .. "/sum", { algorithm = "md5" }), "b1946ac92492d2347c6235b4d2611184")
  host:write_file(folder .. "/back\\slash", "hello\n")
  t.equal(host:checksum(folder .. "/back\\slash", { algorithm = "sha1" }), "f572d396fae9206628714fb2ce00f72e94f2258f")
  t.raises("ssh.not_found", name .. ': cannot open "/no/such": it does not exist',
    function() host:checksum("/no/such") end)
  t.raises("ssh.permission", nil, function() host:checksum("/etc/shadow") end)
  t.raises("ssh.wrong_type", name .. ': "/etc" is a directory', function() host:checksum("/etc") end)
end)

test("temp makes a place of its own", function()
  local place = host:temp { parent = folder, prefix = "x-" }
  local file = host:temp { type = "file" }
  t.equal({ place:sub(1, #folder + 3), host:stat(place).type, host:stat(place).mode, host:stat(file).mode },
    { folder .. "/x-", "directory", "0700", "0600" })
  t.truthy(host:temp { parent = folder } ~= host:temp { parent = folder }, "two of them")
  host:delete(file)
  t.raises("ssh.not_found", nil, function() host:temp { parent = "/no/such" } end)
  t.raises("usage.argument", 'prefix is "a/b"; it is the beginning of a name',
    function() host:temp { prefix = "a/b" } end)
end)

test("a full disk there: the old file stays, nothing is left behind", function()
  local disk = lab.env "LAB_SSH_DISK"
  local here = machine.temp()
  -- It has 64 MiB.
  machine.run({ "sh", "-c", "head -c 70000000 /dev/zero >" .. here .. "/big" })
  host:write_file(disk .. "/file", "old")
  local before = #host:list(disk)
  t.raises("ssh.no_space", name .. ': cannot write "' .. disk .. '/file": the file system there is full: make room',
    function() host:put(here .. "/big", disk .. "/file") end)
  -- The disk is the one that a link leads to.
  host:run { "ln", "-s", disk .. "/file", folder .. "/to-disk" }
  lab.lab("fill", "ssh")
  local ok, failure = pcall(function()
    t.raises("ssh.no_space", name .. ': cannot write "' .. disk .. '/file": the file system there is full: make room',
      function() host:write_file(disk .. "/file", ("x"):rep(1000000)) end)
    t.raises("ssh.no_space", name .. ': cannot write "' .. folder .. '/to-disk": the file system there is full: make '
      .. "room", function() host:put(here .. "/big", folder .. "/to-disk") end)
  end)
  lab.lab("empty", "ssh")
  if not ok then error(failure, 0) end
  t.equal(host:read_file(disk .. "/file"), "old")
  -- Deleted by a request nobody waits for; the next one is answered after it.
  t.equal(#host:list(disk), before)
  host:delete(disk .. "/file")
end)

test("a host without SFTP says so", function()
  local plain = lab.connect { host = "127.0.0.1", port = 12226, host_key = "accept-new",
    known_hosts = machine.temp() .. "/known" }
  t.raises("ssh.channel", "keyonly@127.0.0.1:12226: channel: the host offers no file transfer (Subsystem sftp)",
    function() plain:read_file("/etc/passwd") end)
end)
