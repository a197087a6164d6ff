-- Called by every_construct.
local procedure = require "ops.procedure"
local machine = require "local"
local param = procedure.param

return procedure.define {
  summary = "One step of its own", api = 1,
  params = { dir = param.string { doc = "the folder" } },
  uses = { ["local"] = "change" },
  run = function(ctx, p)
    local made = ctx:step("write", {
      done = function() return machine.exists(p.dir .. "/called") ~= nil end,
      run = function()
        machine.write_file(p.dir .. "/called", "yes\n")
        return "called"
      end,
    })
    return { made = made.changed }
  end,
}
