-- Queries and changes as a script sees them, against MariaDB.
local machine = require "local"
local mysql = require "mysql"
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

local connect, with_table, env = support.connect, support.with_table, support.env
local HOST, PORT, TARGET = support.host, support.port, support.target

test("types are exact", function()
  local db = connect()
  local row = db:one([[SELECT 9223372036854775807 AS big, 18446744073709551615 AS whole, -1 AS minus,
    CAST(1.10 AS DECIMAL(65,30)) AS exact, 2.5e0 AS number, DATE'2024-02-29' AS day, TIME'-838:59:59' AS time,
    TIMESTAMP'2024-02-29 12:00:00.5' AS moment, X'00FF' AS bytes, NULL AS nothing, 'x' AS text]])
  t.equal(tostring(row.big), "9223372036854775807")
  t.equal(tostring(row.whole), "18446744073709551615")
  t.equal({ row.minus, row.exact, row.number }, { -1, "1.100000000000000000000000000000", 2.5 })
  t.equal({ row.day, row.time, row.moment }, { "2024-02-29", "-838:59:59", "2024-02-29 12:00:00.5" })
  t.equal({ row.bytes, row.text, row.nothing }, { "\0\255", "x", nil })
  t.equal(row.columns, { "big", "whole", "minus", "exact", "number", "day", "time", "moment", "bytes", "nothing",
    "text" })
end)

test("columns of every kind come back as they went in", function()
  local db = connect()
  with_table(db, [[a BIT(10), b YEAR, c ENUM('x','y'), d SET('p','q'), e BLOB, f DATETIME, g FLOAT,
      h TEXT CHARACTER SET utf8mb4, i BIGINT UNSIGNED, j DECIMAL(65,2), k TINYINT(1), l BIT(64)]], function(name)
    local all = {}
    for i = 0, 255 do all[#all + 1] = string.char(i) end
    local bytes = table.concat(all)
    db:session(function(session)
      session:execute("SET sql_mode = ''")
      session:execute("INSERT INTO " .. name .. " VALUES (b'1000000001', 2024, 'y', 'p,q', ?, " ..
        "'0000-00-00 00:00:00', 1.1, ?, ?, ?, TRUE, ~0)",
        { bytes, "🚀 \0 'quoted'", ops.int64("9007199254740993"), ("9"):rep(63) .. ".25" })
    end)
    local row = db:one("SELECT * FROM " .. name)
    t.equal({ row.a, row.b, row.c, row.d, row.f, row.g, row.k },
      { 513, 2024, "y", "p,q", "0000-00-00 00:00:00", 1.1, 1 })
    t.equal(row.e == bytes, true)
    t.equal(row.h, "🚀 \0 'quoted'")
    t.equal(tostring(row.i), "9007199254740993")
    t.equal(row.j, ("9"):rep(63) .. ".25")
    t.equal(tostring(row.l), "18446744073709551615")
    local rows = db:query("SELECT a, i FROM " .. name .. " WHERE b = ?", { 2024 })
    t.equal(rows.column_info[2].name, "i")
    t.equal(rows.column_info[2].table, name)
    local types = {}
    for i, about in ipairs(db:query("SELECT * FROM " .. name).column_info) do types[i] = about.type end
    t.equal(types, { "BIT", "YEAR", "ENUM", "SET", "BLOB", "DATETIME", "FLOAT", "TEXT", "BIGINT UNSIGNED", "DECIMAL",
      "TINYINT", "BIT" })
    t.equal({ rows[1].a, #rows }, { 513, 1 })
  end)
end)

test("values are bound, never put into the text", function()
  local db = connect()
  local evil = "'; DROP TABLE x; -- \\"
  local row = db:one("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", { evil, 1, 2.5, true, "\255\0" })
  t.equal({ row.a, row.b, row.c, row.d, row.e }, { evil, 1, 2.5, 1, "\255\0" })
  t.raises("usage.argument", "value 1 is {}: a statement takes strings, numbers, booleans and ops.null", function()
    db:query("SELECT ?", { {} })
  end)
end)

test("a change tells what it did", function()
  local db = connect()
  with_table(db, "id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(3)", function(name)
    local first = db:execute("INSERT INTO " .. name .. " (name) VALUES (?), (?)", { "a", "b" })
    t.equal({ first.affected, first.last_insert_id, #first.warnings }, { 2, 1, 0 })
    t.equal(db:execute("UPDATE " .. name .. " SET name = 'c'").affected, 2)
    local returned = db:execute("DELETE FROM " .. name .. " WHERE id = 1 RETURNING id, name")
    t.equal({ returned.results[1][1].id, returned.results[1][1].name }, { 1, "c" })
    db:session(function(session)
      session:execute("SET sql_mode = ''")
      local long = session:execute("INSERT INTO " .. name .. " (name) VALUES ('abcdef')")
      t.equal({ long.warnings[1].level, long.warnings[1].code, long.warnings[1].message },
        { "Warning", 1265, "Data truncated for column 'name' at row 1" })
    end)
    local duplicate = t.raises("mysql.duplicate", "Duplicate entry '2' for key 'PRIMARY' [1062 23000]; statement: " ..
      "INSERT INTO statements_test VALUES (2, 'x')", function()
      db:execute("INSERT INTO " .. name .. " VALUES (2, 'x')")
    end)
    t.equal({ duplicate.target, duplicate.op, duplicate.detail.errno, duplicate.retryable, duplicate.maybe_applied },
      { TARGET, "Database:execute", 1062, false, false })
  end)
end)

test("several results of a procedure", function()
  local db = connect()
  db:execute("DROP PROCEDURE IF EXISTS statements_test_p")
  db:execute("CREATE PROCEDURE statements_test_p(n INT) BEGIN SELECT n AS a; SELECT 2 AS b, 3 AS c; END")
  local done = db:execute("CALL statements_test_p(?)", { 7 })
  t.equal({ #done.results, done.results[1][1].a, done.results[2][1].c }, { 2, 7, 3 })
  t.equal(db:one("SELECT 1 AS x").x, 1)
  db:execute("DROP PROCEDURE statements_test_p")
end)

test("query takes only what reads, and its session is READ ONLY", function()
  local db = connect()
  t.raises("mysql.not_a_query", "this is not one statement that only reads: DELETE is no SELECT, SHOW, DESCRIBE, " ..
    "EXPLAIN or WITH ... SELECT; use execute() for what changes something. Statement: DELETE FROM t", function()
    db:query("DELETE FROM t")
  end)
  -- The replica executes what it is sent, under its own setting.
  support.administrator("REPLICA"):set_global("log_bin_trust_function_creators", 1)
  support.administrator():set_global("log_bin_trust_function_creators", 1)
  db:execute("DROP FUNCTION IF EXISTS statements_test_f")
  with_table(db, "a INT", function(name)
    db:execute("CREATE FUNCTION statements_test_f() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO " .. name ..
      " VALUES (1); RETURN 1; END")
    t.raises("mysql.read_only", "Cannot execute statement in a READ ONLY transaction [1792 25006]; statement: " ..
      "SELECT statements_test_f()", function()
      db:query("SELECT statements_test_f()")
    end)
    db:execute("DROP FUNCTION statements_test_f")
  end)
end)

test("one gives a row or nil, and refuses several", function()
  local db = connect()
  t.equal(db:one("SELECT 1 AS a FROM DUAL WHERE FALSE"), nil)
  t.raises("mysql.many_rows", "the query has 2 rows, and one() takes none or one; add a WHERE or LIMIT 1", function()
    db:one("SELECT 1 AS a UNION SELECT 2")
  end)
  t.raises("mysql.duplicate_column", 'two columns of the result are called "a", and a row has one value a name; ' ..
    "give them names with AS", function()
    db:one("SELECT 1 AS a, 2 AS a")
  end)
  t.equal(db:one("SELECT 1 AS a").a, 1)
end)

local MANY = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) " ..
  "SELECT (a.i - 1) * 900 + b.i AS i, 'some text' AS s FROM n a, n b"

-- Of 500 bytes a row: what a client library that kept them would have to show.
local LONG = MANY:gsub("'some text'", "REPEAT('x', 500)")

-- Of this process in memory, whoever allocated them.
local function resident_kilobytes()
  return tonumber(machine.read_file("/proc/self/status"):match("VmRSS:%s*(%d+) kB"))
end

test("rows come in parts; what was read is not kept", function()
  local db = connect()
  local count, sum, most = 0, 0, 0
  collectgarbage()
  local before, resident = collectgarbage("count"), resident_kilobytes()
  for row in db:rows(LONG .. " WHERE a.i <= ?", { 300 }) do
    count, sum = count + 1, sum + row.i
    if count % 20000 == 0 then most = math.max(most, collectgarbage("count") - before) end
  end
  t.equal({ count, sum }, { 270000, 270000 * 270001 / 2 })
  t.truthy(most < 30000, "kilobytes in use: " .. most)
  -- The answer has 135 MB, of which what is beneath Lua keeps none either.
  local grown = resident_kilobytes() - resident
  t.truthy(grown < 60000, "kilobytes more than before: " .. grown)
end)

test("rows may be left early; the connection is free for others", function()
  local db = connect()
  for _ = 1, 3 do
    for row in db:rows(MANY) do
      if row.i > 10 then break end
    end
    collectgarbage()
  end
  t.equal(db:one("SELECT 1 AS a").a, 1)
end)

test("a large answer is whole", function()
  local rows = connect():query(MANY .. " WHERE a.i <= 100")
  t.equal({ #rows, rows[1].i, rows[90000].i, rows.more }, { 90000, 1, 90000, nil })
end)

test("a call that runs out of time leaves no query behind", function()
  local db = connect()
  local failure = t.raises("mysql.timeout", "no answer within 300ms", function()
    db:query("SELECT SLEEP(100), 'left behind?'", nil, { timeout = "300ms" })
  end)
  t.equal({ failure.maybe_applied, failure.op }, { false, "Database:query" })
  support.wait_nothing_left(support.administrator(), "%left behind%")
  t.equal(db:one("SELECT 1 AS a").a, 1)
end)

test("a change that runs out of time may have been applied", function()
  local failure = t.raises("mysql.timeout", nil, function()
    connect():execute("DO SLEEP(100)", nil, { timeout = "300ms" })
  end)
  t.equal(failure.maybe_applied, true)
end)

test("many slow queries run at once", function()
  local db, admin = connect(), support.administrator()
  local list, running = {}, "SELECT GET_LOCK('many at once', 60) AS %"
  for i = 1, 64 do list[i] = i end
  local most
  admin:session(function(holder)
    holder:query("SELECT GET_LOCK('many at once', 60) AS mine")
    local waiting = 0
    ops.each({ 0, unpack(list) }, { parallel = 65 }, function(item)
      if item > 0 then
        db:session(function(session) session:query("SELECT GET_LOCK('many at once', 60) AS waiting") end)
        return
      end
      -- All wait for the lock, and then have it one after the other.
      most = ops.wait_until(function()
        waiting = admin:one("SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE ? AND "
          .. "command = 'Query' AND state LIKE 'User lock'", { running }).n
        return waiting == 64, waiting
      end, { timeout = "30s", every = "50ms", what = "64 running statements" })
      holder:query("SELECT RELEASE_LOCK('many at once')")
    end)
  end)
  t.equal(most, 64)
end)

test("a transaction is committed, or rolled back as a whole", function()
  local db = connect()
  with_table(db, "id INT PRIMARY KEY", function(name)
    local result = db:transaction(function(tx)
      tx:execute("INSERT INTO " .. name .. " VALUES (?)", { 1 })
      t.equal(db:one("SELECT COUNT(*) AS n FROM " .. name).n, 0)
      return tx:one("SELECT COUNT(*) AS n FROM " .. name).n
    end)
    t.equal({ result, db:one("SELECT COUNT(*) AS n FROM " .. name).n }, { 1, 1 })
    t.raises("mysql.duplicate", nil, function()
      db:transaction(function(tx)
        tx:execute("INSERT INTO " .. name .. " VALUES (2)")
        tx:execute("INSERT INTO " .. name .. " VALUES (1)")
      end)
    end)
    t.equal(db:one("SELECT COUNT(*) AS n FROM " .. name).n, 1)
    t.raises("mysql.not_transactional", "DROP ends the transaction it stands in: a server commits what was open. " ..
      "Execute it outside of transaction(). Statement: DROP TABLE t", function()
      db:transaction(function(tx) tx:execute("DROP TABLE t") end)
    end)
  end)
end)

test("a deadlock may be tried again, a lock wait too", function()
  local db = connect()
  with_table(db, "id INT PRIMARY KEY, v INT", function(name)
    db:execute("INSERT INTO " .. name .. " VALUES (1, 0), (2, 0)")
    local both, codes = 0, {}
    local results = ops.each({ { 1, 2 }, { 2, 1 } }, { on_error = "collect" }, function(order)
      db:transaction(function(tx)
        tx:execute("UPDATE " .. name .. " SET v = v + 1 WHERE id = ?", { order[1] })
        both = both + 1
        ops.wait_until(function() return both == 2 end, { every = "5ms" })
        tx:execute("UPDATE " .. name .. " SET v = v + 1 WHERE id = ?", { order[2] })
      end)
    end)
    for _, failed in ipairs(results.failed) do codes[#codes + 1] = { failed.error.code, failed.error.retryable } end
    t.equal(codes, { { "mysql.deadlock", true } })
    db:transaction(function(tx)
      tx:execute("UPDATE " .. name .. " SET v = 9 WHERE id = 1")
      db:session(function(session)
        session:execute("SET innodb_lock_wait_timeout = 1")
        local failure = t.raises("mysql.lock_timeout", nil, function()
          session:execute("UPDATE " .. name .. " SET v = 8 WHERE id = 1")
        end)
        t.equal(failure.retryable, true)
      end)
    end)
  end)
end)

test("many rows go in few statements, all or none", function()
  local db = connect()
  with_table(db, "id INT PRIMARY KEY, name VARCHAR(20), v DOUBLE", function(name)
    local rows = {}
    for i = 1, 2500 do rows[i] = { id = i, name = "host-" .. i, v = i * 1.25 } end
    local done = db:insert_many(name, rows)
    t.equal({ done.affected, done.statements }, { 2500, 3 })
    t.equal(db:one("SELECT SUM(v) AS s FROM " .. name).s, 1.25 * 2500 * 2501 / 2)
    t.raises("mysql.duplicate", nil, function() db:insert_many(name, { { id = 9001 }, { id = 1 } }) end)
    t.equal(db:one("SELECT COUNT(*) AS n FROM " .. name).n, 2500)
    t.raises("usage.argument", "row 2 has no columns", function() db:insert_many(name, { { id = 9001 }, {} }) end)
  end)
end)

test("what refuses us says so", function()
  t.raises("mysql.access", "the server refused the connection: Access denied for user 'app'@'" .. HOST ..
    "' (using password: YES) [1045 28000]", function() connect({ password = "wrong" }):alive() end)
  local no_such = "the server refused the connection: Unknown database 'no_such' [1049 42000]"
  t.raises("mysql.unknown_database", no_such, function()
    support.administrator("PRIMARY", { database = "no_such" }):alive()
  end)
  t.equal(connect({ port = 9 }):alive(), false)
  t.raises("mysql.unreachable", nil, function() connect({ port = 9 }):query("SELECT 1") end)
end)

test("TLS that was asked for is there, or it is an error before a password is sent", function()
  local port = tonumber(env("LAB_MYSQL_TLS_PORT"))
  local ca, other = env("LAB_MYSQL_CA"), env("LAB_MYSQL_OTHER_CA")
  local function secure(tls)
    return connect({ port = port, user = env("LAB_MYSQL_TLS_USER"), tls = tls })
  end
  t.truthy(secure({ ca = ca }):one("SHOW STATUS LIKE 'Ssl_cipher'").Value ~= "", "cipher")
  t.raises("mysql.tls", "no encrypted connection: TLS/SSL error: self-signed certificate in certificate chain "
    .. "[2026 HY000]", function() secure({ ca = other }):alive() end)
  local unencrypted = "the server refused the connection: Access denied for user 'secure'@'127.0.0.1' (using password: "
    .. "YES) [1045 28000]"
  t.raises("mysql.access", unencrypted, function()
    connect({ port = port, user = env("LAB_MYSQL_TLS_USER") }):alive()
  end)
  local wrong_name = "no encrypted connection: its certificate is not for db.example; no password was sent"
  t.raises("mysql.tls", wrong_name, function()
    secure({ ca = ca, server_name = "db.example" }):alive()
  end)
  t.raises("mysql.tls", "no encrypted connection: the server does not offer TLS; no password was sent", function()
    connect({ tls = { ca = ca } }):alive()
  end)
  t.truthy(secure({ verify = false }):one("SHOW STATUS LIKE 'Ssl_cipher'").Value ~= "", "cipher")
end)

test("a session keeps what it has; closed it is of no use", function()
  local db = connect()
  local kept
  local value = db:session(function(session)
    kept = session
    session:execute("CREATE TEMPORARY TABLE only_here (a INT)")
    session:execute("INSERT INTO only_here VALUES (5)")
    return session:one("SELECT a FROM only_here").a
  end)
  t.equal(value, 5)
  t.raises("closed", nil, function() kept:query("SELECT 1") end)
end)

test("an option file gives what is not said", function()
  local path = machine.temp({ type = "file" })
  machine.write_file(path, ("[client]\nuser = %s\npassword = '%s'\nhost = %s\nport = %d\n"):format(
    env("LAB_MYSQL_USER"), env("LAB_MYSQL_PASSWORD"), HOST, PORT), { mode = "0600" })
  t.equal(mysql.connect({ defaults_file = path }):one("SELECT CURRENT_USER() AS me").me, "app@%")
  machine.chmod(path, "0644")
  t.raises("mysql.defaults_file", ("the option file %q can be read by others than its owner, and it has a password in "
    .. "it; chmod 0600 it"):format(path), function() mysql.connect({ defaults_file = path }) end)
end)

test("a host of an inventory, with its variables for mysql", function()
  local site = ops.inventory.parse(("db address=%s mysql_port=%d mysql_user=%s mysql_password=env:LAB_MYSQL_PASSWORD\n")
    :format(HOST, PORT, env("LAB_MYSQL_USER")))
  t.equal(mysql.connect(site:host("db")):one("SELECT 1 AS n").n, 1)
end)
