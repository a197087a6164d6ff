-- Scripts that are stopped, lose their connection or have transactions of their own: what stays is told.
local machine = require "local"
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

local db, admin = support.connect(), support.administrator()

local function count(name)
  return db:one("SELECT COUNT(*) AS n FROM " .. name).n
end

local function insert(name, value)
  return ("INSERT INTO %s VALUES (%s);\n"):format(name, value)
end

local KEY_1 = "Duplicate entry '1' for key 'PRIMARY' [1062 23000]; statement: INSERT INTO statements_test VALUES (1); "

test("a script with a transaction of its own: what that had done was rolled back", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local text = insert(name, 1) .. "START TRANSACTION;\n" .. insert(name, 2) .. insert(name, 1)
    local failure = t.raises("mysql.script", "line 4: statement 4 of 4 failed: " .. KEY_1
      .. "the first 1 took effect and stay, the 2 after them were rolled back", function() db:script(text) end)
    t.equal({ failure.detail.applied, failure.maybe_applied, count(name) }, { 1, true, 1 })

    text = "BEGIN;\n" .. insert(name, 4) .. "BEGIN;\n" .. insert(name, 4)
    failure = t.raises("mysql.script", nil, function() db:script(text) end)
    t.truthy(failure.message:find("; the first 2 took effect and stay, the 1 after them were rolled back", 1, true),
      failure.message)
    t.equal({ failure.detail.applied, failure.maybe_applied, count(name) }, { 2, true, 2 })
    db:execute("DELETE FROM " .. name .. " WHERE id = 4")
    t.equal(db:script("-- nothing\n").statements, 0)

    text = "SET autocommit = 0;\n" .. insert(name, 2) .. "COMMIT;\n" .. insert(name, 3) .. insert(name, 1)
    failure = t.raises("mysql.script", "line 5: statement 5 of 5 failed: " .. KEY_1
      .. "the first 3 took effect and stay, the 1 after them were rolled back", function() db:script(text) end)
    t.equal({ failure.detail.applied, count(name) }, { 3, 2 })

    text = "BEGIN;\n" .. insert(name, 3) .. "CREATE TABLE " .. name .. " (id INT);\n"
    failure = t.raises("mysql.script", "line 3: statement 3 of 3 failed: Table 'statements_test' already exists "
      .. "[1050 42S01]; statement: CREATE TABLE statements_test (id INT); the 2 before it took effect and stay",
      function() db:script(text) end)
    t.equal({ failure.detail.applied, count(name) }, { 2, 3 })
  end)
end)

test("a transaction that nothing commits is told, for it is rolled back", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local failure = t.raises("mysql.script", "line 2: statement 2 of 3 begins a transaction that nothing commits; it "
      .. "and all after it were rolled back, the 1 before it stay", function()
        db:script(insert(name, 1) .. "BEGIN;\n" .. insert(name, 2))
      end)
    t.equal({ failure.detail.applied, failure.maybe_applied, count(name) }, { 1, true, 1 })
    t.equal(db:script("SET autocommit = 0;\n" .. insert(name, 2) .. "COMMIT; SELECT 1 FROM " .. name).statements, 4)
  end)
end)

test("names, variables and the database do not keep a script from being one transaction", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local text = "/*M!999999\\- enable the sandbox mode */\nSET NAMES utf8mb4;\nUSE app;\n"
      .. "SET @x = 7, sql_mode = '';\n" .. insert(name, "@x") .. insert(name, 7)
    local failure = t.raises("mysql.script", nil, function() db:script(text) end)
    t.equal({ failure.detail.applied, failure.maybe_applied, failure.detail.number, count(name) }, { 0, false, 5, 0 })
  end)
end)

-- Runs `work`, and when the server has its statement (one like `pattern`), `harm` with its connection's number.
local function while_it_runs(pattern, work, harm)
  local runs = { work, function()
    local id = ops.wait_until(function()
      local found = admin:one("SELECT id FROM information_schema.processlist WHERE info LIKE ? AND "
        .. "id <> CONNECTION_ID()", { pattern })
      return found ~= nil, found and found.id
    end, { timeout = "20s", every = "20ms", what = "the server to have the statement" })
    harm(id)
  end }
  local results = ops.each(runs, { on_error = "collect" }, function(run) return run() end)
  if not results[2].ok then error(results[2].error, 0) end
  return results[1].error
end

local function kill(id)
  admin:execute(("KILL CONNECTION %d"):format(id))
end

test("a script that loses its connection: nobody can say that nothing has changed", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local text = insert(name, 1) .. insert(name, "SLEEP(100) + LENGTH('lost script')")
    local failure = while_it_runs("%lost script%", function() db:script(text) end, kill)
    t.equal({ failure.code, failure.maybe_applied, failure.cause.code }, { "mysql.script", true, "mysql.lost" })
    t.truthy(failure.message:find("^line 2: statement 2 of 2 failed: the connection was lost while a statement ran: ")
      and failure.message:find("; the server rolls back it and the 1 before it, but for tables whose engine has no "
      .. "transactions", 1, true), failure.message)
    t.equal({ failure.detail.number, failure.detail.applied, count(name) }, { 2, 0, 0 })

    text = "ALTER TABLE " .. name .. " COMMENT 'x';\n" .. text
    failure = while_it_runs("%lost script%", function() db:script(text) end, kill)
    t.truthy(failure.message:find("; the 2 before it took effect and stay", 1, true), failure.message)
    t.equal({ failure.detail.applied, failure.maybe_applied, count(name) }, { 2, true, 1 })
  end)
end)

test("a script whose COMMIT is lost is in doubt", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local runs = { function(locker)
      db:script(insert(name, 1) .. "DO 'before the lock';", { on_statement = function(number)
        if number == 2 then locker:execute("FLUSH TABLES WITH READ LOCK") end
      end })
    end, function()
      local id = ops.wait_until(function()
        local found = admin:one("SELECT id FROM information_schema.processlist WHERE info = 'COMMIT'")
        return found ~= nil, found and found.id
      end, { timeout = "20s", every = "20ms", what = "the commit" })
      kill(id)
    end }
    local results = admin:session(function(locker)
      return ops.each(runs, { on_error = "collect" }, function(run) run(locker) end)
    end)
    local failure = results[1].error
    t.equal({ failure.code, failure.maybe_applied, failure.cause.code }, { "mysql.script", true, "mysql.lost" })
    t.truthy(failure.message:find("^the script: COMMIT after all 2 statements failed: ")
      and failure.message:find("; nobody knows whether they took effect", 1, true), failure.message)
  end)
end)

test("a script that runs out of time says where it was, and what stays", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local text = insert(name, 1) .. insert(name, "SLEEP(100)")
    local failure = t.raises("mysql.timeout", "no answer within 3s; line 2: statement 2 of 2 was stopped; the "
      .. "server rolls back it and the 1 before it, but for tables whose engine has no transactions",
      function() db:script(text, { timeout = "3s" }) end)
    t.equal({ failure.maybe_applied, failure.detail.line, failure.detail.number, failure.detail.applied },
      { true, 2, 2, 0 })
    t.equal(count(name), 0)

    local path = machine.temp({ type = "file" })
    machine.write_file(path, "FLUSH STATUS;\n" .. text)
    failure = t.raises("mysql.timeout", "no answer within 3s; " .. path .. ":3: statement 3 of 3 was stopped; the 2 "
      .. "before it took effect and stay", function()
        support.administrator("PRIMARY", { database = "app" }):script({ file = path }, { timeout = "3s" })
      end)
    t.equal({ failure.detail.applied, failure.detail.file, count(name) }, { 2, path, 1 })
  end)
  support.wait_nothing_left(admin, "%SLEEP(100)%")
end)

test("a script that meets a deadline says the same", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local text = "ALTER TABLE " .. name .. " COMMENT 'x';\n" .. insert(name, "SLEEP(100)")
    local failure = t.raises("deadline.exceeded", nil, function()
      ops.deadline("3s", function() db:script(text) end)
    end)
    local left = "line 2: statement 2 of 2 was stopped; the 1 before it took effect and stay"
    t.truthy(failure.message:find(left, 1, true), failure.message)
  end)
  support.wait_nothing_left(admin, "%SLEEP(100)%")
end)

test("many rows that are not inserted in time leave nothing behind", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    admin:session(function(locker)
      locker:execute("LOCK TABLES app." .. name .. " READ")
      local failure = t.raises("mysql.timeout", "no answer within 500ms", function()
        db:insert_many(name, { { id = 1 } }, { timeout = "500ms" })
      end)
      t.equal(failure.maybe_applied, true)
      support.wait_nothing_left(admin, "INSERT INTO `" .. name .. "`%")
    end)
    t.equal(count(name), 0)
  end)
end)
