-- ctx:group, ctx:each, ctx:rolling, ctx:call: where names get their path, and many things happen at once.
local native = ...

local run = native.internal("procedure/run")
local frames = native.internal("procedure/frame")
local fan_out = native.internal("fan_out")

local raw_pcall, raw_error = native.pcall, error

local group = {}

-- In settle mode what a fiber began and did not finish ends the fiber around it too.
local function unwind_with_items(frame)
  if frames.settling() and frame.unwound then frames.unwind(frame.path) end
end

local function run_group(fn, options)
  local frame = frames.current()
  local value
  local results = fan_out.group(function(spawner) value = fn(spawner) end, options)
  unwind_with_items(frame)
  if #results > 0 and type(value) == "nil" then return results end
  return value
end

function group.group(name, fn, options)
  local path = frames.path(name)
  local ok, value = raw_pcall(frames.within, name, run_group, nil, fn, options)
  if ok then return value end
  -- A plan that cannot know ends the group, and goes on after it.
  local unknown = run.mode == "plan" and native.is_stop(value) and value.code == "plan.unknown"
  if not unknown then raw_error(value, 0) end
  native.plan_unknown(path, value)
  return native.unknown('value of the group "' .. path .. '"')
end

local function tell_others(ok, ...)
  if ok then return ... end
  if not native.is_stop((...)) then fan_out.failing() end
  raw_error((...), 0)
end

local function in_frame(fn)
  local function body(item, index)
    return tell_others(raw_pcall(fn, item, index))
  end
  return function(item, index)
    return frames.within(fan_out.item_name(item), body, nil, item, index)
  end
end

function group.each(list, options, fn)
  local frame = frames.current()
  local results = fan_out.each(list, options, in_frame(fn))
  if #results.failed > 0 then frames.mark_incomplete(frame) end
  unwind_with_items(frame)
  return results
end

-- Batches of `serial`: a batch ends when all of it ended. Up to max_fail hosts may fail, all in all.
local function next_batch(hosts, from, size)
  local batch = {}
  for i = from, math.min(from + size - 1, #hosts) do batch[#batch + 1] = hosts[i] end
  return batch
end

local function refuse_option(name, expected, got)
  raw_error(native.new_error("usage.argument", 'Context:rolling: argument 2 "options.' .. name .. '": expected '
    .. expected .. ", got " .. native.describe(got)), 0)
end

-- A share of the hosts is rounded down, and is at least one of them.
local function batch_size(serial, count)
  if type(serial) == "number" and serial >= 1 and serial % 1 == 0 then return serial end
  local share = type(serial) == "string" and tonumber(serial:match("^(%d+)%%$"))
  if share and share >= 1 and share <= 100 then return math.max(1, math.floor(count * share / 100)) end
  refuse_option("serial", 'a number of hosts from 1 on, or from "1%" to "100%" of them', serial)
end

local function add_batch(all, batch)
  for i = 1, #batch do all[#all + 1] = batch[i] end
  for _, result in ipairs(batch.failed) do all.failed[#all.failed + 1] = result end
  for _, result in ipairs(batch.succeeded) do all.succeeded[#all.succeeded + 1] = result end
end

-- One failed host more than the budget ends the batch, as a group's first error does.
local function run_batch(batch, all, options, fn)
  local failed = #all.failed
  local guarded = in_frame(fn)
  local too_many
  local results = fan_out.each(batch, { parallel = #batch, on_error = "collect" }, function(host, index)
    if too_many then raw_error(native.new_stop("cancelled", "too many hosts failed before"), 0) end
    local ok, value = raw_pcall(guarded, host, index)
    if ok then return value end
    if not native.is_stop(value) then
      failed = failed + 1
      too_many = too_many or failed > options.max_fail
    end
    raw_error(value, 0)
  end)
  add_batch(all, results)
end

function group.rolling(hosts, options, fn)
  local frame = frames.current()
  local all = fan_out.new_results()
  local size = batch_size(options.serial, #hosts)
  if options.max_fail < 0 then refuse_option("max_fail", "at least 0", options.max_fail) end
  local from = 1
  while from <= #hosts do
    if run.mode ~= "plan" and from > 1 then native.append("log", { path = frame.path, text = "next batch, from "
      .. fan_out.item_name(hosts[from]) }) end
    run_batch(next_batch(hosts, from, size), all, options, fn)
    if #all.failed > options.max_fail then raw_error(fan_out.group_error(all), 0) end
    from = from + size
  end
  unwind_with_items(frame)
  if #all.failed > 0 then frames.mark_incomplete(frame) end
  -- Inside the budget the run goes on, and ends as failed with their names.
  for _, result in ipairs(all.failed) do
    run.tolerated = run.tolerated or {}
    run.tolerated[#run.tolerated + 1] = { item = fan_out.item_name(result.item), error = result.error }
  end
  return all
end

function group.call(name, params)
  local main = native.internal("procedure/main")
  local definition = main.definition_of(native.globals.require(name), name)
  native.check_callee_uses(definition.uses)
  local p = native.internal("procedure/params").from_table(definition, params)
  for _, target in ipairs(main.targets(definition, p)) do
    if run.mode ~= "plan" then native.lock_target(target) end
  end
  return frames.within(name, definition.run, { uses = definition.uses }, main.context,
    native.internal("procedure/params").strict(definition, p))
end

return group
