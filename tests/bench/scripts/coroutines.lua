-- The same as plain coroutines: 10,000 of them, suspended three Lua frames deep.
local coroutines = {}

local function innermost() coroutine.yield() return 1 end
local function middle() return innermost() + 0 end
local function outermost() return middle() + 0 end

for i = 1, 10000 do
  coroutines[i] = coroutine.create(outermost)
  coroutine.resume(coroutines[i])
end
