-- A step in a plan: its goal is asked, its changes are shown, nothing is awaited.
local native = ...

local frames = native.internal("procedure/frame")
local steps = native.internal("procedure/step")

local raw_pcall, raw_error = native.pcall, error

local function is_unknown(failure)
  return native.is_stop(failure) and failure.code == "plan.unknown"
end

local function value_of(step, value)
  if step.options.assume ~= nil then
    native.plan_remark(step.path, "value assumed: " .. native.describe(step.options.assume))
    return step.options.assume
  end
  -- Of an unknown `~= nil` would be a comparison.
  if type(value) ~= "nil" then return value end
  return native.unknown('value of the step "' .. step.path .. '"')
end

-- The innermost step ends where the plan cannot know; what does not depend on it is planned on.
local function ends_here(step, failure)
  if not is_unknown(failure) then raw_error(failure, 0) end
  native.plan_unknown(step.path, failure)
end

return function(path, options)
  local step = { path = path, options = options, s = { attempt = 0, in_doubt = false } }
  local so_far
  if options.done then
    local ok, reached, seen, value = raw_pcall(steps.ask, step, "done")
    so_far = ok and seen or nil
    if not ok then
      ends_here(step, reached)
    elseif reached then
      native.plan_remark(path, "already so" .. (seen == nil and "" or " (" .. native.describe(seen) .. ")"))
      return steps.new_result(path, false, seen, value)
    end
  end
  step.s.attempt = 1
  local before = native.planned_changes()
  local ok, value = raw_pcall(frames.scoped,
    { step = { path = path, repeatable = options.repeatable, sensitive = options.sensitive } }, options.run, step.s)
  if not ok then
    ends_here(step, value)
    value = nil
  end
  local changes = native.planned_changes() > before
  if ok and options.done and not changes then
    native.plan_remark(path, "awaited, without a change"
      .. (so_far == nil and "" or " (so far " .. native.describe(so_far) .. ")"))
  end
  return steps.new_result(path, changes, nil, value_of(step, value))
end
