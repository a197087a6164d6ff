-- ctx:step: the unit of change. Its goal (`done`) is asked, `run` changes, the goal is awaited; each stage is recorded,
-- so that a later process knows where this one stopped.
local native = ...

local run = native.internal("procedure/run")
local frames = native.internal("procedure/frame")
local doubt = native.internal("procedure/doubt")
local waiting = native.internal("waiting")
local tracked = native.internal("procedure/tracked")

local raw_pcall, raw_error = native.pcall, error
local fail = frames.fail

local steps = {}

local function seen_text(seen)
  return seen == nil and "" or "; last seen: " .. native.describe(seen)
end

-- Results -----------------------------------------------------------------------------------------------------------

local result_metatable = {
  __index = function(result, key)
    if key ~= "value" then return nil end
    fail("procedure.no_value", 'the step "' .. rawget(result, "path")
      .. '" has no value: neither its `run` returned one nor its `done` a third result, or there is a secret in it, '
      .. 'which is not written down. Take it from a fact')
  end,
}

local function new_result(path, changed, seen, value)
  return setmetatable({ path = path, changed = changed, seen = seen, value = value }, result_metatable)
end
steps.new_result = new_result

-- Asking ------------------------------------------------------------------------------------------------------------

local function ask(step, what)
  local reached, seen, value = frames.reading(step.options[what], step.s)
  if type(reached) ~= "boolean" then
    fail("procedure.not_boolean", "`" .. what .. '` of the step "' .. step.path .. '" returned ' .. type(reached)
      .. ", not a boolean (a missing return?)")
  end
  return reached, seen, value
end
steps.ask = ask

-- Until it answers `wanted`, or the step's time is up.
local function await(step, what, wanted, give_up)
  local function look()
    local reached, seen, value = ask(step, what)
    return reached == wanted, seen, value
  end
  local reached, seen, value = waiting.until_true(give_up - native.now(), step.options.every, look)
  if reached then return seen, value end
  fail("procedure.goal", 'the step "' .. step.path .. '" waited ' .. native.duration_text(step.options.timeout)
    .. " for its `" .. what .. "` to be " .. tostring(wanted) .. seen_text(seen))
end
steps.await = await

-- Records -----------------------------------------------------------------------------------------------------------

-- The change is made by now: a value that no record can hold is dropped, rather than that the step fails for it.
local function record_with(kind, fields, value)
  if value == nil or native.blanked_place(value) then
    native.record(kind, fields, true)
    return nil
  end
  return native.record_value(kind, fields, value, true)
end

local function finish(step, state, seen, value)
  record_with("end", { path = step.path, state = state, seen = seen }, value)
  local record = native.step_state(step.path)
  return new_result(step.path, record.changed, record.seen, record.value)
end

-- What a failed step leaves is in its records; the error says in which step it was.
local function fail_step(step, failure)
  if native.is_stop(failure) then raw_error(failure, 0) end
  local object = native.to_error(failure)
  -- Without waiting for the disk: until this error has stopped the others of its group, nothing of theirs goes on.
  native.append("end", { path = step.path, state = "failed", error = object }, true)
  raw_error(failure, 0)
end

-- Running -----------------------------------------------------------------------------------------------------------

-- The goal after `run` returned; nobody else's value than that of `run` or `done` counts.
local function verify(step, value)
  local give_up = native.now() + step.options.timeout
  local seen, own
  if step.options.done then seen, own = await(step, "done", true, give_up) end
  if step.options.verify then
    local verified = await(step, "verify", true, give_up)
    if verified ~= nil then seen = verified end
  end
  if value ~= nil then own = nil end
  return finish(step, "done", seen, own)
end

local function act(step)
  step.s.attempt = step.s.attempt + 1
  native.append("attempt", { path = step.path, number = step.s.attempt })
  local value = frames.scoped(
    { step = { path = step.path, repeatable = step.options.repeatable, sensitive = step.options.sensitive } },
    step.options.run, step.s)
  return record_with("acted", { path = step.path }, value)
end

local function may_retry(step, failure, attempts)
  local retry = step.options.retry
  if not retry or attempts >= retry.times or native.is_stop(failure) then return false end
  local code = native.to_error(failure).code
  for _, prefix in ipairs { "usage.", "script.", "gate.", "procedure.", "journal.", "answer." } do
    if code:sub(1, #prefix) == prefix and code ~= "procedure.goal" then return false end
  end
  return true
end

local function pause_before(step, attempt)
  local retry = step.options.retry
  native.sleep(math.min(retry.max_wait, retry.wait * 2 ^ (attempt - 1)))
end

local attempt_until_done

-- Whether `run` may be called once more: the rule of a resume, in a run that goes on.
local function after_failure(step, failure, attempts)
  local object = native.to_error(failure)
  if object.maybe_applied then
    local settled, result = raw_pcall(tracked.settle, step)
    if not settled then fail_step(step, result) end
    if result then return verify(step) end
  end
  local verdict = native.step_state(step.path).verdict
  local lost = object.maybe_applied and verdict == "ask"
  if not lost and not may_retry(step, failure, attempts) then fail_step(step, failure) end
  if verdict == "ask" then
    -- Something that must not be sent twice was, or may have been.
    if step.options.done then
      local reached, seen, value = ask(step, "done")
      if reached then return finish(step, "done", seen, value) end
    end
    if not lost then fail_step(step, failure) end
    local answer = doubt.decide(step, object)
    if answer == "skip" then return finish(step, "skipped") end
    if answer == "stop" then fail_step(step, failure) end
  elseif not may_retry(step, failure, attempts) or not native.step_state(step.path).may_repeat then
    fail_step(step, failure)
  end
  if may_retry(step, failure, attempts) then pause_before(step, attempts) end
  return attempt_until_done(step, attempts + 1)
end

function attempt_until_done(step, attempts)
  local ok, value = raw_pcall(act, step)
  if not ok then
    if native.is_stop(value) then raw_error(value, 0) end
    return after_failure(step, value, attempts)
  end
  local verified, result = raw_pcall(verify, step, value)
  if verified then return result end
  if native.is_stop(result) or not may_retry(step, result, attempts) then fail_step(step, result) end
  return after_failure(step, result, attempts)
end

local function run_from_start(step)
  if step.options.done then
    local reached, seen, value = ask(step, "done")
    if reached then
      local record = native.step_state(step.path)
      return finish(step, record and record.changed and "done" or "already", seen, value)
    end
  end
  return attempt_until_done(step, 1)
end

-- A step an earlier process began, or a clean-up reopened.
local function take_on(step, record)
  if record.verdict ~= "verify" then
    tracked.settle(step, record.state == "begun")
    record = native.step_state(step.path)
  end
  local verdict = record.verdict
  step.s.in_doubt = verdict == "ask"
  if verdict == "verify" then return verify(step, record.value) end
  if verdict == "ask" then
    if step.options.done then
      local reached, seen, value = ask(step, "done")
      if reached then return finish(step, "done", seen, value) end
    end
    local answer = doubt.decide(step)
    if answer == "skip" then return finish(step, "skipped") end
    if answer == "stop" then doubt.refuse(step) end
    return attempt_until_done(step, 1)
  end
  if record.reopened and not step.options.done and not record.changed then
    return finish(step, record.state, record.seen)
  end
  return run_from_start(step)
end

local function check_time(path)
  if run.until_at and native.now() >= run.until_at then
    raw_error(native.new_stop("deadline.exceeded", "--until " .. run.options["until"]
      .. ' was reached before the step "' .. path .. '" began; it and what follows was not begun'), 0)
  end
end

local function begin(step, record)
  if frames.settling() then frames.unwind(step.path) end
  check_time(step.path)
  native.append("step", { path = step.path, at = native.position() })
  local ok, result
  if record then
    ok, result = raw_pcall(take_on, step, record)
  else
    ok, result = raw_pcall(run_from_start, step)
  end
  if ok then return result end
  if native.step_state(step.path).state ~= "failed" then fail_step(step, result) end
  raw_error(result, 0)
end

local function check_place(path)
  frames.refuse_where_looking("the step", path)
  local inside = native.step_path()
  if not inside then return end
  fail("procedure.step_in_step", 'the step "' .. path .. '" is inside the `run` of the step "' .. inside
    .. '"; a step is the unit a resume repeats, so it holds no other. Put one after the other')
end

function steps.step(name, options)
  local path = frames.path(options.key or name)
  check_place(path)
  frames.claim("step", path)
  if run.mode == "plan" then return native.internal("procedure/step_plan")(path, options) end
  local record = native.step_state(path)
  local step = { path = path, options = options,
    s = { attempt = record and record.attempts or 0, in_doubt = false, began = record and record.began or nil } }
  if options.undo then run.undos[path] = step end
  -- To put back, what a clean-up reopened counts as done: its undo is registered, and so are those after it.
  local passed = record and (record.settled or record.finished and frames.settling())
  if passed then return new_result(path, record.changed, record.seen, record.value) end
  return begin(step, record)
end

return steps
