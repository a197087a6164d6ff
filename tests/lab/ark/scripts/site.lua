-- The lab's own file for the library ark: the web consoles of a real site, of which the lab has none. What a person
-- would do there is done to the containers behind them.
local docker = require "docker"

local function container(args)
  local engine = docker.connect("tcp://" .. os.getenv("LAB_" .. args.host:upper() .. "_DOCKER"),
    { cert_path = os.getenv("LAB_ARK_CERT_PATH") })
  return engine:container(args.container)
end

return {
  hooks = {
    ["ark.client_node.back_up"] = function() end,
    ["ark.drds.node"] = function(args) return "drds of " .. args.container .. ", 4c8g, 5.1" end,
    ["ark.drds.scale_down"] = function(args) container(args):stop({ grace = "5s" }) end,
    ["ark.drds.scale_up"] = function(args) container(args):start() end,
    ["ark.butler.green"] = function() end,
  },
}
