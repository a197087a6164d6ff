-- Three files, one step each; a step can be told to fail, and the clean-up is stuck while a file "stuck" is there.
local procedure = require "ops.procedure"
local machine = require "local"
local param = procedure.param
return procedure.define {
  summary = "Three files", source = "Manual 1.2", api = 1,
  params = {
    target = param.host { doc = "host to work on" },
    grace = param.duration { default = "60s", doc = "time it gets" },
    fail_at = param.integer { default = 0, doc = "the step that fails" },
  },
  uses = { ["local"] = "destroy" },
  run = function(ctx, p)
    ctx:cleanup("mark away", function()
      if machine.exists("stuck") then ctx:fail("stuck", machine.exists("stuck").type) end
      machine.delete("mark")
    end)
    ctx:step("mark", { run = function() machine.write_file("mark", "here") end, repeatable = true })
    for i = 1, 3 do
      ctx:step("file " .. i, {
        done = function() return machine.exists("f" .. i) ~= nil, "f" .. i end,
        run = function()
          if i == p.fail_at then machine.run({ "sh", "-c", "echo oh no >&2; exit 3" }) end
          machine.write_file("f" .. i, "x")
        end,
        undo = function() machine.delete("f" .. i) end,
      })
    end
    return { grace = p.grace }
  end,
}
