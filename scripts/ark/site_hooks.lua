-- The site's own functions, in its file `site.lua`: which there are for what a person would be asked.
local ops = require "ops"

local M = {}

--- The function of that name; nil where the site has none.
function M.find(name)
  local own = ops.try(function() return require "site" end, { "script.no_module" })
  return type(own) == "table" and own.hooks and own.hooks[name] or nil
end

--- A value that a person types, or that the site's function `hook` finds out.
function M.input(ctx, name, options)
  local hook = M.find(options.hook)
  if hook then return ctx:fact(name, function() return hook(options.args) end) end
  return ctx:input(name, { text = options.text })
end

return M
