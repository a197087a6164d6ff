-- A replica catches up with one applier thread, which is put back to what it was: a variable that takes effect only
-- while replication stands still. `go` is a file: the replica is taken for caught up once it is there.
local machine = require "local"
local mysql = require "mysql"
local procedure = require "ops.procedure"
local param = procedure.param

local THREADS = "slave_parallel_threads"

return procedure.define {
  summary = "Catch up with one applier thread", api = 1,
  params = { socket = param.string { doc = "the replica's" }, go = param.string { doc = "the file" } },
  uses = { mysql = "change", ["local"] = "observe" },
  run = function(ctx, p)
    local replica = mysql.connect { socket = p.socket, user = "root" }
    local function threads() return replica:variables(THREADS)[THREADS] end
    local function applies() return replica:replica_status().applier == "running" end
    local before = ctx:fact("applier threads", threads)

    local function set_threads(count)
      replica:stop_replica({ thread = "applier" })
      replica:set_global(THREADS, tonumber(count))
    end

    ctx:group("one applier", function()
      ctx:cleanup("applier threads as before", function()
        if threads() ~= before then set_threads(before) end
        if not applies() then replica:start_replica({ thread = "applier" }) end
      end)
      ctx:step("one thread", {
        done = function() return threads() == "0", threads() end,
        run = function() set_threads(0) end,
        repeatable = true,
      })
      ctx:step("apply", {
        done = applies,
        run = function() replica:start_replica({ thread = "applier" }) end,
      })
      ctx:step("caught up", {
        done = function() return machine.exists(p.go) ~= nil, "not yet" end,
        timeout = "60s", every = "50ms",
        run = function() end,
      })
    end)
  end,
}
