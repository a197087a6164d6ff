-- mysql.lua SOCKET select|query|rows|insert|sleep COUNT
local mysql = require "mysql"
local ops = require "ops"

local socket, operation, count = ops.args[1], ops.args[2], tonumber(ops.args[3])
local db = mysql.connect({ socket = socket, user = "root", database = "app", timeout = "10m" })
local many = "SELECT seq AS id, CONCAT('host-', seq) AS name, seq * 1.25e0 AS value FROM seq_1_to_" .. count

if operation == "select" then
  for _ = 1, count do assert(db:one("SELECT 1 AS one").one == 1) end
elseif count == 0 then
  db:alive()
elseif operation == "query" then
  assert(#db:query(many) == count)
elseif operation == "rows" then
  local seen = 0
  for row in db:rows(many) do seen = seen + (row.id > 0 and 1 or 0) end
  assert(seen == count)
elseif operation == "insert" then
  db:execute("CREATE OR REPLACE TABLE bench_lua (id INT PRIMARY KEY, name VARCHAR(20), value DOUBLE)")
  local rows = {}
  for i = 1, count do rows[i] = { id = i, name = "host-" .. i, value = i * 1.25 } end
  assert(db:insert_many("bench_lua", rows).affected == count)
elseif operation == "sleep" then
  local list = {}
  for i = 1, count do list[i] = i end
  ops.each(list, { parallel = count }, function() db:query("SELECT SLEEP(1)") end)
end
db:close()
