-- What a Lua test needs: named tests, and checks whose messages say what was seen.
local testing = { tests = {} }

--- Registers a test; the runner runs it in a deadline of its own.
function testing.test(name, fn)
  testing.tests[#testing.tests + 1] = { name = name, fn = fn }
end

local function shown(value, depth)
  depth = depth or 0
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) ~= "table" or depth > 4 then return tostring(value) end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = tostring(key) .. " = " .. shown(item, depth + 1)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end
testing.shown = shown

local function same(one, other)
  if type(one) ~= "table" or type(other) ~= "table" then return one == other end
  for key, value in pairs(one) do
    if not same(value, other[key]) then return false end
  end
  for key in pairs(other) do
    if one[key] == nil then return false end
  end
  return true
end

--- Fails unless `got` is `expected`, tables by content.
function testing.equal(got, expected)
  if not same(got, expected) then
    error("expected " .. shown(expected) .. "\n     got " .. shown(got), 2)
  end
end

function testing.truthy(value, what)
  if not value then error((what or "value") .. " is " .. tostring(value), 2) end
end

--- Fails unless fn raises an error object with this code; where given, `message` is its whole message. Returns it.
function testing.raises(code, message, fn)
  local ok, failure = pcall(fn)
  if ok then error("expected the error " .. code .. ", but nothing was raised", 2) end
  if type(failure) ~= "table" then error("expected the error " .. code .. ", got " .. shown(failure), 2) end
  if failure.code ~= code then error("expected the error " .. code .. ", got " .. tostring(failure), 2) end
  if message and failure.message ~= message then
    error("expected the message\n  " .. message .. "\ngot\n  " .. failure.message, 2)
  end
  return failure
end

return testing
