-- What the tests of `mysql` share: the lab's servers, tables of one's own, servers that break.
local machine = require "local"
local mysql = require "mysql"
local ops = require "ops"
local t = require "testing"

local support = {}

--- A variable of the lab: "LAB_MYSQL_HOST".
function support.env(name)
  return os.getenv(name) or error("this test needs " .. name .. " of the lab")
end
local env = support.env

support.host, support.port = env("LAB_MYSQL_HOST"), tonumber(env("LAB_MYSQL_PRIMARY_PORT"))
support.target = "mysql " .. env("LAB_MYSQL_USER") .. "@" .. support.host .. ":" .. support.port

--- The primary as the application's user, unless the options say otherwise.
function support.connect(options)
  local all = { host = support.host, port = support.port, user = env("LAB_MYSQL_USER"),
    password = env("LAB_MYSQL_PASSWORD"), database = env("LAB_MYSQL_DATABASE") }
  for key, value in pairs(options or {}) do all[key] = value end
  return mysql.connect(all)
end

--- "PRIMARY", "REPLICA" or "TLS" as root.
function support.administrator(server, options)
  local all = { socket = env("LAB_MYSQL_" .. (server or "PRIMARY") .. "_SOCKET"), user = "root" }
  for key, value in pairs(options or {}) do all[key] = value end
  return mysql.connect(all)
end

--- Calls fn(name) with an empty table of that definition.
function support.with_table(db, definition, fn)
  db:execute("DROP TABLE IF EXISTS statements_test")
  db:execute("CREATE TABLE statements_test (" .. definition .. ")")
  fn("statements_test")
  db:execute("DROP TABLE statements_test")
end

--- $LAB_COMMAND: breaks and mends servers.
function support.lab(...)
  machine.run({ env("LAB_COMMAND"), ... }, { timeout = "2m" })
end

--- t.test; what one that fails has broken is mended, or every test after it fails too.
function support.breaking_test(name, fn)
  t.test(name, function()
    local ok, failure = pcall(fn)
    if ok then return end
    support.lab("mend")
    error(failure, 0)
  end)
end

--- Waits until look(status of the replica) holds.
function support.wait_for_replica(replica, what, look)
  return ops.wait_until(function()
    local status = replica:replica_status()
    return look(status) and true or false, status
  end, { timeout = "20s", every = "50ms", what = what })
end

--- Waits until no statement like `pattern` runs on the server.
function support.wait_nothing_left(admin, pattern)
  ops.wait_until(function()
    local left = admin:query("SELECT id, info FROM information_schema.processlist WHERE info LIKE ? AND "
      .. "id <> CONNECTION_ID()", { pattern })
    return #left == 0, #left .. " statements"
  end, { timeout = "20s", every = "50ms", what = "the server to end them" })
end

return support
