-- Transactions that end before their commit, and what of them stays, against MariaDB.
local machine = require "local"
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

local db, with_table = support.connect(), support.with_table

local function count(name)
  return db:one("SELECT COUNT(*) AS n FROM " .. name).n
end

test("one fiber at a time works in a transaction", function()
  local results
  db:transaction(function(tx)
    results = ops.each({ 1, 2 }, { on_error = "collect" }, function() return tx:one("SELECT SLEEP(0.2) AS slept") end)
  end)
  t.equal({ results[1].ok, results[2].ok }, { true, false })
  t.equal({ results[2].error.code, results[2].error.message }, { "mysql.busy", "another fiber's statement is under way "
    .. "in the same session or transaction, which has one connection; let one fiber work in it, or give each a session "
    .. "of its own" })
end)

-- Two transactions that lock rows 1 and 2 in opposite order; `on_deadlock(tx)` is called in the one that is ended.
local function deadlock(name, on_deadlock)
  local both = 0
  return ops.each({ { 1, 2 }, { 2, 1 } }, { on_error = "collect" }, function(order)
    db:transaction(function(tx)
      tx:execute("UPDATE " .. name .. " SET v = v + 1 WHERE id = ?", { order[1] })
      both = both + 1
      ops.wait_until(function() return both == 2 end, { every = "5ms" })
      local second = ("UPDATE %s SET v = v + 1 WHERE id = %d"):format(name, order[2])
      local _, failure = ops.try(function() tx:execute(second) end, { "mysql.deadlock" })
      if failure then on_deadlock(tx, failure, second) end
    end)
  end)
end

test("after a deadlock nothing more happens in the transaction, and it is not committed", function()
  with_table(db, "id INT PRIMARY KEY, v INT", function(name)
    db:execute("INSERT INTO " .. name .. " VALUES (1, 0), (2, 0)")
    local text
    local results = deadlock(name, function(tx, failure, second)
      t.equal(failure.message, "Deadlock found when trying to get lock; try restarting transaction [1213 40001]; "
        .. "statement: " .. second)
      text = "the server has rolled back the transaction: " .. failure.message .. "; run the whole transaction again"
      local ended = t.raises("mysql.session_ended", text, function()
        tx:execute("INSERT INTO " .. name .. " VALUES (3, 0)")
      end)
      t.equal({ ended.retryable, ended.maybe_applied, ended.cause.code }, { true, false, "mysql.deadlock" })
      t.raises("mysql.session_ended", text, function() tx:query("SELECT 1") end)
    end)
    t.equal(#results.failed, 1)
    t.equal({ results.failed[1].error.code, results.failed[1].error.message }, { "mysql.session_ended", text })
    t.equal({ count(name), db:one("SELECT SUM(v) AS v FROM " .. name).v }, { 2, "2" })
  end)
end)

test("an error that ends one statement alone leaves the transaction as it is", function()
  with_table(db, "id INT PRIMARY KEY", function(name)
    db:transaction(function(tx)
      tx:execute("INSERT INTO " .. name .. " VALUES (1)")
      t.raises("mysql.duplicate", nil, function() tx:execute("INSERT INTO " .. name .. " VALUES (1)") end)
      tx:execute("INSERT INTO " .. name .. " VALUES (?)", { 2 })
    end)
    t.equal(count(name), 2)
  end)
end)

test("a lock that is not had in time is told in full", function()
  with_table(db, "id INT PRIMARY KEY, v INT", function(name)
    db:execute("INSERT INTO " .. name .. " VALUES (1, 0)")
    db:transaction(function(tx)
      tx:execute("UPDATE " .. name .. " SET v = 9")
      db:session(function(session)
        session:execute("SET innodb_lock_wait_timeout = 1")
        t.raises("mysql.lock_timeout", "Lock wait timeout exceeded; try restarting transaction [1205 HY000]; "
          .. "statement: UPDATE statements_test SET v = 8", function()
            session:execute("UPDATE " .. name .. " SET v = 8")
          end)
      end)
    end)
  end)
end)

test("what commits on its own is refused, before anything is sent", function()
  local function refused(verb, statement)
    t.raises("mysql.not_transactional", verb .. " ends the transaction it stands in: a server commits what was open. "
      .. "Execute it outside of transaction(). Statement: " .. statement, function()
        db:transaction(function(tx) tx:execute(statement) end)
      end)
  end
  refused("GRANT", "GRANT ALL ON *.* TO u")
  refused("SET", "SET autocommit = 1")
  refused("LOCK", "LOCK TABLES t WRITE")
  refused("ANALYZE", "ANALYZE TABLE t")
  refused("START", "START SLAVE")
  t.raises("mysql.not_transactional", "nobody can tell whether this ends the transaction it stands in: no statement "
    .. "begins with FROBNICATE. Execute it outside of transaction(). Statement: FROBNICATE t", function()
      db:transaction(function(tx) tx:execute("FROBNICATE t") end)
    end)
end)

test("temporary tables and variables are part of a transaction", function()
  with_table(db, "id INT PRIMARY KEY", function(name)
    local ended = pcall(function()
      db:transaction(function(tx)
        tx:execute("INSERT INTO " .. name .. " VALUES (1)")
        tx:execute("CREATE TEMPORARY TABLE only_here (a INT)")
        tx:execute("SET @x = 1")
        tx:execute("DROP TEMPORARY TABLE only_here")
        error("no")
      end)
    end)
    t.equal({ ended, count(name) }, { false, 0 })
  end)
end)

test("a procedure that commits is noticed by the next statement, or by the commit", function()
  db:execute("CREATE OR REPLACE PROCEDURE transaction_test_p() COMMIT")
  with_table(db, "id INT PRIMARY KEY", function(name)
    local why = "the transaction has ended before its commit: this statement committed what was open, and what came "
      .. "after it took effect at once. Execute it outside of transaction(). Statement: CALL transaction_test_p()"
    local failure = t.raises("mysql.not_transactional", why, function()
      db:transaction(function(tx)
        tx:execute("INSERT INTO " .. name .. " VALUES (1)")
        tx:execute("CALL transaction_test_p()")
        t.raises("mysql.not_transactional", why, function() tx:execute("INSERT INTO " .. name .. " VALUES (2)") end)
      end)
    end)
    t.equal({ failure.maybe_applied, count(name) }, { true, 1 })
  end)
  db:execute("DROP PROCEDURE transaction_test_p")
end)

test("what tables without transactions keep of one that is rolled back is told", function()
  db:execute("CREATE OR REPLACE TABLE transaction_myisam (id INT PRIMARY KEY) ENGINE = MyISAM")
  local kept = "; not all of the transaction was rolled back: Some non-transactional changed tables couldn't be rolled "
    .. "back"
  local failure = t.raises("mysql.duplicate", "Duplicate entry '1' for key 'PRIMARY' [1062 23000]; statement: INSERT "
    .. "INTO transaction_myisam VALUES (1)" .. kept, function()
      db:transaction(function(tx)
        tx:execute("INSERT INTO transaction_myisam VALUES (1)")
        tx:execute("INSERT INTO transaction_myisam VALUES (1)")
      end)
    end)
  t.equal({ failure.maybe_applied, failure.retryable, failure.cause.code, failure.target, count("transaction_myisam") },
    { true, false, "mysql.duplicate", support.target, 1 })
  failure = t.raises("mysql.not_rolled_back", "no good" .. kept, function()
    db:transaction(function(tx)
      tx:execute("INSERT INTO transaction_myisam VALUES (2)")
      error("no good", 0)
    end)
  end)
  t.equal(failure.maybe_applied, true)
  db:execute("DROP TABLE transaction_myisam")
end)

test("many rows into a table without transactions: what stays is told", function()
  db:execute("CREATE OR REPLACE TABLE transaction_myisam (id INT PRIMARY KEY) ENGINE = MyISAM")
  local rows = {}
  for i = 1, 5 do rows[i] = { id = i == 5 and 1 or i } end
  local failure = t.raises("mysql.duplicate", "Duplicate entry '1' for key 'PRIMARY' [1062 23000]; statement: INSERT "
    .. "INTO `transaction_myisam` (`id`) VALUES (?); rows that were inserted before stay: Some non-transactional "
    .. "changed tables couldn't be rolled back", function()
      db:insert_many("transaction_myisam", rows, { rows_per_statement = 2 })
    end)
  t.equal({ failure.maybe_applied, count("transaction_myisam") }, { true, 4 })
  db:execute("DROP TABLE transaction_myisam")
  with_table(db, "id INT PRIMARY KEY", function(name)
    failure = t.raises("mysql.duplicate", "Duplicate entry '1' for key 'PRIMARY' [1062 23000]; statement: INSERT INTO "
      .. "`statements_test` (`id`) VALUES (?)", function() db:insert_many(name, rows, { rows_per_statement = 2 }) end)
    t.equal({ failure.maybe_applied, count(name) }, { false, 0 })
  end)
end)

test("names of columns are names, whatever is in them; a table may have its database before it", function()
  with_table(db, "`a.b` INT, `c``d` INT", function(name)
    db:insert_many("app." .. name, { { ["a.b"] = 1, ["c`d"] = 2 } })
    local row = db:one("SELECT * FROM " .. name)
    t.equal({ row["a.b"], row["c`d"] }, { 1, 2 })
  end)
end)

test("a commit whose connection is lost is in doubt, and its locks are gone", function()
  local admin = support.administrator()
  with_table(db, "id INT PRIMARY KEY", function(name)
    local id
    local runs = { function(locker)
      db:transaction(function(tx)
        tx:execute("INSERT INTO " .. name .. " VALUES (1)")
        id = tx:one("SELECT CONNECTION_ID() AS id").id
        locker:execute("FLUSH TABLES WITH READ LOCK")
      end)
    end, function()
      ops.wait_until(function()
        return id ~= nil and admin:one("SELECT COUNT(*) AS n FROM information_schema.processlist WHERE id = ? "
          .. "AND info = 'COMMIT'", { id }).n == 1
      end, { timeout = "20s", every = "20ms", what = "the commit" })
      admin:execute(("KILL CONNECTION %d"):format(id))
    end }
    -- While it has the lock, the commit waits.
    local results = admin:session(function(locker)
      return ops.each(runs, { on_error = "collect" }, function(run) run(locker) end)
    end)
    local failure = results[1].error
    t.equal({ failure.code, failure.maybe_applied, results[2].ok }, { "mysql.lost", true, true })
  end)
end)

test("query in a session is READ ONLY, but in what the session has open", function()
  support.administrator("REPLICA"):set_global("log_bin_trust_function_creators", 1)
  support.administrator():set_global("log_bin_trust_function_creators", 1)
  db:execute("DROP FUNCTION IF EXISTS transaction_test_f")
  with_table(db, "id INT", function(name)
    db:execute("CREATE FUNCTION transaction_test_f() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO " .. name
      .. " VALUES (1); RETURN 1; END")
    local writes = "SELECT transaction_test_f() AS f"
    db:session(function(session)
      t.raises("mysql.read_only", nil, function() session:query(writes) end)
      session:execute("INSERT INTO " .. name .. " VALUES (2)")
      t.raises("mysql.read_only", nil, function() session:query(writes) end)
      session:execute("SET autocommit = 0")
      t.equal(session:one("SELECT COUNT(*) AS n FROM " .. name).n, 1)
      session:execute("INSERT INTO " .. name .. " VALUES (3)")
      session:execute("ROLLBACK")
    end)
    t.equal(count(name), 1)
    db:execute("DROP FUNCTION transaction_test_f")
  end)
end)

test("in a plan, what is asked in a transaction changes nothing", function()
  with_table(db, "id INT", function(name)
    support.administrator("PRIMARY", { database = "app" }):execute("CREATE OR REPLACE FUNCTION transaction_plan_f() "
      .. "RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO " .. name .. " VALUES (1); RETURN 1; END")
    local path = machine.temp({ type = "file" })
    machine.write_file(path, [[
local mysql = require "mysql"
local db = mysql.connect { socket = os.getenv "LAB_MYSQL_PRIMARY_SOCKET", user = "root", database = "app" }
db:transaction(function(tx)
  tx:execute("INSERT INTO statements_test VALUES (2)")
  local _, failure = pcall(tx.query, tx, "SELECT transaction_plan_f() AS f")
  print("seen: " .. failure.code)
end)
]])
    local pid = machine.read_file("/proc/self/stat"):match("^%d+")
    local own = machine.read({ "readlink", "/proc/" .. pid .. "/exe" }).stdout:gsub("%s+$", "")
    local planned = machine.run({ own, "plan", path }, { accept = "any" })
    t.truthy(planned.stdout:find("seen: mysql.read_only", 1, true), planned.stdout .. planned.stderr)
    t.equal(count(name), 0)
    support.administrator("PRIMARY", { database = "app" }):execute("DROP FUNCTION transaction_plan_f")
  end)
end)

test("rows that are given up free their connection at once", function()
  local admin = support.administrator()
  local many = "SELECT seq, REPEAT('x', 1000) AS text FROM seq_1_to_1000000"
  local rows
  -- In the first part of them, and in one further on.
  for _, last in ipairs { 3, 500 } do
    rows = db:rows(many)
    for row in rows do
      if row.seq > last then break end
    end
    rows:close()
    support.wait_nothing_left(admin, "SELECT seq, REPEAT%")
  end
  t.equal({ rows(), tostring(rows) }, { nil, "rows of " .. tostring(db) })
  rows:close()
  t.raises("usage.argument", nil, function() rows:close(1) end)
end)
