-- Looks again and again for as long as it may take. Unlike ops.wait_until it lets each look end: a look that runs a
-- command in a container is bounded by that command's own timeout.
local ops = require "ops"

local M = {}

--- Calls look() until it returns true or `seconds` are over, once a second; returns all that it returned last.
function M.look(seconds, look)
  local due = os.time() + seconds
  while true do
    local decided, one, other = look()
    if decided or os.time() >= due then return decided, one, other end
    ops.sleep("1s")
  end
end

return M
