-- One step whose program must not run twice.
local docker = require "docker"
local procedure = require "ops.procedure"
local param = procedure.param

return procedure.define {
  summary = "One program", api = 1,
  params = {
    container = param.string { doc = "where it runs" },
    line = param.string { doc = "what its shell runs" },
    timeout = param.duration { default = "20s", doc = "the step's" },
  },
  uses = { docker = "change" },
  run = function(ctx, p)
    local engine = docker.connect("unix://" .. os.getenv "LAB_DOCKER_SOCKET")
    ctx:step("work", { timeout = p.timeout, run = function()
      engine:container(p.container):run({ "sh", "-c", p.line })
    end })
  end,
}
