-- What decides the road and so is recorded: ctx:fact, ctx:try, ctx:require; and ctx:guard, which is asked each time.
local native = ...

local run = native.internal("procedure/run")
local frames = native.internal("procedure/frame")

local raw_pcall, raw_error = native.pcall, error
local fail = frames.fail

local recorded = {}

local function seen_text(seen)
  return seen == nil and "" or "; seen: " .. native.describe(seen)
end

--- Where a plan cannot know, `assume` stands in; nil: the unknown passes on.
local function planned_fact(path, fn, assume)
  local ok, value = raw_pcall(frames.reading, fn)
  if ok then ok, value = raw_pcall(native.plain_data, value) end
  if ok then return value end
  if assume == nil or not (native.is_stop(value) and value.code == "plan.unknown") then raw_error(value, 0) end
  native.plan_remark(path, "fact assumed: " .. native.describe(assume))
  return assume
end

function recorded.fact(name, fn, options)
  local path = frames.path(name)
  local in_step = native.step_path() ~= nil
  if run.mode == "plan" then
    if not in_step then frames.claim("fact", path) end
    return planned_fact(path, fn, options.assume)
  end
  local record = native.recorded("fact", path)
  -- A step's second attempt comes by its facts again.
  if not in_step then frames.claim("fact", path) end
  if record then return record.value end
  if frames.settling() then frames.unwind(path) end
  return native.record_value("fact", { path = path }, (frames.reading(fn)))
end

-- The recorded outcome is what counts; the body is visited again for the undos and clean-ups in it.
local function replay_try(record, path, body)
  if native.has_steps_within(path) then
    raw_pcall(frames.within, record.name, body, { settled = true })
    native.visit_within(path)
  end
  if record.ok then return record.value end
  return nil, native.new_error(record.error.code, record.error.message,
    { detail = record.error.detail, maybe_applied = record.error.maybe_applied, op = record.error.op })
end

local function fits(failure, codes)
  for _, pattern in ipairs(codes) do
    if failure.code == pattern then return true end
    if pattern:sub(-2) == ".*" and failure.code:sub(1, #pattern - 1) == pattern:sub(1, -2) then return true end
  end
  return false
end

-- What the run could not write down the plan refuses too; what it only will know passes.
local function planned_value(value)
  local ok, failure = raw_pcall(native.plain_data, value)
  if not ok and failure.code == "procedure.secret" then raw_error(failure, 0) end
  return value
end

function recorded.try(name, fn, codes)
  native.check_error_codes(codes)
  local path = frames.path(name)
  frames.claim("try", path)
  if run.mode ~= "plan" then
    local record = native.recorded("try", path)
    if record then
      record.name = name
      return replay_try(record, path, fn)
    end
  end
  local ok, value = raw_pcall(frames.within, name, fn)
  -- Its steps are visited for what they have to put back; its outcome is not this process's to decide.
  if run.mode ~= "plan" and frames.settling() and not native.is_stop(value) then frames.unwind(path) end
  if ok then
    if run.mode == "plan" then return planned_value(value) end
    return native.record_value("try", { path = path, ok = true }, value)
  end
  if native.is_stop(value) then raw_error(value, 0) end
  local failure = native.to_error(value)
  if not fits(failure, codes) then raw_error(value, 0) end
  if run.mode ~= "plan" then native.record("try", { path = path, ok = false, error = failure }) end
  return nil, failure
end

local function boolean_answer(what, name, reached, seen)
  if type(reached) ~= "boolean" then
    fail("procedure.not_boolean", "the function of " .. what .. ' "' .. name .. '" returned ' .. type(reached)
      .. ", not a boolean (a missing return?)")
  end
  return reached, seen
end

function recorded.require(name, fn)
  local path = frames.path(name)
  frames.claim("require", path)
  if run.mode ~= "plan" then
    if native.recorded("require", path) then return end
    if frames.settling() then frames.unwind(path) end
  end
  local holds, seen = boolean_answer("the precondition", name, frames.reading(fn))
  if not holds then
    fail("procedure.require", 'the precondition "' .. path .. '" does not hold' .. seen_text(seen)
      .. "; nothing was begun that depends on it. Put it right, then resume or run again")
  end
  if run.mode ~= "plan" then native.record("require", { path = path, seen = seen }) end
end

function recorded.guard(name, fn, body)
  local path = frames.path(name)
  local function ask(change)
    local scope = { step = false, looks = true, unguarded = true }
    local holds, seen = boolean_answer("the guard", name, frames.scoped(scope, fn))
    if not holds then
      fail("procedure.guard", 'the guard "' .. path .. '" holds back ' .. change .. seen_text(seen)
        .. "; nothing was sent. Put right what it asks for, then resume")
    end
  end
  if run.mode == "plan" then
    ask("the changes under it")
    return body()
  end
  return frames.scoped({ guard = ask }, body)
end

return recorded
