local procedure = require "ops.procedure"
local machine = require "local"

-- The last step fails while the file that is named says so, so that the run can be taken on.
return procedure.define {
  summary = "A thousand steps with nothing to do", api = 1,
  params = { fail_while = procedure.param.string { doc = "a file" } },
  uses = { ["local"] = "change" },
  run = function(ctx, p)
    ctx:step("change something", { repeatable = true, run = function() machine.chmod(p.fail_while, "0600") end })
    for i = 1, 1000 do
      ctx:step("step " .. i, { done = function() return true, i end, run = function() end })
    end
    ctx:step("last", { run = function()
      if machine.exists(p.fail_while) then ctx:fail("wanted") end
    end })
  end,
}
