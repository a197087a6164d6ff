-- The lab's own file for the library ark: the web consoles of a real site, of which the lab has none. What a person
-- would do there is done to the containers behind them; the DRDS-Manager's console is a command in its container.
local docker = require "docker"

local MANAGER = { host = "ark3", container = os.getenv("LAB_ARK_TASK") .. "_g0_drds-manager_drds" }
local INSTANCE = "main"

local function container(args)
  local engine = docker.connect("tcp://" .. os.getenv("LAB_" .. args.host:upper() .. "_DOCKER"),
    { cert_path = os.getenv("LAB_ARK_CERT_PATH") })
  return engine:container(args.container)
end

-- "main, 4c8g, 5.1.24, normal"
local function shown(args)
  return (container(MANAGER):read({ "drds-console", "show", args.address }).stdout:gsub("%s+$", ""))
end

local function console(...) container(MANAGER):run({ "drds-console", ... }, { repeatable = true }) end

local function is_in_stock(args) return shown(args):find("^UNUSED,") ~= nil end

return {
  hooks = {
    ["ark.client_node.back_up"] = function() end,
    ["ark.drds.node"] = shown,
    -- A resume may come by after the console has done its part.
    ["ark.drds.scale_down"] = function(args)
      if not is_in_stock(args) then console("scale-down", args.address) end
      container(args):stop({ grace = "5s" })
    end,
    ["ark.drds.scale_up"] = function(args)
      if is_in_stock(args) then console("scale-up", args.address, INSTANCE) end
      container(args):start()
    end,
    ["ark.butler.green"] = function() end,
  },
}
