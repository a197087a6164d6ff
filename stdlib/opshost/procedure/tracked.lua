-- The tracked commands of a step that was cut off: whoever keeps their pid, output and exit code is asked what became
-- of them, so that a person is asked only where nobody can tell.
local native = ...

local frames = native.internal("procedure/frame")

local raw_pcall, raw_error = native.pcall, error

local tracked = {}

--- By module: { ask(note, timeout), forget(note), notes_first } of what it noted as "tracked".
---   ask          waits for the end of one that runs and returns { state, reason, result }, state being "never_began",
---                "running", "ended" or "unknown"; a job's end is not waited for. Raises `*.exit` or `*.signal` for an
---                end that was not accepted, `wait.timeout` for one that runs on
---   forget       its outcome is recorded
---   notes_first  the functions that note how they can be asked for, or that they cannot, before they send anything
tracked.keepers = {}

local function outcome(change, fields)
  fields.id = change.id
  native.record("outcome", fields)
end

local function not_sent(change, code, message)
  outcome(change, { error = native.new_error(code, message) })
end

local function stays_open(change, why)
  native.record("note", { id = change.id, key = "asked", value = why })
end

-- Its outcome is recorded; that nobody keeps it any longer is no matter of the step's.
local function forget(change)
  local ok, failure = raw_pcall(tracked.keepers[change.note.module].forget, change.note)
  if not ok and native.is_stop(failure) then raw_error(failure, 0) end
end

local function is_failed_command(code)
  return code:find("%.exit$") ~= nil or code:find("%.signal$") ~= nil
end

-- A job goes on under its name: the step runs again and finds it there.
local function take_job(change, answer)
  if answer.state == "running" or answer.state == "ended" then
    not_sent(change, "procedure.goes_on", "the job is there under its name, for the step to find")
  elseif answer.state == "never_began" and not change.answered then
    not_sent(change, "procedure.never_began", "the job never began")
  else
    stays_open(change, answer.reason or "nothing is kept of it any more")
  end
end

-- True: it was the step's last change, and it is done.
local function take_command(change, answer)
  if answer.state == "never_began" then
    not_sent(change, "procedure.never_began", "the command never began")
  elseif answer.state == "ended" then
    outcome(change, { result = answer.result })
    forget(change)
    return not change.repeatable
  else
    stays_open(change, answer.reason or "it is not known")
  end
  return false
end

-- What it raised is its end, or says why nobody can tell.
local function take_failure(change, failure)
  if native.is_stop(failure) then raw_error(failure, 0) end
  local object = native.to_error(failure)
  if object.code == "wait.timeout" then raw_error(failure, 0) end
  if not is_failed_command(object.code) then return stays_open(change, object.message) end
  outcome(change, { error = object })
  forget(change)
  if not change.repeatable then return failure end
end

local function keeper_of(change)
  for _, keeper in pairs(tracked.keepers) do
    if keeper.notes_first[change.called] then return keeper end
  end
  return nil
end

local function ask(change, step)
  local keeper = tracked.keepers[change.note.module]
  if not keeper then
    stays_open(change, "the script has not loaded " .. change.note.module .. ", which could ask")
    return false, nil
  end
  local ok, answer = raw_pcall(frames.reading, keeper.ask, change.note, step.options.timeout)
  if not ok then return false, take_failure(change, answer) end
  if change.note.kind == "job" then
    take_job(change, answer)
    return false, nil
  end
  return take_command(change, answer), nil
end

--- Asks for each that can be asked for, and waits for one that runs, within the step's time. Raises the failure of one
--- that ended otherwise than accepted, as the step's own run would have. True: what the step does is done, its goal is
--- still to be verified. `cut_off`: nothing is known of what came after the step's last change.
function tracked.settle(step, cut_off)
  local acted, failed = false, nil
  for _, change in ipairs(native.tracked_changes(step.path)) do
    local done, failure = false, nil
    if change.open then
      done, failure = ask(change, step)
    elseif change.note then
      done = cut_off and change.done and change.note.kind == "run" and not change.repeatable
    elseif not change.answered and not change.untracked and keeper_of(change) then
      not_sent(change, "procedure.never_began", "nothing was sent yet")
    end
    acted, failed = acted or done, failed or failure
  end
  if acted then native.record("acted", { path = step.path }) end
  if failed then raw_error(failed, 0) end
  return acted
end

return tracked
