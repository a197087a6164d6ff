-- 10,000 fibers asleep at once, three Lua frames deep.
local ops = require "ops"

local COUNT = 10000
local asleep, most = 0, 0

local function innermost()
  asleep = asleep + 1
  most = math.max(most, asleep)
  ops.sleep("1s")
  asleep = asleep - 1
end
local function middle() innermost() return asleep end
local function outermost() return middle() + 0 end

local items = {}
for i = 1, COUNT do items[i] = i end
ops.each(items, { parallel = COUNT }, outermost)
assert(most == COUNT, "only " .. most .. " fibers slept at once")
