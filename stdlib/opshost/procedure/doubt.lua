-- A step of which something was sent that must not be sent twice, and whose goal does not tell: the operator decides.
local native = ...

local run = native.internal("procedure/run")

local raw_error = error

local doubt = {}

local function text(step, failure)
  return 'The step "' .. step.path .. '" did not come to its end, and what it sent may have been applied:\n'
    .. native.attempt_text(step.path)
    .. (failure and "  " .. tostring(failure) .. "\n" or "")
end

function doubt.refuse(step)
  raw_error(native.new_error("procedure.refused", 'the step "' .. step.path
    .. '" is in doubt, and the answer was to stop; look at what it changed, then resume'), 0)
end

--- "retry": run it again; "skip": take it as done; "stop".
function doubt.decide(step, failure)
  local answer = run.options.in_doubt
  local by = "--in-doubt"
  if not answer then
    if not native.has_terminal() then
      raw_error(native.new_error("answer.needed", text(step, failure)
        .. "Nobody is at a terminal to say what to do; look at it, then resume with --in-doubt=retry (send it again), "
        .. "--in-doubt=skip (take it as done) or --in-doubt=stop", { cause = failure }), 0)
    end
    answer = native.internal("procedure/question").choose_at_terminal(text(step, failure),
      { "retry", "skip", "stop" })
    by = "terminal"
  end
  native.record("decided", { path = step.path, answer = answer, by = by })
  return answer
end

return doubt
