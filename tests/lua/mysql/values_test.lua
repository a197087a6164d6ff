-- JSON, dates and waiting times of a connection, against MariaDB.
local mysql = require "mysql"
local ops = require "ops"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

test("JSON becomes tables where it is asked for", function()
  local db = support.connect()
  support.with_table(db, "id INT, doc JSON", function(name)
    db:execute("INSERT INTO " .. name .. " VALUES (1, ?), (2, NULL), (3, '[1, null]')",
      { '{"a": {"b": [1, 2.5, "x"]}, "none": null, "big": 9007199254740993}' })
    local sql = "SELECT id, doc FROM " .. name .. " ORDER BY id"
    local rows = db:query(sql, nil, { json_columns = { "doc" } })
    t.equal({ rows[1].doc.a, tostring(rows[1].doc.big) }, { { b = { 1, 2.5, "x" } }, "9007199254740993" })
    t.truthy(rows[1].doc.none == ops.null and rows[3].doc[2] == ops.null, "null")
    t.equal({ rows[2].doc, rows.columns }, { nil, { "id", "doc" } })
    t.equal(db:one(sql .. " LIMIT 1").doc:sub(1, 5), '{"a":')
    for row in db:rows(sql, nil, { json_columns = { "doc" } }) do
      t.equal(type(row.doc), row.id == 2 and "nil" or "table")
    end
    t.raises("usage.argument", '`json_columns` has "dco", and the columns are id, doc', function()
      db:query(sql, nil, { json_columns = { "dco" } })
    end)
  end)
end)

test("a text that is no JSON is told with its column and row", function()
  local sql = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
    .. "SELECT IF(i < 900, CONCAT('\"', REPEAT('x', 200), '\"'), '{broken') AS doc FROM n ORDER BY i"
  local failure = t.raises("data.syntax", nil, function()
    support.connect():query(sql, nil, { json_columns = { "doc" } })
  end)
  t.truthy(failure.message:find('column "doc" of row 900', 1, true), failure.message)
end)

test("dates are numbers where they are asked for, and back", function()
  local db = support.connect()
  local row = db:one("SELECT NOW(6) AS now, UTC_TIMESTAMP(6) AS utc, UNIX_TIMESTAMP(NOW(6)) AS epoch, "
    .. "TIME'-26:00:00.5' AS time, @@time_zone AS zone, FROM_UNIXTIME(0) AS first")
  local epoch = mysql.to_epoch(row.utc)
  t.truthy(math.abs(epoch - tonumber(row.epoch)) < 0.001, "seconds off: " .. epoch .. " of " .. row.epoch)
  t.equal(mysql.to_seconds(row.time), -93600.5)
  t.equal(mysql.to_epoch(mysql.from_epoch(epoch)), epoch)
  local same = db:one("SELECT CAST(? AS DATETIME(6)) = CAST(? AS DATETIME(6)) AS same",
    { mysql.from_epoch(epoch), row.utc })
  t.equal(same.same, 1)
  t.equal(mysql.to_epoch("0000-00-00 00:00:00"), nil)
  t.equal(mysql.from_epoch(0, { utc_offset = "+08:00" }), "1970-01-01 08:00:00")
end)

test("a connection's timeout counts for the calls that say none", function()
  local db = support.connect({ timeout = "300ms" })
  local wait = "SELECT SLEEP(100)"
  t.raises("mysql.timeout", "no answer within 300ms", function() db:query(wait) end)
  t.raises("mysql.timeout", "no answer within 300ms", function() db:one(wait) end)
  t.raises("mysql.timeout", "no answer within 300ms", function() db:execute("DO SLEEP(100)") end)
  t.raises("mysql.timeout", "no answer within 200ms", function() db:query(wait, nil, { timeout = "200ms" }) end)
  t.equal(db:one("SELECT SLEEP(0.5) AS x", nil, { timeout = "30s" }).x, 0)
  t.raises("mysql.timeout", "no answer within 300ms", function()
    db:session(function(session) session:query(wait) end)
  end)
  t.raises("mysql.timeout", "no answer within 300ms", function()
    db:transaction(function(tx) tx:query(wait) end)
  end)
  -- The first rows are there at once, the rest never is.
  local slow = "SELECT i, IF(i > 50, SLEEP(100), REPEAT('x', 4000)) AS text FROM "
    .. "(WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT i FROM n) AS many"
  t.raises("mysql.timeout", "no answer within 300ms", function()
    for _ in db:rows(slow) do end
  end)
  support.wait_nothing_left(support.administrator(), "%SLEEP(100)%")
end)
