-- Frames: the groups, items and calls a fiber is in. A frame gives names their path and runs its clean-ups at its end.
-- Which frame a fiber is in is kept by its scope in C++, so that the fibers it begins inherit it.
local native = ...

local run = native.internal("procedure/run")

local raw_pcall, raw_error = native.pcall, error

local frames = {}
local by_id, last_id = {}, 0

local function fail(code, message)
  raw_error(native.new_error(code, message), 0)
end
frames.fail = fail

--- The current frame; an error where no procedure runs.
function frames.current()
  local frame = by_id[native.frame()]
  if not frame then
    fail("procedure.outside", "this is for the inside of a procedure's `run`: no procedure is running in this fiber")
  end
  return frame
end

local function check_name(name)
  if type(name) ~= "string" then
    fail("usage.argument", "a name is a string, made of what stays the same from run to run; got " .. type(name))
  end
  if name == "" then fail("procedure.name", "a name must not be empty: it is how a resume finds what was done") end
  if name:find("^table: 0x") or name:find("^function: ") or name:find("^userdata: ") then
    fail("procedure.name", 'the name "' .. name
      .. '" is different in every run; give the item a field `name`, or the step a key')
  end
  if name:find("[%c]") or name:find("^clean%-up: ") or name:find("^undo: ") then
    fail("procedure.name", 'the name "' .. name:gsub("%c", "?")
      .. '" has characters or a beginning that names may not have; use plain words')
  end
end

--- Replay that only collects what to put back: of the whole run, or of a part whose outcome is recorded.
function frames.settling()
  return run.mode == "settle" or frames.current().settled
end

--- What failed in it runs again on resume: its regular end is yet to come, and that of the frames around it.
function frames.mark_incomplete(frame)
  while frame do
    frame.incomplete = true
    frame = frame.parent
  end
end

--- Where `name` is, seen from the current frame (or from the step around it). Raises for a name that cannot last. A
--- path is written down: no secret is in it.
function frames.path(name)
  check_name(name)
  name = native.redact(name)
  local prefix = native.step_path() or frames.current().path
  return prefix == "" and name or prefix .. "/" .. name
end

--- Nothing else of this kind may have the path in this run.
function frames.claim(kind, path)
  local key = kind .. ":" .. path
  if run.claimed[key] then
    fail("procedure.path_used", "two of this procedure's names lead to \"" .. path
      .. "\"; a resume could not tell them apart. Give one another name or key")
  end
  run.claimed[key] = true
end

--- Runs fn(...) with the scope changed by `change`.
function frames.scoped(change, fn, ...)
  native.push_scope(change)
  return (function(...)
    native.pop_scope()
    if not (...) then raw_error((select(2, ...)), 0) end
    return select(2, ...)
  end)(raw_pcall(fn, ...))
end

--- Runs `fn` for what only looks: a change in it is refused, and so is what would hold one.
function frames.reading(fn, ...)
  return frames.scoped({ step = false, looks = true }, fn, ...)
end

--- Raises where `what` ("the step") stands in a function that only looks: a plan runs that too, and a step time and
--- again.
function frames.refuse_where_looking(what, path)
  if not native.looks() then return end
  fail("procedure.step_in_look", what .. ' "' .. path .. '" is inside a function that only looks (of a fact, a '
    .. "precondition or a guard, or the `done` or `verify` of a step), which is called as often as it takes, and by "
    .. "plans. Put it beside that")
end

local function check_visited(frame)
  local missing = native.unvisited(frame.path)
  if #missing == 0 then return end
  fail("procedure.unvisited", 'the step "' .. missing[1]
    .. '" has been done, but this time the procedure did not come by it'
    .. (#missing > 1 and " (nor by " .. #missing - 1 .. " more)" or "")
    .. "; what decides the road must be a fact. Correct the script, then resume")
end

-- The end of a frame whose body returned or raised: its clean-ups run either way.
local function finish(frame, ok, ...)
  local failure = not ok and (...) or nil
  if ok and run.mode == "run" and run.resuming and not frame.settled then
    local fine, problem = raw_pcall(check_visited, frame)
    if not fine then ok, failure = false, problem end
  end
  if frame.cleanups and run.mode ~= "plan" then
    -- From here on the clean-ups are the group's regular end and reopen nothing.
    if ok and not frame.incomplete and not native.group_ended(frame.path) then
      native.record("group", { path = frame.path }, true)
    end
    native.internal("procedure/cleanup").run_all(frame)
  end
  if not ok and frame.parent and native.is_stop(failure) and failure.code == "procedure.settle" then
    frame.parent.unwound = true
  end
  native.pop_scope()
  by_id[frame.id] = nil
  if not ok then raw_error(failure, 0) end
  return ...
end

--- Runs `body` in a frame of its own. `scope`: what it changes beside the frame.
function frames.within(segment, body, scope, ...)
  local parent = frames.current()
  if native.step_path() then
    fail("procedure.step_in_step", 'the step "' .. native.step_path()
      .. '" holds a group; a step is one unit, so groups hold steps. For many things at once in a step use ops.each')
  end
  local path = frames.path(segment)
  frames.claim("group", path)
  last_id = last_id + 1
  scope = scope or {}
  local frame = { id = last_id, path = path, parent = parent, settled = parent.settled or scope.settled }
  by_id[frame.id] = frame
  scope.frame = frame.id
  native.push_scope(scope)
  return finish(frame, raw_pcall(body, ...))
end

--- The frame of the run itself.
function frames.root(uses, body, ...)
  last_id = last_id + 1
  local frame = { id = last_id, path = "" }
  by_id[frame.id] = frame
  native.push_scope { frame = frame.id, uses = uses }
  return finish(frame, raw_pcall(body, ...))
end

--- Ends the current fiber where replay has come to what was not done.
function frames.unwind(path)
  raw_error(native.new_stop("procedure.settle", '"' .. path .. '" was not done'), 0)
end

return frames
