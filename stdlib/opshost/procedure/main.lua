-- From a procedure and a command line to its end: parameters, journal, the run itself, clean-ups, rollback.
local native = ...

local run = native.internal("procedure/run")
local frames = native.internal("procedure/frame")
local params = native.internal("procedure/params")

local raw_pcall, raw_error = native.pcall, error

local main = {}

-- procedure value -> its definition
local definitions = setmetatable({}, { __mode = "k" })

function main.keep(procedure, definition)
  definitions[procedure] = definition
end

--- The definition behind what a file returned; `name` is what it is called by from here on.
function main.definition_of(procedure, name)
  if not native.is_procedure(procedure) then
    frames.fail("usage.procedure", '"' .. tostring(name) .. '" is no procedure: its file returns '
      .. (procedure == true and "nothing" or type(procedure)) .. ", not procedure.define{...}")
  end
  local definition = definitions[procedure]
  definition.name = definition.name or name
  return definition
end

-- Hosts ---------------------------------------------------------------------------------------------------------------

local function only_observes(definition)
  for _, effect in pairs(definition.uses) do
    if effect ~= "observe" then return false end
  end
  return true
end

--- The hosts a run of it keeps to itself.
function main.targets(definition, p)
  local targets = {}
  if only_observes(definition) then return targets end
  for _, name in ipairs(params.names(definition)) do
    local kind = definition.params[name].kind
    if kind == "host" and p[name] then targets[#targets + 1] = p[name] end
    if kind == "hosts" then
      for _, host in ipairs(p[name] or {}) do targets[#targets + 1] = host end
    end
  end
  table.sort(targets)
  return targets
end

-- Running -------------------------------------------------------------------------------------------------------------

-- The run is done by then: a value that cannot be written down is left out, since nothing depends on it.
local function data_or_nil(value)
  if value == nil or native.blanked_place(value) then return nil end
  return native.plain_data(value)
end

-- The body, inside the deadline of --until where there is one.
local function body(definition, p)
  p = params.strict(definition, p)
  if not run.options["until"] then return definition.run(main.context, p) end
  local seconds = native.seconds_until(run.options["until"])
  if not seconds then
    frames.fail("usage.option", '--until takes a time of day ("05:00"), got "' .. run.options["until"] .. '"')
  end
  run.until_at = native.now() + seconds
  native.deadline_begin(seconds)
  local ok, value = raw_pcall(definition.run, main.context, p)
  native.deadline_end()
  if not ok then raw_error(value, 0) end
  return value
end

local function wants_rollback(definition, failure)
  if run.mode ~= "run" or native.is_stop(failure) then return false end
  if definition.on_failure == "rollback" then return true end
  if definition.on_failure ~= "ask" or not native.has_terminal() then return false end
  local answer = native.internal("procedure/question").choose_at_terminal(
    "The run failed: " .. tostring(failure) .. "\nStop here (it can be resumed), or take back what it did?",
    { "stop", "rollback" })
  return answer == "rollback"
end

local function roll_back(definition)
  run.mode = "rollback"
  native.push_scope { uses = definition.uses, step = false }
  local ok, failure = raw_pcall(frames.root, definition.uses, native.internal("procedure/rollback").run)
  native.pop_scope()
  if not ok then raw_error(failure, 0) end
end

local function tolerated_error()
  local lines = {}
  for _, failed in ipairs(run.tolerated) do
    local message = native.to_error(failed.error).message
    lines[#lines + 1] = "  " .. failed.item .. ": " .. message:gsub("\n", "\n  ")
  end
  local count = #lines == 1 and "1 host" or #lines .. " hosts"
  return native.new_error("procedure.tolerated", count .. " failed within what max_fail allows:\n"
    .. table.concat(lines, "\n") .. "\nThe others are done; a resume runs " .. (#lines == 1 and "it" or "these")
    .. " again")
end

local function after(definition, ok, value)
  if not ok and wants_rollback(definition, value) then
    roll_back(definition)
    raw_error(value, 0)
  end
  if not ok then raw_error(value, 0) end
  if run.tolerated then raw_error(tolerated_error(), 0) end
  return { state = "done", value = data_or_nil(value) }
end

local function settle(definition, p, rolls_back)
  run.mode = "settle"
  local ok, failure = raw_pcall(frames.root, definition.uses, body, definition, p)
  if not ok and not (native.is_stop(failure) and failure.code == "procedure.settle") then
    -- Code that fails while it is replayed has registered what it could; the report says so.
    run.replay_failure = native.to_error(failure)
  end
  if rolls_back then roll_back(definition) end
  if run.replay_failure and native.owed_count() > 0 then raw_error(failure, 0) end
  return { state = rolls_back and "rolled_back" or "settled" }
end

local function plan(definition, p)
  run.mode = "plan"
  local ok, value = raw_pcall(frames.root, definition.uses, body, definition, p)
  if not ok then raw_error(value, 0) end
  return { state = "planned" }
end

local function read_hooks()
  local ok, site = raw_pcall(native.globals.require, "site")
  if not ok then
    if native.is_error(site) and site.code == "script.no_module" then return {} end
    raw_error(site, 0)
  end
  return type(site) == "table" and site.hooks or {}
end

local function begin(definition, p, request)
  run.options = request.options or {}
  run.resuming = request.mode ~= "run"
  if run.options.answers then
    run.options.answers = native.parse_json(run.options.answers)
    if type(run.options.answers) ~= "table" then
      frames.fail("usage.option", '--answers takes a JSON file of {"path": answer}; this is none')
    end
  end
  run.hooks = read_hooks()
  if request.mode == "plan" then return end
  local fields, hosts = { mode = request.mode, edited = request.edited }, nil
  if request.mode == "run" then
    fields = { procedure = definition.name, uses = definition.uses, source = definition.source,
      script = request.script, on_failure = definition.on_failure, unsafe_lua = native.unsafe_lua or nil }
    if native.chosen_inventory() then fields.inventory, hosts = native.internal("chosen_inventory").record() end
  end
  native.begin_run(fields, main.targets(definition, p), request.mode == "run" and p or nil, hosts)
end

--- request: {mode = "run" | "plan" | "resume" | "cleanup" | "rollback" | "preflight" | "help", name =,
---   arguments = | params =, options =}; "help" only asks whether the arguments do.
function main.run(procedure, request)
  local definition = main.definition_of(procedure, request.name)
  if request.mode == "help" then return params.asks_for_help(definition, request.arguments) end
  local p = request.params or params.parse(definition, request.arguments or {})
  if native.chosen_inventory() then native.internal("chosen_inventory").hosts() end
  if request.mode == "preflight" then return native.internal("procedure/preflight")(definition, p) end
  begin(definition, p, request)
  if request.mode == "plan" then return plan(definition, p) end
  if request.mode == "cleanup" then return settle(definition, p, false) end
  if request.mode == "rollback" or native.rolling_back() then return settle(definition, p, true) end
  return after(definition, raw_pcall(frames.root, definition.uses, body, definition, p))
end

--- What `opshost describe` shows.
function main.describe(procedure, name)
  local definition = main.definition_of(procedure, name)
  local list = {}
  for _, param in ipairs(params.names(definition)) do
    local declared = definition.params[param]
    list[#list + 1] = { name = param, flag = params.flag(param), kind = declared.kind, doc = declared.doc,
      default = declared.default, choices = declared.choices,
      required = declared.default == nil and not declared.optional }
  end
  return { name = definition.name, summary = definition.summary, source = definition.source, uses = definition.uses,
    on_failure = definition.on_failure, params = list }
end

return main
