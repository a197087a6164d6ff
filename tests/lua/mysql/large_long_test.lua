-- Ten million rows in flat memory, and a dump of 200 MB, whole and cut in half.
local machine = require "local"
local mysql = require "mysql"
local support = require "mysql.support"
local t = require "testing"
local test = t.test

local least, most

-- Of this process in memory, whoever allocated them.
local function resident_kilobytes()
  return tonumber(machine.read_file("/proc/self/status"):match("VmRSS:%s*(%d+) kB"))
end
local resident_before

-- In parts, because a test may take a minute, also under AddressSanitizer.
for part = 1, 4 do
  test("memory stays flat while ten million rows are iterated: " .. part .. " of 4", function()
    local db = support.connect({ timeout = "5m" })
    local count, sum = 0, 0
    for row in db:rows("SELECT seq AS id, CONCAT('host-', seq) AS name FROM seq_1_to_2500000") do
      count, sum = count + 1, sum + row.id
      if count % 250000 == 0 then
        local now = collectgarbage("count")
        least, most = math.min(least or now, now), math.max(most or now, now)
      end
    end
    t.equal({ count, sum }, { 2500000, 2500000 * 2500001 / 2 })
    t.truthy(most < least + 20000, "kilobytes at least and at most: " .. least .. ", " .. most)
    local resident = resident_kilobytes()
    resident_before = resident_before or resident
    t.truthy(resident < resident_before + 50000, "resident before and after: " .. resident_before .. ", " .. resident)
  end)
end

local admin = support.administrator()
local path = machine.temp() .. "/dump.sql"
local dump

test("a database of 200 MB", function()
  admin:execute("CREATE OR REPLACE DATABASE dump_large")
  local db = support.administrator("PRIMARY", { database = "dump_large" })
  db:session(function(session)
    session:execute("SET sql_log_bin = 0")
    session:execute("CREATE TABLE t (id INT PRIMARY KEY, text VARCHAR(1000)) ENGINE = MyISAM")
    session:execute("INSERT INTO t SELECT seq, REPEAT(CHAR(65 + seq % 26), 1000) FROM seq_1_to_205000")
  end)
  local seen = {}
  dump = mysql.dump(db, path, { on_progress = function(bytes) seen[#seen + 1] = bytes end })
  t.truthy(dump.size > 200e6, "bytes: " .. dump.size)
  for i = 2, #seen do t.truthy(seen[i] >= seen[i - 1] and seen[i] <= dump.size, "progress") end
end)

test("its dump cut in half is refused, and nothing is sent", function()
  admin:execute("CREATE OR REPLACE DATABASE dump_large_to")
  machine.run({ "sh", "-c", 'head -c "$2" "$1" >"$1.half"', "sh", path, ("%d"):format(math.floor(dump.size / 2)) })
  t.raises("mysql.incomplete_dump", nil, function()
    mysql.restore(admin, path .. ".half", { database = "dump_large_to" })
  end)
  t.equal(#admin:query("SHOW TABLES FROM dump_large_to"), 0)
  machine.delete(path .. ".half")
end)

test("its dump as it is comes back whole", function()
  local read = {}
  mysql.restore(admin, path, { database = "dump_large_to", sha256 = dump.sha256,
    on_progress = function(bytes, whole)
      t.equal(whole, dump.size)
      read[#read + 1] = bytes
    end })
  t.equal(admin:one("SELECT COUNT(*) AS n FROM dump_large_to.t").n, 205000)
  for i = 2, #read do t.truthy(read[i] >= read[i - 1] and read[i] <= dump.size, "progress") end
  admin:execute("DROP DATABASE dump_large")
  admin:execute("DROP DATABASE dump_large_to")
end)
