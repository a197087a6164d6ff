-- ctx:cleanup: what is put back at the end of its group, whatever happened; owed until it succeeded.
local native = ...

local run = native.internal("procedure/run")
local frames = native.internal("procedure/frame")

local raw_pcall = native.pcall

local cleanup = {}

function cleanup.register(name, fn, options)
  local frame = frames.current()
  local path = frames.path(name)
  frames.refuse_where_looking("the clean-up", path)
  frames.claim("cleanup", path)
  if run.mode == "plan" then
    native.plan_remark(path, "clean-up at the end of its group; what it changes is not planned")
    return
  end
  local state = native.cleanup_state(path)
  -- It ran: for good where its group had ended; else the group goes on now, and it is owed anew.
  if state == "ran" and (native.group_ended(frame.path) or frames.settling()) then return end
  if state == nil and frames.settling() then frames.unwind(path) end
  if state == nil or state == "ran" then
    native.record("cleanup", { path = path, group = frame.path, state = "registered" })
  end
  frame.cleanups = frame.cleanups or {}
  frame.cleanups[#frame.cleanups + 1] = { path = path, fn = fn, timeout = options.timeout }
end

local function after_deadline(id, ok, failure)
  native.deadline_end()
  if not ok and native.is_stop(failure) and native.stop_scope(failure) == id then failure = native.as_error(failure) end
  return ok, failure
end

local function run_one(frame, entry)
  local step = "clean-up: " .. entry.path
  native.append("step", { path = step })
  native.append("attempt", { path = step })
  native.push_scope { step = { path = step, only_repeatable = true }, unguarded = true }
  local ok, failure = after_deadline(native.deadline_begin(entry.timeout), raw_pcall(entry.fn))
  native.pop_scope()
  local problem = not ok and native.to_error(failure) or nil
  native.append("end", { path = step, state = ok and "done" or "failed", error = problem })
  native.record("cleanup",
    { path = entry.path, group = frame.path, state = ok and "ran" or "failed", error = problem }, true)
  if not ok then run.failed_cleanup = run.failed_cleanup or { path = entry.path, error = problem } end
end

--- Latest first. A stop waits until they are done; one that fails is owed and holds up no other.
function cleanup.run_all(frame)
  native.shield()
  for i = #frame.cleanups, 1, -1 do
    local ok, failure = raw_pcall(run_one, frame, frame.cleanups[i])
    -- The journal itself failed: what is left is owed.
    if not ok then
      run.failed_cleanup = run.failed_cleanup or { path = frame.cleanups[i].path, error = native.to_error(failure) }
      break
    end
  end
  native.unshield()
end

return cleanup
