-- Every construct a procedure can have, on containers whose names begin with the name of the folder it is given. What
-- must not happen twice is seen from outside: in the engine's events and in the file `effects` of the folder.
local docker = require "docker"
local ops = require "ops"
local procedure = require "ops.procedure"
local param = procedure.param

return procedure.define {
  summary = "Everything at once, on containers", api = 1,
  params = {
    dir = param.string { doc = "the folder" },
    fails = param.boolean { default = false, doc = "fail at the end" },
  },
  uses = { docker = "destroy" },
  run = function(ctx, p)
    local engine = docker.connect("unix://" .. os.getenv("LAB_DOCKER_SOCKET"))
    local prefix = p.dir:match("([^/]+)/dir$") .. "-"
    local function the(name) return engine:container(prefix .. name) end
    local function is_there(name) return engine:find_container(prefix .. name) ~= nil end
    local function runs(name) return the(name):status().running end

    local before = ctx:fact("when they were started", function()
      return { left = the("left"):status().started_at, right = the("right"):status().started_at }
    end)
    ctx:require("the engine answers", function() return engine:alive(), "it does" end)

    ctx:group("maintenance", function()
      ctx:cleanup("front runs", function()
        if not runs("front") then the("front"):start() end
      end)
      ctx:step("front is stopped", {
        done = function() return not runs("front") end,
        run = function() the("front"):stop({ grace = 0 }) end,
      })
      ctx:guard("both sides run", function() return runs("left") and runs("right"), "they do" end, function()
        ctx:step("make new", {
          done = function() return is_there("new") end,
          run = function()
            engine:create({ name = prefix .. "new", image = os.getenv("LAB_DOCKER_IMAGE"), labels = { world = prefix },
              command = { "sleep", "1000" }, volumes = { p.dir .. ":/world" } })
          end,
          undo = function() if is_there("new") then the("new"):delete({ force = true }) end end,
        })
        ctx:step("start new", {
          done = function() return runs("new") end,
          run = function() the("new"):start() end,
          verify = function() return runs("new"), the("new"):status().status end,
          undo = function() the("new"):stop({ grace = 0 }) end,
        })
        -- Not repeatable: mkdir fails the second time, and the effect is counted.
        ctx:step("seed new", {
          done = function() return the("new"):exists("/world/seed") ~= nil end,
          run = function()
            the("new"):run(ops.shell "mkdir /world/seed && echo 'seeded' >>/world/effects")
          end,
          undo = function()
            the("new"):run(ops.shell "rmdir /world/seed && echo 'unseeded' >>/world/effects")
          end,
        })
        ctx:step("configure new", {
          done = function() return the("new"):exists("/etc/new.conf") ~= nil end,
          run = function() the("new"):write_file("/etc/new.conf", "port = 1\n") end,
          undo = function() the("new"):delete_path("/etc/new.conf") end,
        })
      end)
    end)

    ctx:rolling({ { name = "left" }, { name = "right" } }, { serial = 1 }, function(side)
      ctx:step("restart", {
        done = function() return the(side.name):status().started_at > before[side.name] end,
        run = function() the(side.name):restart({ grace = 0 }) end,
      })
    end)
    ctx:group("limits", function()
      ctx:each({ "left", "right" }, {}, function(name)
        local function limit() return the(name):inspect().HostConfig.PidsLimit end
        ctx:step("limit", {
          done = function() return limit() == 50 end,
          run = function() the(name):update({ pids = 50 }) end,
          -- Asked first: an update may be sent twice, so that after a kill an undo that only sends would do so.
          undo = function() if limit() ~= 100 then the(name):update({ pids = 100 }) end end,
        })
      end)
    end)
    if p.fails then ctx:step("fail", { run = function() ctx:fail("wanted") end }) end
  end,
}
