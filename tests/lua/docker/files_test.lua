-- Files in a container.
local docker = require "docker"
local lab = require "docker_lab"
local ops = require "ops"
local t = require "testing"
local test = t.test

test("what is written is read back, byte for byte, also where the container does not run", function()
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  local all = table.concat(bytes):rep(3000)
  lab.with_container({ create_only = true }, function(container)
    container:write_file("/tmp/all bytes", all, { mode = "0640", uid = 12, gid = 34 })
    t.equal(container:read_file("/tmp/all bytes") == all, true)
    container:write_file("/tmp/empty", "")
    t.equal(container:read_file("/tmp/empty"), "")
    local info = container:stat("/tmp/all bytes")
    t.equal({ info.type, info.size, info.mode, info.name }, { "file", #all, "0640", "all bytes" })
    container:write_file("/tmp/all bytes", "new")
    container:start()
    t.equal(container:read(ops.shell "stat -c '%a %u %g' '/tmp/all bytes'").stdout, "640 12 34\n")
  end)
end)

test("a long name, a link, a directory, what is not there", function()
  lab.with_container({}, function(container)
    local long = "/tmp/" .. ("n"):rep(200)
    container:write_file(long, "long")
    t.equal(container:read_file(long), "long")
    container:read(ops.shell "ln -s /tmp/target /tmp/link; echo before > /tmp/target; mkfifo /tmp/fifo")
    container:write_file("/tmp/link", "through")
    t.equal({ container:read_file("/tmp/target"), container:stat("/tmp/link", { follow = false }).type },
      { "through", "link" })
    t.equal(container:stat("/tmp/fifo").type, "fifo")
    t.equal(container:exists("/tmp").type, "directory")
    t.equal(container:exists("/tmp/nothing"), nil)
    local where = " in container " .. container:name()
    t.raises("docker.not_found", '"/tmp/nothing" does not exist' .. where,
      function() container:read_file("/tmp/nothing") end)
    t.raises("docker.wrong_type", '"/tmp"' .. where .. " is a directory, not a file",
      function() container:read_file("/tmp") end)
    t.raises("docker.not_found", "the directory \"/no/such\" does not exist" .. where,
      function() container:write_file("/no/such/file", "x") end)
    t.raises("usage.argument", 'path is "tmp/x"; a path in a container begins with /',
      function() container:read_file("tmp/x") end)
    t.raises("usage.argument", 'mode is "rw"; write it as chmod takes it: "0644"',
      function() container:write_file("/tmp/x", "x", { mode = "rw" }) end)
    container:mkdir("/tmp/made", { mode = "0711" })
    container:mkdir("/tmp/made")
    t.equal({ container:stat("/tmp/made").type, container:stat("/tmp/made").mode }, { "directory", "0711" })
  end)
end)

test("edit changes a file where it differs", function()
  lab.with_container({}, function(container)
    container:write_file("/etc/app.cnf", "port = 1\n", { mode = "0600" })
    local function change(text) return (text:gsub("port = %d+", "port = 2")) end
    t.equal(docker.edit(container, "/etc/app.cnf", change, { backup = ".old" }), { changed = true,
      diff = "--- /etc/app.cnf\n+++ /etc/app.cnf (new)\n@@ -1 +1 @@\n-port = 1\n+port = 2\n" })
    t.equal(docker.edit(container, "/etc/app.cnf", change), { changed = false })
    t.equal({ container:stat("/etc/app.cnf").mode, container:stat("/etc/app.cnf.old").mode }, { "0600", "0600" })
    t.equal({ container:read_file("/etc/app.cnf"), container:read_file("/etc/app.cnf.old") }, { "port = 2\n",
      "port = 1\n" })
  end)
end)

test("100 MB there and back; more than max_size is an error", function()
  lab.with_container({}, function(container)
    local big = ("0123456789abcdef"):rep(100 * 65536)
    container:write_file("/tmp/big", big)
    t.raises("docker.too_large", '"/tmp/big" in container ' .. container:name()
      .. " has 104857600 bytes; raise max_size (64MiB) to read it into memory",
        function() container:read_file("/tmp/big") end)
    t.equal(container:read_file("/tmp/big", { max_size = "200MiB" }) == big, true)
  end)
end)

test("list, checksum, chmod and delete_path, by the container's own programs", function()
  lab.with_container({}, function(container)
    local where = " in container " .. container:name()
    container:mkdir("/tmp/dir", { mode = "0750" })
    container:write_file("/tmp/dir/two\nlines", "content", { mode = "0600" })
    container:write_file("/tmp/dir/.hidden", "")
    container:read(ops.shell "ln -s nowhere /tmp/dir/link; mkdir /tmp/dir/sub")
    local seen = {}
    for i, info in ipairs(container:list("/tmp/dir")) do
      seen[i] = { info.name, info.type, info.mode, info.path }
      t.truthy(info.mtime:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$"), info.mtime)
    end
    t.equal(seen, {
      { ".hidden", "file", "0644", "/tmp/dir/.hidden" }, { "link", "link", "0777", "/tmp/dir/link" },
      { "sub", "directory", "0755", "/tmp/dir/sub" }, { "two\nlines", "file", "0600", "/tmp/dir/two\nlines" },
    })
    t.equal(container:list("/tmp/dir/sub"), {})
    t.raises("docker.not_found", '"/tmp/none" does not exist' .. where, function() container:list("/tmp/none") end)
    t.equal(container:checksum("/tmp/dir/two\nlines"),
      "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73")
    t.raises("docker.exit", nil, function() container:checksum("/tmp/dir") end)
    container:chmod("/tmp/dir", "0700")
    t.equal(container:stat("/tmp/dir").mode, "0700")
    t.raises("usage.argument", 'mode is "u+x"; write it as chmod takes it: "0644"',
      function() container:chmod("/tmp/dir", "u+x") end)
    container:delete_path("/tmp/dir/link")
    t.raises("docker.exit", nil, function() container:delete_path("/tmp/dir") end)
    container:delete_path("/tmp/dir/sub")
    container:delete_path("/tmp/dir", { recursive = true })
    t.equal(container:exists("/tmp/dir"), nil)
    t.raises("docker.not_found", '"/tmp/dir" does not exist' .. where, function() container:delete_path("/tmp/dir") end)
    t.raises("usage.argument", 'path is "//", all there is in the container',
      function() container:delete_path("//", { recursive = true }) end)
    container:stop({ grace = 0 })
    t.raises("docker.not_running", nil, function() container:list("/tmp") end)
  end)
end)

test("what is in memory the engine does not see: refused, not lost", function()
  lab.with_container({ host_config = { Tmpfs = { ["/run"] = "" }, Mounts = { { Type = "tmpfs", Target = "/mem" } } } },
    function(container)
      container:run(ops.shell "echo real > /run/y; ln -s /run /link; mkdir /plain; ln -s ../link/sub /plain/deep")
      local function refused(path, fn)
        t.raises("docker.in_memory", '"' .. path .. '" in container ' .. container:name() .. " is in a file system in "
          .. "memory (tmpfs, /dev, /proc, /sys), which the engine does not see: let a program in the container do it",
            function() fn(path) end)
      end
      for _, path in ipairs({ "/run/y", "/run", "/mem/x", "/dev/shm/x", "/proc/1/status", "/link/y", "/plain/deep/z",
        "/plain/../run/y" }) do
        refused(path, function(file) container:write_file(file, "x") end)
        refused(path, function(file) container:read_file(file) end)
        refused(path, function(file) container:exists(file) end)
        refused(path, function(file) container:stat(file) end)
        refused(path, function(file) container:mkdir(file) end)
      end
      container:write_file("/runner", "x")
      container:write_file("/plain/file", "x")
      t.equal({ container:read_file("/runner"), container:read_file("/plain/file") }, { "x", "x" })
      -- The container's own programs see it.
      t.equal(container:list("/run")[1].name, "y")
      t.equal(container:checksum("/run/y"), container:read(ops.shell "sha256sum /run/y").stdout:match("^%x+"))
      container:chmod("/run/y", "0600")
      container:delete_path("/run/y")
      t.equal(container:list("/run"), {})
    end)
end)

test("a directory that cannot be read, or looked at, has no list", function()
  lab.with_container({ as_user = "1234" }, function(container)
    container:mkdir("/secret", { mode = "0711" })
    container:write_file("/secret/a", "x")
    local failure = t.raises("docker.exit", nil, function() container:list("/secret") end)
    t.truthy(failure.message:find("stderr: /secret: permission denied$"), failure.message)
  end)
  -- The programs of this machine; busybox has its own stat within its shell.
  lab.with_container({ image = "lab/host:1", volumes = { "/usr:/usr:ro" }, env = { PATH = "/nowhere" },
    command = { "/usr/bin/sleep", "1000" } }, function(container)
    local failure = t.raises("docker.exit", nil, function() container:list("/etc") end)
    t.truthy(failure.message:find("stat: not found", 1, true), failure.message)
  end)
end)
