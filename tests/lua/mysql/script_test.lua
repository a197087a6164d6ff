-- SQL scripts run against MariaDB: up to the first error, and what of it stays.
local machine = require "local"
local mysql = require "mysql"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

local db = support.connect()

local function count(name)
  return db:one("SELECT COUNT(*) AS n FROM " .. name).n
end

local function file_of(text)
  local path = machine.temp({ type = "file" })
  machine.write_file(path, text)
  return path
end

local function inserts(name, number, broken)
  local lines = {}
  for i = 1, number do lines[i] = ("INSERT INTO %s VALUES (%d);"):format(name, i == broken and 1 or i) end
  return table.concat(lines, "\n")
end

test("a script with delimiters, comments and quotes is taken apart as the mysql client does it", function()
  db:execute("DROP TABLE IF EXISTS statements_test")
  local seen = {}
  local result = db:script([[
-- a comment; with a semicolon
CREATE TABLE statements_test (id INT, text TEXT CHARACTER SET utf8mb4); # another; one
DELIMITER //
CREATE OR REPLACE PROCEDURE script_p() BEGIN
  INSERT INTO statements_test VALUES (1, 'a; -- no comment');
  INSERT INTO statements_test VALUES (2, "it''s // no end \" of it");
END//
DELIMITER ;
CALL script_p();
/* INSERT INTO statements_test VALUES (3, ''); */
INSERT INTO statements_test VALUES (4, '🚀'), (5, 'line one
line two');
DROP PROCEDURE script_p;]], {
    on_statement = function(number, total, line) seen[#seen + 1] = { number, total, line } end,
  })
  t.equal({ result.statements, result.transactional }, { 5, false })
  t.equal(seen, { { 1, 5, 2 }, { 2, 5, 4 }, { 3, 5, 9 }, { 4, 5, 11 }, { 5, 5, 13 } })
  local rows = db:query("SELECT id, text FROM statements_test ORDER BY id")
  t.equal({ rows[1].text, rows[2].text, rows[3].text, rows[4].text, #rows },
    { "a; -- no comment", "it''s // no end \" of it", "🚀", "line one\nline two", 4 })
  db:execute("DROP TABLE statements_test")
end)

test("rows alone: statement 500 of 1000 fails, and nothing has changed", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local path = file_of(inserts(name, 1000, 500))
    local failure = t.raises("mysql.script", path .. ":500: statement 500 of 1000 failed: Duplicate entry '1' for key "
      .. "'PRIMARY' [1062 23000]; statement: INSERT INTO statements_test VALUES (1); all of it was rolled back, "
      .. "nothing has changed", function() db:script({ file = path }) end)
    t.equal({ failure.maybe_applied, failure.target, failure.cause.code }, { false, support.target, "mysql.duplicate" })
    local detail = failure.detail
    t.equal({ detail.file, detail.line, detail.number, detail.total, detail.applied, detail.errno, detail.sqlstate },
      { path, 500, 500, 1000, 0, 1062, "23000" })
    t.equal({ detail.statement, detail.message },
      { "INSERT INTO statements_test VALUES (1)", "Duplicate entry '1' for key 'PRIMARY'" })
    t.equal(count(name), 0)
    t.equal(db:script({ file = file_of(inserts(name, 1000)) }).affected, 1000)
    t.equal(count(name), 1000)
  end)
end)

test("with DDL in it: what was applied before the error stays, and is told", function()
  support.with_table(db, "id INT PRIMARY KEY", function(name)
    local text = "ALTER TABLE " .. name .. " COMMENT 'changed';\n" .. inserts(name, 10, 5)
    local failure = t.raises("mysql.script", "line 6: statement 6 of 11 failed: Duplicate entry '1' for key 'PRIMARY' "
      .. "[1062 23000]; statement: INSERT INTO statements_test VALUES (1); the 5 before it took effect and stay",
      function() db:script(text) end)
    t.equal({ failure.maybe_applied, failure.detail.applied, failure.detail.file }, { true, 5, nil })
    t.equal(count(name), 4)
  end)
end)

test("a table whose engine has no transactions: the server's warning is believed", function()
  db:execute("CREATE OR REPLACE TABLE script_myisam (id INT PRIMARY KEY) ENGINE=MyISAM")
  local failure = t.raises("mysql.script", nil, function() db:script(inserts("script_myisam", 4, 3)) end)
  t.equal({ failure.maybe_applied, failure.detail.applied, count("script_myisam") }, { true, 2, 2 })
  db:execute("DROP TABLE script_myisam")
end)

test("what cannot be read is refused before anything is sent", function()
  support.with_table(db, "id INT", function(name)
    local first = inserts(name, 1) .. "\n"
    local function refused(code, text, message)
      local path = file_of(first .. text)
      t.raises(code, path .. message, function() db:script({ file = path }) end)
    end
    refused("mysql.parse", "INSERT INTO t VALUES ('no end);", ":2: a string that begins with ' is not closed; "
      .. "nothing was sent")
    refused("mysql.parse", "/* no end", ":2: a comment that begins with /* is not closed; nothing was sent")
    refused("mysql.parse", "source other.sql",
      ":2: \"source\" is a command of the mysql client, no SQL; nothing was sent")
    refused("mysql.bad_text", "INSERT INTO t VALUES ('\xE4');",
      ":2: the text is not UTF-8; convert it, or connect with "
      .. "the `charset` it is in. Nothing was sent")
    t.raises("mysql.script_file", 'cannot read "/no/such.sql": No such file or directory', function()
      db:script({ file = "/no/such.sql" })
    end)
    t.equal(count(name), 0)
  end)
end)

test("a file in another encoding, said so, and NUL bytes arrive as they are", function()
  support.with_table(db, "text VARCHAR(20) CHARACTER SET utf8mb4, bytes BLOB", function(name)
    local latin = support.connect({ charset = "latin1" })
    latin:script({ file = file_of("INSERT INTO " .. name .. " VALUES ('gr\xFC\xDFe', 'a\0b');") })
    local row = db:one("SELECT text, bytes FROM " .. name)
    t.equal({ row.text, row.bytes }, { "grüße", "a\0b" })
  end)
end)

test("parse tells what a script would do", function()
  local kinds = {}
  for i, statement in ipairs(mysql.parse("SELECT 1; INSERT INTO t VALUES (1);\nDROP TABLE t; FLUSH LOGS; BEGIN")) do
    kinds[i] = statement.line .. " " .. statement.kind .. " " .. statement.verb
  end
  t.equal(kinds, { "1 query SELECT", "1 dml INSERT", "2 ddl DROP", "2 administration FLUSH", "2 transaction BEGIN" })
  t.raises("mysql.parse", "line 1: no statement begins with FROBNICATE", function() mysql.parse("FROBNICATE t") end)
  t.equal(#mysql.parse("/*M!999999\\- enable the sandbox mode */ \nSELECT 1;"), 1)
end)
