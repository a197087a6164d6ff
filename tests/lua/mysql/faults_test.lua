-- Servers that are not there, die, freeze, are full: what a script is told, and that nothing stays behind. They happen
-- to the lab's third server, which no other replicates from.
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"

local test = support.breaking_test

local PORT = tonumber(support.env("LAB_MYSQL_TLS_PORT"))
local ADDRESS = support.host .. ":" .. PORT
local TARGET = "mysql faulty@" .. ADDRESS

local admin = support.administrator("TLS")
admin:execute("CREATE OR REPLACE USER faulty@'%' IDENTIFIED BY 'faulty-password'")
admin:execute("GRANT ALL ON app.* TO faulty@'%'")

local function connect(options)
  local all = { port = PORT, user = "faulty", password = "faulty-password" }
  for key, value in pairs(options or {}) do all[key] = value end
  return support.connect(all)
end

-- Runs `work`, and when the server has its statement (one like `pattern`), `harm`.
local function while_it_runs(pattern, work, harm)
  local runs = { work, function()
    ops.wait_until(function()
      return #admin:query("SELECT 1 AS x FROM information_schema.processlist WHERE info LIKE ? AND "
        .. "id <> CONNECTION_ID()", { pattern }) > 0
    end, { timeout = "20s", every = "20ms", what = "the server to have the statement" })
    harm()
  end }
  local results = ops.each(runs, { on_error = "collect" }, function(run) return run() end)
  if not results[2].ok then error(results[2].error, 0) end
  return results[1].error
end

local function server_is_back()
  ops.wait_until(function() return admin:alive() end, { timeout = "30s", every = "50ms", what = "the server" })
end

test("no way there, nobody there, silence: unreachable, each in its words", function()
  local no_connection = "no connection: Can't connect to server on '127.0.0.1' "
  local words = {
    refused = no_connection .. "(115): refused, or there is no way to it [2002 HY000]",
    unreachable = no_connection .. "(115): refused, or there is no way to it [2002 HY000]",
    silent = no_connection .. "(110): no answer within 1s [2002 HY000]",
  }
  for how, said in pairs(words) do
    local db = connect({ connect_timeout = "1s" })
    support.lab("cut", ADDRESS, how)
    local failure = t.raises("mysql.unreachable", said .. "; is the server running there, and may we reach it?",
      function() db:query("SELECT 1") end)
    t.equal({ failure.target, failure.retryable, failure.maybe_applied }, { TARGET, true, false })
    t.equal(db:alive(), false)
    support.lab("join", ADDRESS)
    t.equal(db:one("SELECT 1 AS a").a, 1)
  end
end)

test("a server killed in mid-query: a query may be repeated, a change may have been applied", function()
  local db = connect()
  local failure = while_it_runs("%killed while%", function() db:query("SELECT SLEEP(100), 'killed while'") end,
    function() support.lab("kill", "mysql-tls") end)
  t.equal({ failure.code, failure.target, failure.retryable, failure.maybe_applied },
    { "mysql.lost", TARGET, true, false })
  t.equal(failure.message, "the connection was lost while a statement ran: Lost connection to server during query "
    .. "[2013 HY000]; statement: SELECT SLEEP(100), 'killed while'")
  t.raises("mysql.unreachable", nil, function() db:query("SELECT 1") end)
  support.lab("start", "mysql-tls")
  server_is_back()
  t.equal(db:one("SELECT 1 AS a").a, 1)

  db:execute("CREATE OR REPLACE TABLE faults_test (id INT PRIMARY KEY)")
  failure = while_it_runs("%killed while%", function()
    db:transaction(function(tx)
      tx:execute("INSERT INTO faults_test VALUES (1)")
      tx:execute("INSERT INTO faults_test SELECT SLEEP(100) + LENGTH('killed while')")
    end)
  end, function() support.lab("kill", "mysql-tls") end)
  t.equal({ failure.code, failure.maybe_applied }, { "mysql.lost", true })
  support.lab("start", "mysql-tls")
  server_is_back()
  t.equal(db:one("SELECT COUNT(*) AS n FROM faults_test").n, 0)
end)

local NOT_KILLED = "; last seen: the connection was closed, but the statement may still run on the server: KILL QUERY "
  .. "could not be sent: no connection: Lost connection to server at '%s"

test("a frozen server: the timeout counts, and the connection is cut", function()
  local db = connect({ timeout = "3s", connect_timeout = "1s" })
  t.equal(db:one("SELECT 1 AS a").a, 1)
  support.lab("freeze", "mysql-tls")
  local began = os.time()
  local failure = t.raises("mysql.timeout", "no answer within 3s" .. NOT_KILLED:format("handshake: reading initial "
    .. "communication packet', system error: 110 [2013 HY000]; is the server running there, and may we reach it?"),
    function() db:query("SELECT 1") end)
  t.equal({ failure.target, failure.maybe_applied }, { TARGET, false })
  failure = t.raises("mysql.unreachable", nil, function() db:execute("DELETE FROM faults_test") end)
  t.equal(failure.maybe_applied, false)
  t.equal(db:alive(), false)
  t.truthy(os.time() - began < 20, "it took too long")
  support.lab("thaw", "mysql-tls")
  server_is_back()
  t.equal(db:one("SELECT 1 AS a").a, 1)
end)

test("a server frozen in mid-change: in doubt", function()
  -- Time enough to freeze it, or the server is there to be told of the end.
  local db = connect({ timeout = "8s", connect_timeout = "1s" })
  local failure = while_it_runs("%frozen while%", function() db:execute("DO SLEEP(100), 'frozen while'") end,
    function() support.lab("freeze", "mysql-tls") end)
  t.equal({ failure.code, failure.maybe_applied }, { "mysql.timeout", true })
  t.equal(failure.message, "no answer within 8s" .. NOT_KILLED:format("handshake: reading initial "
    .. "communication packet', system error: 110 [2013 HY000]; is the server running there, and may we reach it?"))
  support.lab("thaw", "mysql-tls")
  server_is_back()
  support.wait_nothing_left(admin, "%frozen while%")
end)

test("no further connection: max_connections", function()
  local before = admin:variables("max_connections").max_connections
  admin:set_global("max_connections", 10)
  local db = connect()
  local function hold(more)
    return db:session(function() if more > 0 then hold(more - 1) end end)
  end
  local failure = t.raises("mysql.too_many_connections",
    "the server refused the connection: Too many connections [1040 08004]", function() hold(20) end)
  t.equal({ failure.retryable, failure.target }, { true, TARGET })
  admin:set_global("max_connections", tonumber(before))
  ops.retry({ times = 20, wait = "100ms" }, function() return db:one("SELECT 1 AS a") end)
end)

-- Runs fn while every connection that the server takes is in use.
local function while_full(fn)
  local db, full = connect(), false
  local function hold()
    local _, refused = ops.try(function() db:session(hold) end, { "mysql.too_many_connections" })
    if refused and not full then
      full = true
      fn()
    end
  end
  hold()
end

test("a statement that cannot be ended, for no further connection is to be had, is told to run on", function()
  local before = admin:variables("max_connections").max_connections
  local db = connect()
  local function runs()
    return #admin:query("SELECT 1 AS x FROM information_schema.processlist WHERE info LIKE '%run on%' AND "
      .. "id <> CONNECTION_ID()")
  end
  t.equal(db:one("SELECT 1 AS a").a, 1)
  admin:set_global("max_connections", 10)
  local ok, failure = pcall(while_full, function()
    t.raises("mysql.timeout", "no answer within 500ms; last seen: the connection was closed, but the statement "
      .. "may still run on the server: KILL QUERY could not be sent: the server refused the connection: Too many "
      .. "connections [1040 08004]", function()
        db:query("SELECT BENCHMARK(100000000000, MD5('run on'))", nil, { timeout = "500ms" })
      end)
    t.equal(runs(), 1)
  end)
  admin:set_global("max_connections", tonumber(before))
  for _, row in ipairs(admin:query("SELECT id FROM information_schema.processlist WHERE info LIKE '%run on%' AND "
    .. "id <> CONNECTION_ID()")) do
    admin:execute(("KILL %d"):format(row.id))
  end
  if not ok then error(failure, 0) end
  ops.wait_until(function() return runs() == 0 end, { timeout = "20s", every = "50ms", what = "the server to end it" })
end)

test("a statement larger than the server takes", function()
  local before = admin:variables("max_allowed_packet").max_allowed_packet
  admin:set_global("max_allowed_packet", 65536)
  local db = connect()
  db:execute("CREATE OR REPLACE TABLE faults_test (text LONGTEXT)")
  local failure = t.raises("mysql.too_large", "the statement and its values have 200034 bytes, and the server takes at "
    .. "most 65536 at once (max_allowed_packet); nothing was sent; statement: INSERT INTO faults_test VALUES (?)",
    function() db:execute("INSERT INTO faults_test VALUES (?)", { ("x"):rep(200000) }) end)
  t.equal({ failure.maybe_applied, failure.target, failure.detail.errno }, { false, TARGET, 1153 })
  t.raises("mysql.too_large", nil, function() db:query("SELECT '" .. ("x"):rep(200000) .. "' AS text") end)
  t.raises("mysql.too_large", nil, function() db:insert_many("faults_test", { { text = ("x"):rep(200000) } }) end)
  t.equal(db:execute("INSERT INTO faults_test VALUES (?)", { ("x"):rep(60000) }).affected, 1)
  t.equal(db:one("SELECT COUNT(*) AS n FROM faults_test").n, 1)
  admin:set_global("max_allowed_packet", tonumber(before))
end)
