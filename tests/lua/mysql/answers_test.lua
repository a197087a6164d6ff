-- What servers answer beside rows: counts, several results, character sets, refusals of each kind.
local machine = require "local"
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

local db, with_table = support.connect(), support.with_table

local function count(name)
  return db:one("SELECT COUNT(*) AS n FROM " .. name).n
end

test("a change whose answer cannot be given has been made", function()
  with_table(db, "id INT PRIMARY KEY, text VARCHAR(2000)", function(name)
    local failure = t.raises("mysql.duplicate_column", 'two columns of the result are called "id", and a row has one '
      .. "value a name; give them names with AS", function()
        db:execute("INSERT INTO " .. name .. " (id) VALUES (1) RETURNING id, id")
      end)
    t.equal({ failure.maybe_applied, count(name) }, { true, 1 })
    failure = t.raises("mysql.too_large", "the results are larger than 1KiB (max_result), and were not kept; read them "
      .. "with rows()", function()
        db:execute("INSERT INTO " .. name .. " VALUES (2, REPEAT('x', 2000)) RETURNING text", nil,
          { max_result = "1KiB" })
      end)
    t.equal({ failure.maybe_applied, failure.target, count(name) }, { true, support.target, 2 })
    failure = t.raises("mysql.duplicate_column", nil, function() db:execute("SELECT 1 AS a, 2 AS a") end)
    t.equal(failure.maybe_applied, false)
    t.equal(db:execute("SELECT text FROM " .. name, nil, { max_result = "1MiB" }).results[1][2].text, ("x"):rep(2000))
  end)
end)

test("a procedure that reads and then changes tells the count of its change", function()
  with_table(db, "id INT PRIMARY KEY", function(name)
    db:execute("CREATE OR REPLACE PROCEDURE answers_p() BEGIN SELECT 1 AS a; INSERT INTO " .. name
      .. " VALUES (1), (2), (3); END")
    local done = db:execute("CALL answers_p()")
    t.equal({ done.affected, #done.results, done.results[1][1].a }, { 3, 1, 1 })
    local failure = t.raises("mysql.duplicate", "Duplicate entry '1' for key 'PRIMARY' [1062 23000]; statement: CALL "
      .. "answers_p()", function() db:execute("CALL answers_p()") end)
    t.equal(failure.target, support.target)
    t.equal({ db:one("SELECT 1 AS a").a, count(name) }, { 1, 3 })
    t.equal(db:execute("UPDATE " .. name .. " SET id = id + 10 WHERE id > ?", { 1 }).affected, 2)
  end)
  db:execute("DROP PROCEDURE answers_p")
end)

test("strings are text of the connection's character set", function()
  with_table(db, "text VARCHAR(20) CHARACTER SET utf8mb4, bytes VARBINARY(20)", function(name)
    local latin = support.connect({ charset = "latin1" })
    latin:execute("INSERT INTO " .. name .. " VALUES (?, ?)", { "gr\xFC\xDFe", "\xFC\0" })
    latin:insert_many(name, { { text = "\xFC", bytes = "\xFC" } })
    local rows = db:query("SELECT text, bytes FROM " .. name)
    t.equal({ rows[1].text, rows[1].bytes, rows[2].text, rows[2].bytes }, { "grüße", "\xFC\0", "ü", "\xFC" })
    t.equal(latin:one("SELECT ? AS text", { "\xDF" }).text, "\xDF")
  end)
  t.raises("usage.argument", "the charset gbk has characters with the byte of a backslash in them, so nobody can tell "
    .. "for sure what a statement in it does; use utf8mb4: the server converts what it stores, and files can be "
    .. "converted by iconv", function() support.connect({ charset = "gbk" }) end)
  t.raises("mysql.refused", "the server refused the connection: Can't initialize character set no-such (path: "
    .. "compiled_in) [2019 00000]", function() support.connect({ charset = "no-such" }):alive() end)
end)

test("columns say whether they may be NULL", function()
  with_table(db, "a INT NOT NULL, b INT", function(name)
    local about = db:query("SELECT a, b FROM " .. name).column_info
    t.equal({ about[1].nullable, about[2].nullable }, { false, true })
  end)
end)

test("what the server refuses has a code of its own", function()
  t.raises("mysql.unknown_table", "Table 'app.no_such' doesn't exist [1146 42S02]; statement: SELECT 1 FROM no_such",
    function() db:query("SELECT 1 FROM no_such") end)
  t.raises("mysql.syntax", nil, function() db:query("SELECT FROM WHERE") end)
  local admin = support.administrator()
  local found = ops.each({ function() db:query("SELECT SLEEP(100), 'interrupted'") end, function()
    local id = ops.wait_until(function()
      local row = admin:one("SELECT id FROM information_schema.processlist WHERE info LIKE '%interrupted%' AND "
        .. "id <> CONNECTION_ID()")
      return row ~= nil, row and row.id
    end, { timeout = "20s", every = "20ms", what = "the statement" })
    admin:execute(("KILL QUERY %d"):format(id))
  end }, { on_error = "collect" }, function(run) return run() end)
  t.equal({ found[1].error.code, found[1].error.message }, { "mysql.interrupted",
    "Query execution was interrupted [1317 70100]; statement: SELECT SLEEP(100), 'interrupted'" })
end)

test("a session whose connection is gone has ended: to go on is the script's choice", function()
  local admin = support.administrator()
  db:session(function(session)
    session:execute("SET @kept = 5")
    admin:execute(("KILL CONNECTION %d"):format(session:one("SELECT CONNECTION_ID() AS id").id))
    ops.wait_until(function()
      local _, failure = ops.try(function() session:one("SELECT @kept AS kept") end, { "mysql.*" })
      return failure ~= nil and failure.code == "mysql.session_ended", failure and failure.code
    end, { timeout = "20s", every = "20ms", what = "the end of the session" })
    t.raises("mysql.session_ended", "the session's connection is gone, and with it what it had (temporary tables, "
      .. "variables, locks, an open transaction); or rows of an earlier query in it were not read to their end",
      function() session:execute("DO 1") end)
  end)
  t.equal(db:one("SELECT @kept AS kept").kept, nil)
end)

test("without MySQL's own programs there is no dump", function()
  local path = machine.temp({ type = "file" })
  machine.write_file(path, [[
local mysql = require "mysql"
local db = mysql.connect { socket = os.getenv "LAB_MYSQL_PRIMARY_SOCKET", user = "root", database = "app" }
local ok, failure = pcall(mysql.dump, db, "/nowhere/dump.sql")
print(failure.code, failure.message)
]])
  local bin = machine.temp()
  for _, name in ipairs { "sh", "mktemp", "cat", "rm" } do
    machine.run({ "ln", "-s", "/usr/bin/" .. name, bin .. "/" .. name })
  end
  local pid = machine.read_file("/proc/self/stat"):match("^%d+")
  local own = machine.read({ "readlink", "/proc/" .. pid .. "/exe" }).stdout
  local seen = machine.run({ "env", "PATH=" .. bin, (own:gsub("%s+$", "")), "run", path })
  t.equal(seen.stdout, "mysql.no_client\tthere is no mysqldump on this machine\n")
end)
