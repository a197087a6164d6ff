-- Dumps by MySQL's own programs, against MariaDB.
local machine = require "local"
local mysql = require "mysql"
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

local admin = support.administrator()

local function fresh_database(name)
  admin:execute("CREATE OR REPLACE DATABASE " .. name .. " CHARACTER SET utf8mb4")
  return support.administrator("PRIMARY", { database = name })
end

local function fill(db)
  local all = {}
  for i = 0, 255 do all[#all + 1] = string.char(i) end
  db:execute("CREATE TABLE values_of (id INT PRIMARY KEY, text TEXT, bytes BLOB, number DECIMAL(20, 4))")
  db:insert_many("values_of", {
    { id = 1, text = "🚀 -- no comment; 'quoted' \\ \"text\"\n", bytes = table.concat(all), number = "0.1000" },
    { id = 2, text = ops.null, bytes = "", number = ops.null },
  })
  db:execute("CREATE VIEW doubled AS SELECT id * 2 AS twice FROM values_of")
  db:execute("CREATE TRIGGER no_less BEFORE UPDATE ON values_of FOR EACH ROW SET NEW.id = GREATEST(NEW.id, OLD.id)")
  db:execute("CREATE PROCEDURE answer() SELECT 42 AS answer")
end

local function contents(db)
  local rows = db:query("SELECT id, text, HEX(bytes) AS bytes, number FROM values_of ORDER BY id")
  local list = {}
  for i, row in ipairs(rows) do list[i] = { row.id, row.text or "NULL", row.bytes, row.number or "NULL" } end
  return list
end

test("what is dumped comes back as it was, all of it", function()
  local from, to = fresh_database("dump_from"), fresh_database("dump_to")
  fill(from)
  local path = machine.temp() .. "/a dump.sql"
  local dump = mysql.dump(from, path)
  t.equal({ dump.path, dump.size }, { path, machine.stat(path).size })
  t.equal(dump.sha256, machine.checksum(path))
  t.equal(machine.stat(path).mode, "0600")
  t.equal(machine.exists(path .. ".part"), nil)
  local restored = mysql.restore(to, path, { size = dump.size, sha256 = dump.sha256 })
  t.equal(restored.size, dump.size)
  t.equal(contents(to), contents(from))
  t.equal(#to:query("SELECT * FROM doubled"), 2)
  t.equal(to:execute("CALL answer()").results[1][1].answer, 42)
  to:execute("UPDATE values_of SET id = 0 WHERE id = 2")
  t.equal(to:one("SELECT MAX(id) AS id FROM values_of").id, 2)
end)

test("tables alone, and databases by name", function()
  local from = fresh_database("dump_from")
  from:execute("CREATE TABLE a (id INT)")
  from:execute("CREATE TABLE b (id INT)")
  local path = machine.temp() .. "/dump.sql"
  mysql.dump(from, path, { tables = { "b" } })
  local to = fresh_database("dump_to")
  mysql.restore(admin, path, { database = "dump_to" })
  t.equal(#to:query("SHOW TABLES"), 1)
  mysql.dump(admin, path, { databases = { "dump_from", "dump_to" } })
  admin:execute("DROP DATABASE dump_from")
  mysql.restore(admin, path)
  t.equal(#from:query("SHOW TABLES"), 2)
  t.raises("usage.argument", "what shall be dumped? Give `databases`, or connect with a `database`", function()
    mysql.dump(admin, path)
  end)
  t.raises("usage.argument", "give `tables`, or `databases`: not both", function()
    mysql.dump(from, path, { tables = { "a" }, databases = { "dump_from" } })
  end)
end)

test("a dump that is cut in half, or another one, is refused before anything is sent", function()
  local from, to = fresh_database("dump_from"), fresh_database("dump_to")
  fill(from)
  local path = machine.temp() .. "/dump.sql"
  local dump = mysql.dump(from, path)
  local text = machine.read_file(path)
  machine.write_file(path, text:sub(1, math.floor(#text / 2)))
  local why = ('the dump "%s" has no end: its last line is not mysqldump\'s "-- Dump completed"; nothing was sent')
    :format(path)
  local failure = t.raises("mysql.incomplete_dump", why, function() mysql.restore(to, path) end)
  t.equal({ failure.maybe_applied, failure.target }, { false, tostring(to) })
  t.raises("mysql.incomplete_dump", ('the dump "%s" has %d bytes, and should have %d; nothing was sent')
    :format(path, math.floor(#text / 2), dump.size), function() mysql.restore(to, path, { size = dump.size }) end)
  machine.write_file(path, (text:gsub("0%.1000", "0.2000")))
  t.raises("mysql.incomplete_dump", ('the dump "%s" has the SHA-256 %s, and should have %s; nothing was sent')
    :format(path, machine.checksum(path), dump.sha256), function()
      mysql.restore(to, path, { size = dump.size, sha256 = dump.sha256 })
    end)
  t.equal(#to:query("SHOW TABLES"), 0)
end)

test("what stops a dump leaves no file, what stops a restore is told with its line", function()
  local from, to = fresh_database("dump_from"), fresh_database("dump_to")
  local path = machine.temp() .. "/dump.sql"
  local failure = t.raises("mysql.dump", 'mysqldump ended with exit code 6: mysqldump: Couldn\'t find table: "missing"',
    function() mysql.dump(from, path, { tables = { "missing" } }) end)
  t.equal(failure.detail.exit_code, 6)
  t.equal(machine.exists(path), nil)
  t.equal(machine.exists(path .. ".part"), nil)
  local wrong = support.connect({ password = "not the password" })
  t.equal(t.raises("mysql.dump", nil, function() mysql.dump(wrong, path) end).detail.errno, 1045)

  machine.write_file(path, "CREATE TABLE t (id INT);\nSELECT 1;\nCREATE TABLE t (id INT);\n-- Dump completed\n")
  failure = t.raises("mysql.restore", ("mysql ended with exit code 1 in the dump %q: ERROR 1050 (42S01) at line 3: "
    .. "Table 't' already exists"):format(path), function() mysql.restore(to, path) end)
  t.equal({ failure.maybe_applied, failure.detail.line, failure.detail.errno, failure.detail.sqlstate },
    { true, 3, 1050, "42S01" })
  failure = t.raises("mysql.restore", nil, function() mysql.restore(wrong, path) end)
  t.equal({ failure.maybe_applied, failure.detail.errno }, { false, 1045 })
  failure = t.raises("mysql.dump_file", ('the dump "%s.no" cannot be read: sh: 18: cannot open %s.no: No such file')
    :format(path, path), function() mysql.restore(to, path .. ".no") end)
  t.equal(failure.target, tostring(to))
end)

local function files_of(folder)
  return machine.read({ "ls", "-A", folder }).stdout
end

test("a dump and a restore that take too long are ended, name the server and leave nothing", function()
  local db = fresh_database("dump_slow")
  db:execute("CREATE TABLE slow (id INT)")
  local folder = machine.temp()
  local path = folder .. "/dump.sql"
  db:session(function(session)
    session:execute("LOCK TABLES slow WRITE")
    local failure = t.raises("mysql.timeout", "mysqldump did not end within 2s and was told to", function()
      mysql.dump(db, path, { timeout = "2s" })
    end)
    t.equal({ failure.target, failure.cause.code, failure.maybe_applied }, { tostring(db), "local.timeout", true })
    t.equal(files_of(folder), "")
    machine.write_file(path, "INSERT INTO slow VALUES (1);\n-- Dump completed\n")
    failure = t.raises("mysql.timeout", "mysql did not end within 2s and was told to", function()
      mysql.restore(db, path, { timeout = "2s" })
    end)
    t.equal({ failure.target, failure.maybe_applied }, { tostring(db), true })
    session:execute("UNLOCK TABLES")
  end)
  support.wait_nothing_left(admin, "%slow%")
  t.equal(machine.read({ "sh", "-c", 'ls "${TMPDIR:-/tmp}"' }).stdout:match("opshost%-options%S+"), nil)
end)

test("the password is in no argument and in no file that stays", function()
  local db = support.administrator("PRIMARY", { database = "dump_from" })
  admin:execute("CREATE OR REPLACE USER dumper@localhost IDENTIFIED BY 'a\\\\ \"b\\'#;'")
  admin:execute("GRANT ALL ON dump_from.* TO dumper@localhost")
  db:execute("CREATE TABLE slow (id INT)")
  local dumper = support.administrator("PRIMARY", { user = "dumper", password = "a\\ \"b'#;", database = "dump_from" })
  local path = machine.temp() .. "/dump.sql"
  local arguments = db:session(function(session)
    session:execute("LOCK TABLES slow WRITE")
    local function look()
      ops.wait_until(function()
        return #admin:query("SELECT 1 AS x FROM information_schema.processlist WHERE user = 'dumper'") > 0
      end, { timeout = "20s", every = "20ms" })
      local found = machine.read({ "pgrep", "-a", "-f", "^[^ ]*mysqldump --defaults-file=/dev/fd/9" }).stdout
      session:execute("UNLOCK TABLES")
      return found
    end
    local results = ops.each({ function() mysql.dump(dumper, path) end, look }, {}, function(run) return run() end)
    return results[2].value
  end)
  t.truthy(arguments:find("--single-transaction", 1, true), arguments)
  t.equal(arguments:find("#;", 1, true), nil)
  local left = machine.read({ "sh", "-c", 'ls "${TMPDIR:-/tmp}"' }).stdout
  t.equal(left:match("opshost%-options%S+"), nil)
end)
