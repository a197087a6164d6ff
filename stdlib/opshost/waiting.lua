-- ops.deadline, ops.wait_until, ops.retry, ops.try, ops.with: what wraps a piece of a script.
local native = ...

local raw_pcall, raw_error = native.pcall, error
local is_stop = native.is_stop

local waiting = {}

local function after_deadline(id, ok, ...)
  native.deadline_end()
  if ok then return ... end
  local failure = ...
  -- Only here, where it was set, does a deadline become an error the script may catch.
  if is_stop(failure) and native.stop_scope(failure) == id then failure = native.as_error(failure) end
  raw_error(failure, 0)
end

function waiting.deadline(seconds, fn, ...)
  local id = native.deadline_begin(seconds)
  return after_deadline(id, raw_pcall(fn, ...))
end

local function seen_text(seen)
  if seen == nil then return "" end
  return "; last seen: " .. native.describe(seen)
end

-- A look gets as long as its wait; one that has no time at all is a look at once, which only its own calls bound.
local function bounded(left, fn, ...)
  if left <= 0 then return true, fn(...) end
  local id = native.deadline_begin(left)
  return (function(ok, ...)
    native.deadline_end()
    if ok then return true, ... end
    local failure = ...
    if is_stop(failure) and native.stop_scope(failure) == id then return false end
    raw_error(failure, 0)
  end)(raw_pcall(fn, ...))
end

--- Looks until look(...) returns true and what it saw, with pauses of `every` seconds. Returns true and all it returned
--- after that, or false and what it saw last where `timeout` seconds were not enough, however long a look takes.
function waiting.until_true(timeout, every, look, ...)
  local give_up = native.now() + timeout
  local left = timeout
  local last
  while true do
    local in_time, reached, seen, value = bounded(left, look, ...)
    if in_time and reached then return true, seen, value end
    if in_time then last = seen end
    left = give_up - native.now()
    if left <= 0 then return false, last end
    native.sleep(math.min(every, left))
    left = math.max(give_up - native.now(), 0)
  end
end

function waiting.wait_until(fn, options)
  local function look()
    local reached, seen = fn()
    if type(reached) == "boolean" then return reached, seen end
    raw_error(native.new_error("wait.not_boolean",
      "the function given to ops.wait_until returned " .. type(reached) .. ", not a boolean (a missing return?)"), 0)
  end
  local reached, seen = waiting.until_true(options.timeout, options.every, look)
  if reached then return seen end
  raw_error(native.new_error("wait.timeout", "waited " .. native.duration_text(options.timeout) .. " for "
    .. options.what .. seen_text(seen), { detail = { seen = seen } }), 0)
end

local function may_repeat(failure, options)
  if not native.is_error(failure) or not failure.retryable then return false end
  return not failure.maybe_applied or options.repeatable
end

-- Half of the growing pause is random, so that many callers, also of other processes, do not come back together.
local function pause_before(attempt, options)
  local longest = math.min(options.max_wait, options.wait * 2 ^ (attempt - 1))
  return longest * (0.5 + native.random() / 2)
end

local function retry_result(attempt, options, fn, ok, ...)
  if ok then return ... end
  local failure = ...
  if is_stop(failure) or attempt >= options.times or not may_repeat(failure, options) then raw_error(failure, 0) end
  native.sleep(pause_before(attempt, options))
  return retry_result(attempt + 1, options, fn, raw_pcall(fn, attempt + 1))
end

function waiting.retry(options, fn)
  if options.times < 1 then
    raw_error(native.new_error("usage.argument",
      'ops.retry: argument 1 "options.times": expected at least 1, got ' .. options.times), 0)
  end
  return retry_result(1, options, fn, raw_pcall(fn, 1))
end

-- "mysql.*" fits every code of mysql.
local function code_fits(code, pattern)
  if pattern:sub(-2) == ".*" then return code:sub(1, #pattern - 1) == pattern:sub(1, -2) end
  return code == pattern
end

local function caught(failure, codes)
  for _, pattern in ipairs(codes) do
    if code_fits(failure.code, pattern) then return true end
  end
  return false
end

local function try_result(codes, ok, ...)
  if ok then return ... end
  local failure = ...
  if is_stop(failure) then raw_error(failure, 0) end
  local object = native.to_error(failure)
  if not caught(object, codes) then raw_error(failure, 0) end
  return nil, object
end

function waiting.try(fn, codes)
  native.check_error_codes(codes)
  return try_result(codes, raw_pcall(fn))
end

-- Closing is a clean-up: a stop waits for it.
local function after_with(handle, ok, ...)
  native.shield()
  local closed, problem = raw_pcall(handle.close, handle)
  native.unshield()
  if not ok then
    if not closed then native.warn("closing " .. tostring(handle) .. " failed too: " .. tostring(problem)) end
    raw_error((...), 0)
  end
  if not closed then raw_error(problem, 0) end
  return ...
end

function waiting.with(handle, fn)
  local closable = type(handle) == "table" or type(handle) == "userdata"
  if not closable or type(handle.close) ~= "function" then
    raw_error(native.new_error("usage.argument",
      'ops.with: argument 1 "handle": expected something with a method `close`, got ' .. native.describe(handle)), 0)
  end
  return after_with(handle, raw_pcall(fn, handle))
end

return waiting
