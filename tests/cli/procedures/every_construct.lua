-- Every construct a procedure can have, on files of one folder. Each change that must not be made twice writes its name
-- into `effects`, in the same command that makes it, so that a test can count what really happened.
local procedure = require "ops.procedure"
local machine = require "local"
local ops = require "ops"
local param = procedure.param

local function exists(path) return machine.exists(path) ~= nil end

return procedure.define {
  summary = "Everything at once", api = 1,
  params = {
    dir = param.string { doc = "the folder" },
    fails = param.boolean { default = false, doc = "fail at the end" },
  },
  uses = { ["local"] = "destroy" },
  run = function(ctx, p)
    local function path(name) return p.dir .. "/" .. name end
    -- Not repeatable: mkdir without -p fails the second time, and the effect is counted.
    local function make_once(name)
      machine.run({ "sh", "-c", 'mkdir "$1/$2" && echo "made $2" >> "$1/effects"', "sh", p.dir, name })
    end
    local function once(name, more)
      local step = more or {}
      -- A value that is needed is in `done` too: after a kill `run` may never have returned.
      local value = step.value
      step.value = nil
      step.done = function() return exists(path(name)), name, value end
      step.run = step.run or function() make_once(name) end
      step.undo = function()
        machine.run({ "sh", "-c", 'rmdir "$1/$2" && echo "unmade $2" >> "$1/effects"', "sh", p.dir, name })
      end
      return ctx:step("make " .. name, step)
    end

    local before = ctx:fact("what was there", function() return machine.read_file(path("mode")) end)
    ctx:require("the folder is there", function() return exists(p.dir), p.dir end)
    local _, missing = ctx:try("read what is not there", function() return machine.read_file(path("nothing")) end,
      { "local.not_found" })

    ctx:group("maintenance", function()
      ctx:cleanup("mode back", function() machine.write_file(path("mode"), before) end)
      ctx:step("mode on", {
        done = function() return machine.read_file(path("mode")) == "maintenance\n" end,
        run = function() machine.write_file(path("mode"), "maintenance\n") end,
      })
      ctx:guard("the folder stays", function() return exists(p.dir), "it is there" end, function()
        local known = { missing = missing.code, list = { 1, 2 } }
        local value = once("one", { value = known, run = function()
          make_once("one")
          return known
        end }).value
        machine.read({ "test", value.missing, "=", "local.not_found" })
      end)
      ctx:group("inner", function()
        ctx:cleanup("inner mark", function() machine.write_file(path("inner"), "off\n") end)
        ctx:step("inner on", {
          done = function() return exists(path("inner")) and machine.read_file(path("inner")) == "on\n" end,
          run = function() machine.write_file(path("inner"), "on\n") end,
        })
        once("two", { verify = function() return exists(path("two")), "verified" end })
      end)
    end)

    if ctx:choose("which", { text = "Which way?", choices = { "left", "right" } }) == "left" then once("left") end
    ctx:confirm("go on", { text = "Go on?" })
    ctx:manual("look", { text = "Look at it.", answer = "looked" })
    ctx:log("half way")

    ctx:each({ "x", "y" }, {}, function(item) once(item) end)
    ctx:rolling({ { name = "h1" }, { name = "h2" } }, { serial = 1 }, function(host)
      ctx:cleanup("host back", function() machine.write_file(path(host.name .. ".mode"), "in\n") end)
      once(host.name)
    end)
    local called = ctx:call("callee", { dir = p.dir })
    if p.fails then
      ctx:step("fail", { run = function() ctx:fail("wanted", called.made) end })
    end
    return { made = called.made, slept = ops.sleep("1ms") == nil }
  end,
}
