-- Restarts the containers whose names begin alike, in batches; one of them is well when the file /ok is in it.
local docker = require "docker"
local procedure = require "ops.procedure"
local param = procedure.param

return procedure.define {
  summary = "Restart containers in batches", api = 1,
  params = { prefix = param.string { doc = "how their names begin" } },
  uses = { docker = "change" },
  run = function(ctx, p)
    local engine = docker.connect()
    local started = ctx:fact("when they were started", function()
      local times = {}
      for _, container in ipairs(engine:containers({ name = p.prefix })) do
        times[container.names[1]] = engine:container(container.id):status().started_at
      end
      return times
    end)
    local names = {}
    for name in pairs(started) do names[#names + 1] = name end
    table.sort(names)
    ctx:rolling(names, { serial = "25%", max_fail = 2 }, function(name)
      local container = engine:container(name)
      ctx:step("restart", {
        done = function()
          local now = container:status()
          return now.running and now.started_at ~= started[name], now.started_at
        end,
        run = function() container:restart({ grace = 0 }) end,
      })
      ctx:step("is well", {
        done = function() return container:exists("/ok") ~= nil, "/ok" end,
        timeout = "500ms",
        run = function() end,
      })
    end)
  end,
}
