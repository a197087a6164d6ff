-- A MySQL server behind an ssh connection: over TCP, over its Unix socket, encrypted, and where the way ends.
local lab = require "ssh.lab"
local mysql = require "mysql"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local PORT = tonumber(lab.env "LAB_MYSQL_PRIMARY_PORT")

local function connect(options)
  local all = {
    via = lab.connect(), port = PORT, user = lab.env "LAB_MYSQL_USER", password = lab.env "LAB_MYSQL_PASSWORD",
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return mysql.connect(all)
end

local function way()
  return " via " .. lab.env "LAB_SSH_KEY_USER" .. "@127.9.0.1:" .. lab.env "LAB_SSH_PORT"
end

test("queries through ssh, large ones and many at once", function()
  local db = connect()
  t.equal(db:one("SELECT 1 AS one").one, 1)
  t.equal(#db:one("SELECT REPEAT('x', 3000000) AS text").text, 3000000)
  local results = ops.each({ 1, 2, 3, 4, 5, 6, 7, 8 }, {}, function(number)
    return db:one("SELECT ? + SLEEP(0.05) AS sum", { number }).sum
  end)
  for i = 1, 8 do t.equal(results[i].value, i) end
  db:close()
end)

test("an error names the server and the way", function()
  local failure = t.raises("mysql.access", nil, function() connect({ password = "wrong" }):one("SELECT 1") end)
  t.equal(failure.target, "mysql " .. lab.env "LAB_MYSQL_USER" .. "@127.0.0.1:" .. PORT .. way())
end)

test("TLS through ssh looks at the server's certificate, not at the way", function()
  local function secure(tls)
    return connect({ port = tonumber(lab.env "LAB_MYSQL_TLS_PORT"), user = lab.env "LAB_MYSQL_TLS_USER", tls = tls })
  end
  t.truthy(secure({ ca = lab.env "LAB_MYSQL_CA" }):one("SHOW STATUS LIKE 'Ssl_cipher'").Value ~= "", "cipher")
  t.raises("mysql.tls", "no encrypted connection: its certificate is not for db.example; no password was sent",
    function() secure({ ca = lab.env "LAB_MYSQL_CA", server_name = "db.example" }):alive() end)
  t.raises("mysql.tls", nil, function() secure({ ca = lab.env "LAB_MYSQL_OTHER_CA" }):alive() end)
end)

test("a Unix socket of the machine at the other end", function()
  local socket = lab.env "LAB_MYSQL_PRIMARY_SOCKET"
  local all = { via = lab.connect(), socket = socket, user = lab.env "LAB_MYSQL_USER",
    password = lab.env "LAB_MYSQL_PASSWORD" }
  t.equal(mysql.connect(all):one("SELECT 1 AS one").one, 1)
  all.socket = "/nowhere/mysqld.sock"
  local failure = t.raises("mysql.unreachable", nil, function() mysql.connect(all):one("SELECT 1") end)
  t.equal(failure.message, "/nowhere/mysqld.sock on " .. way():sub(6) .. " does not exist")
end)

test("a session outlives its database handle, and the way stays", function()
  local host = lab.connect()
  local seen = connect({ via = host }):session(function(session)
    collectgarbage()
    session:execute("SET @kept = 5")
    collectgarbage()
    return session:one("SELECT @kept AS kept").kept
  end)
  t.equal(seen, 5)
end)

test("a deadline ends the query on the server too", function()
  local db = connect()
  t.raises("deadline.exceeded", nil, function()
    ops.deadline("200ms", function() db:one("SELECT SLEEP(600) AS nap") end)
  end)
  ops.wait_until(function()
    local left = db:query("SELECT COUNT(*) AS count FROM information_schema.processlist WHERE info LIKE '%SLEEP(600)%' "
      .. "AND id <> CONNECTION_ID()")[1].count
    return left == 0, left
  end, { timeout = "10s", every = "50ms", what = "the server to end the query" })
end)

test("nothing listens at the end of the way", function()
  local failure = t.raises("mysql.unreachable", nil, function() connect({ port = 1 }):one("SELECT 1") end)
  t.equal(failure.message, "port 1 of 127.0.0.1, asked for through " .. way():sub(6)
    .. ": it cannot connect there: nothing listens, or there is no way")
  t.equal({ failure.retryable, failure.maybe_applied }, { true, false })
  local host = lab.connect()
  local db = connect({ via = host })
  host:close()
  failure = t.raises("closed", nil, function() db:one("SELECT 1") end)
  t.equal(failure.message, "the host that was given as `via` is closed")
end)

test("a name that nobody knows is looked up without holding up the others", function()
  local ticks = 0
  local failure
  ops.group(function(group)
    group:spawn(function()
      local db = mysql.connect({ host = "no-such-host.invalid", user = "x", connect_timeout = "5s" })
      failure = t.raises("mysql.unreachable", nil, function() db:one("SELECT 1") end)
    end)
    group:spawn(function()
      for _ = 1, 5 do
        ops.sleep("1ms")
        ticks = ticks + 1
      end
    end)
  end)
  t.equal(ticks, 5)
  t.truthy(failure.message:find("no-such-host.invalid", 1, true), failure.message)
end)

local function open_sockets()
  local count = 0
  for _, descriptor in ipairs(machine.list("/proc/self/fd")) do
    if (descriptor.target or ""):find("^socket:") then count = count + 1 end
  end
  return count
end

test("ways whose handles are gone leave no socket open", function()
  ops.wait_until(function()
    collectgarbage()
    local left = open_sockets()
    return left == 0, left
  end, { timeout = "20s", every = "20ms", what = "no socket" })
end)

test("a dump is made and read on the machine at the other end, whose file it is", function()
  local host = lab.connect()
  local db = connect({ via = host, database = lab.env "LAB_MYSQL_DATABASE" })
  db:execute("CREATE OR REPLACE TABLE via_dump (id INT)")
  db:execute("INSERT INTO via_dump VALUES (7)")
  local path = host:temp() .. "/dump.sql"
  local dump = mysql.dump(db, path, { tables = { "via_dump" } })
  t.equal({ dump.size, dump.sha256 }, { host:stat(path).size, host:checksum(path) })
  db:execute("DROP TABLE via_dump")
  mysql.restore(db, path, { sha256 = dump.sha256 })
  t.equal(db:one("SELECT id FROM via_dump").id, 7)
  db:execute("DROP TABLE via_dump")
  host:run({ "truncate", "-s", "-1", path })
  t.raises("mysql.incomplete_dump", nil, function() mysql.restore(db, path, { size = dump.size }) end)
end)

test("a dump that takes too long there is ended there too, and leaves nothing", function()
  local host = lab.connect()
  local db = connect({ via = host, database = lab.env "LAB_MYSQL_DATABASE" })
  db:execute("CREATE OR REPLACE TABLE via_slow (id INT)")
  local folder = host:temp()
  db:session(function(session)
    session:execute("LOCK TABLES via_slow WRITE")
    local failure = t.raises("mysql.timeout", "mysqldump did not end within 3s and was told to", function()
      mysql.dump(db, folder .. "/dump.sql", { tables = { "via_slow" }, timeout = "3s" })
    end)
    t.equal({ failure.target, failure.cause.code }, { tostring(db), "ssh.timeout" })
    ops.wait_until(function()
      local left = host:read({ "ls", "-A", folder }).stdout
      return left == "", left
    end, { timeout = "20s", every = "50ms", what = "the file to go" })
    session:execute("UNLOCK TABLES")
  end)
  db:execute("DROP TABLE via_slow")
end)
