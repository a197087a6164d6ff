-- opshost run tests/lua/runner.lua FILE [NAME]: runs the tests FILE registers; NAME only those whose name has it in.
local ops = require "ops"
local testing = require "testing"

local file, only = ops.args[1], ops.args[2]
dofile(file)

-- For what hangs, below ctest's own limits. Those for `make ci-full` take their time.
local DEADLINE = file:find("_long_test%.lua$") and "15m" or "5m"

local failed = 0
for _, test in ipairs(testing.tests) do
  if not only or test.name:find(only, 1, true) then
    local ok, failure = pcall(ops.deadline, DEADLINE, test.fn)
    print((ok and "ok      " or "not ok  ") .. test.name)
    if not ok then
      failed = failed + 1
      print("  " .. tostring(failure):gsub("\n", "\n  "))
    end
  end
end
if #testing.tests == 0 then
  print("not ok  " .. file .. " registers no test")
  failed = 1
end
os.exit(failed == 0 and 0 or 1)
