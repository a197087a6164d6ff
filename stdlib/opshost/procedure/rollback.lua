-- Rolling back: the undo of every step that sent a change, latest first, each a journaled step of its own.
local native = ...

local run = native.internal("procedure/run")
local frames = native.internal("procedure/frame")
local steps = native.internal("procedure/step")
local doubt = native.internal("procedure/doubt")
local tracked = native.internal("procedure/tracked")

local raw_pcall, raw_error = native.pcall, error

local rollback = {}

local function undoable()
  local list = {}
  for path, step in pairs(run.undos) do
    local record = native.step_state(path)
    if record and record.changed then
      list[#list + 1] = { step = step, path = path, order = record.last_change, value = record.value }
    end
  end
  table.sort(list, function(one, other) return one.order > other.order end)
  return list
end

-- It was taken back where `done` turned false.
local function taken_back(undo)
  if not undo.options.done then return false end
  local reached = steps.ask(undo, "done")
  return not reached
end

local function finish(undo, state)
  native.record("end", { path = undo.path, state = state }, true)
end

local function act(undo, entry)
  native.append("attempt", { path = undo.path })
  frames.scoped({ step = { path = undo.path, repeatable = undo.options.repeatable, sensitive = undo.options.sensitive },
    unguarded = true }, undo.options.undo, entry.value, undo.s)
  native.record("acted", { path = undo.path }, true)
end

local function await(undo)
  if undo.options.done then steps.await(undo, "done", false, native.now() + undo.options.timeout) end
  finish(undo, "done")
end

local function undo_one(undo, entry, record)
  if record and record.verdict ~= "verify" then
    tracked.settle(undo, record.state == "begun")
    record = native.step_state(undo.path)
  end
  if record and record.verdict == "verify" then return await(undo) end
  if record and record.verdict == "ask" then
    if taken_back(undo) then return finish(undo, "done") end
    local answer = doubt.decide(undo)
    if answer == "skip" then return finish(undo, "skipped") end
    if answer == "stop" then doubt.refuse(undo) end
  end
  act(undo, entry)
  await(undo)
end

local function run_one(entry)
  local path = "undo: " .. entry.path
  local record = native.step_state(path)
  if record and record.finished then return end
  local undo = { path = path, options = entry.step.options, s = entry.step.s }
  native.append("step", { path = path })
  local ok, failure = raw_pcall(undo_one, undo, entry, record)
  if ok then return end
  if not native.is_stop(failure) then
    native.record("end", { path = path, state = "failed", error = native.to_error(failure) }, true)
  end
  raw_error(failure, 0)
end

--- In the frame of the run. An undo that fails ends it; a resume goes on with that one.
function rollback.run()
  if not native.rolling_back() then native.record("rollback", { state = "begun" }, true) end
  for _, entry in ipairs(undoable()) do run_one(entry) end
  native.record("rollback", { state = "done" }, true)
end

return rollback
