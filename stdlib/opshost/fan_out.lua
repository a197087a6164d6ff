-- ops.each and ops.group: many fibers, one result. A group ends when its fibers have ended; its first error stops the
-- others (waits and observes at once, changes in flight end or meet their deadline) and names every item.
local native = ...

local raw_pcall, raw_error = native.pcall, error
local is_stop = native.is_stop

local fan_out = {}

--- How an item is called in messages.
local function item_name(item)
  if type(item) == "table" then
    return tostring(rawget(item, "name") or rawget(item, "host") or rawget(item, "id") or item)
  end
  return tostring(item)
end

fan_out.item_name = item_name

local function text_of(result)
  if result.skipped then return "skipped" end
  if not result.ok then return tostring(result.error and result.error.message or result.error) end
  local value = result.value
  if type(value) == "table" and value.stdout then return tostring(value.stdout) .. tostring(value.stderr or "") end
  local meta = type(value) == "table" and getmetatable(value)
  if meta == nil or meta == "list" or meta == "params" then return native.describe(value) end
  return tostring(value)
end

--- Each different output once, under the items that gave it.
function fan_out.folded(results)
  local order, items_of = {}, {}
  for _, result in ipairs(results) do
    local text = text_of(result)
    if not items_of[text] then
      items_of[text] = {}
      order[#order + 1] = text
    end
    table.insert(items_of[text], item_name(result.item))
  end
  local parts = {}
  for _, text in ipairs(order) do
    local items = items_of[text]
    parts[#parts + 1] = table.concat(items, ", ") .. " (" .. #items .. "):\n"
      .. text:gsub("\n$", ""):gsub("[^\n]+", "  %0") .. "\n"
  end
  return table.concat(parts)
end

local results_metatable = {
  __tostring = fan_out.folded,
  -- r[name]: the result of the item of that name.
  __index = function(results, name)
    for i = 1, #results do
      if results[i].item == name or item_name(results[i].item) == name then return results[i] end
    end
    return nil
  end,
}

function fan_out.is_results(value)
  return type(value) == "table" and getmetatable(value) == results_metatable
end

local function new_results()
  return setmetatable({ failed = {}, succeeded = {} }, results_metatable)
end

fan_out.new_results = new_results

local function count_of(number, noun)
  return number .. " " .. noun .. (number == 1 and "" or "s")
end

local function first_line(failure)
  return (failure.message or tostring(failure)):match("[^\n]*")
end

--- Why an item failed: a line, or of a fan-out in it the lines of its items, which is where the reason is.
local function reason_of(failure)
  return failure.code == "group.failed" and failure.message:gsub("\n", "\n  ") or first_line(failure)
end

local MOST_NAMED = 20

local function failure_lines(results)
  local lines = {}
  for i, result in ipairs(results.failed) do
    if i > MOST_NAMED then
      lines[#lines + 1] = "  and " .. (#results.failed - MOST_NAMED) .. " more"
      break
    end
    lines[#lines + 1] = "  " .. item_name(result.item) .. ": " .. reason_of(result.error)
  end
  return table.concat(lines, "\n")
end

local function skipped_of(results)
  local skipped = 0
  for i = 1, #results do
    if results[i].skipped then skipped = skipped + 1 end
  end
  return skipped
end

local function data_of(results)
  local items = {}
  for i = 1, #results do
    local result = results[i]
    items[i] = { item = item_name(result.item), ok = result.ok, skipped = result.skipped or false,
      error = result.error and reason_of(result.error) or nil, code = result.error and result.error.code or nil }
  end
  return items
end

--- The cause every failed item shares, so that the run's exit code can say it; nil where they differ.
local function common_cause(results)
  local first = results.failed[1].error
  for _, result in ipairs(results.failed) do
    if result.error.code ~= first.code then return nil end
  end
  return first
end

local function group_error(results)
  local skipped = skipped_of(results)
  local message = count_of(#results.failed, "item") .. " of " .. #results .. " failed"
    .. (skipped > 0 and ", " .. skipped .. " not begun or stopped" or "") .. ":\n" .. failure_lines(results)
  return native.new_error("group.failed", message, {
    detail = { items = data_of(results) },
    cause = common_cause(results),
    maybe_applied = false,
  })
end

fan_out.group_error = group_error

local function settle(results)
  for i = 1, #results do
    local result = results[i]
    if result.ok then
      results.succeeded[#results.succeeded + 1] = result
    elseif not result.skipped then
      results.failed[#results.failed + 1] = result
    end
  end
end

-- One state a fan-out: the group, its results, whether it is being stopped.
local function new_state(collect)
  return { group = native.group(), results = new_results(), collect = collect, stopping = false }
end

local function record(state, index, item, ok, value)
  local result = state.results[index]
  result.ok = ok
  if ok then
    result.value = value
  elseif is_stop(value) then
    -- Its own code did not fail: it was stopped. A plan's unknown ends the item only.
    result.skipped = true
    if value.code == "plan.unknown" then native.plan_unknown(item_name(item), value) end
    if value.code == "exit" then state.exit = value end
  else
    result.error = native.to_error(value)
  end
  local failed = not ok and (not result.skipped or state.exit)
  if failed and (not state.collect or state.exit) and not state.stopping then
    state.stopping = true
    native.stop(state.group)
  end
end

-- The fan-out that each fiber is an item of.
local states = {}

local function begin(state, item, fn, ...)
  local index = #state.results + 1
  state.results[index] = { item = item, ok = false }
  native.spawn(state.group, function(...)
    native.begins_at(fn)
    local fiber = native.fiber()
    states[fiber] = state
    record(state, index, item, raw_pcall(fn, ...))
    states[fiber] = nil
  end, ...)
end

--- The current item is bound to fail: the others stop now, not only when its clean-ups have run.
function fan_out.failing()
  local state = states[native.fiber()]
  if not state or state.collect or state.stopping then return end
  state.stopping = true
  native.stop(state.group)
end

-- native.join itself, told to stop, first stops the group's fibers and raises when they have ended.
local function finish(state)
  native.join(state.group, 0)
  if state.exit then raw_error(state.exit, 0) end
  settle(state.results)
  if #state.results.failed > 0 and not state.collect then raw_error(group_error(state.results), 0) end
  return state.results
end

function fan_out.each(list, options, fn)
  if options.parallel < 1 then
    raw_error(native.new_error("usage.argument",
      "ops.each: argument 2 \"options.parallel\": expected at least 1, got " .. options.parallel), 0)
  end
  local state = new_state(options.on_error == "collect")
  for i = 1, #list do
    if not state.stopping then native.join(state.group, options.parallel - 1) end
    if state.stopping then
      state.results[i] = { item = list[i], ok = false, skipped = true }
    else
      begin(state, list[i], fn, list[i], i)
    end
  end
  return finish(state)
end

-- The function given to ops.group is a fiber of the group too: an error of the others ends what it waits for.
local function run_body(state, fn, group)
  native.begins_at(fn)
  local ok, failure = raw_pcall(fn, group)
  if ok then return end
  if not state.stopping then
    state.stopping = true
    state.body_failure = failure
    native.stop(state.group)
  elseif not is_stop(failure) then
    state.results[#state.results + 1] = { item = "the function of the group", ok = false,
      error = native.to_error(failure) }
  end
end

function fan_out.group(fn, options)
  local state = new_state(options.on_error == "collect")
  local group = {}
  function group.spawn(_, child, ...)
    if state.ended then
      raw_error(native.new_error("usage.argument",
        "group:spawn: the group has ended; begin its fibers in the function given to ops.group"), 0)
    end
    if state.stopping then return end
    begin(state, "fiber " .. (#state.results + 1), child, ...)
  end
  native.spawn(state.group, run_body, state, fn, group)
  native.join(state.group, 0)
  state.ended = true
  if state.body_failure ~= nil and not state.exit then raw_error(state.body_failure, 0) end
  return finish(state)
end

return fan_out
