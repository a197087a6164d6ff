-- Parameters of a procedure: declared once, they are flags of `opshost run`, fields of `p`, and what `describe` shows.
local native = ...

local raw_error = error

local params = {}

-- kind -> the type its value is checked against
local TYPES = {
  host = "string", hosts = "string[]", string = "string", strings = "string[]", integer = "integer", number = "number",
  boolean = "boolean", duration = "duration", size = "size", choice = "string",
}

-- Options of the command line itself, which a parameter must not hide.
local RESERVED = { help = true, json = true, yes = true, answers = true, ["in_doubt"] = true, ["until"] = true,
  edited = true, inventory = true, limit = true }

local function fail(code, message)
  raw_error(native.new_error(code, message), 0)
end

local param_metatable = { __metatable = "param" }

--- param.host{doc=, default=, optional=}, and so on for every kind.
function params.new(kind, options)
  local param = { kind = kind, doc = options.doc, default = options.default, optional = options.optional,
    choices = options.choices }
  if kind == "choice" and (not param.choices or #param.choices == 0) then
    fail("procedure.definition", "param.choice needs `choices`, a list of strings")
  end
  return setmetatable(param, param_metatable)
end

function params.is_param(value)
  return type(value) == "table" and getmetatable(value) == "param"
end

function params.check_name(name)
  if type(name) ~= "string" or not name:find("^%l[%l%d_]*$") then
    fail("procedure.definition", "a parameter's name is lower-case words joined by _, got " .. native.describe(name))
  end
  if RESERVED[name] then
    fail("procedure.definition", 'a parameter must not be called "' .. name .. '": that is an option of opshost itself')
  end
end

function params.flag(name)
  return "--" .. name:gsub("_", "-")
end

function params.is_list(param)
  return TYPES[param.kind]:sub(-2) == "[]"
end

-- Names in order, so that messages and help are the same every time.
local function names_of(definition)
  local names = {}
  for name in pairs(definition.params) do names[#names + 1] = name end
  table.sort(names)
  return names
end
params.names = names_of

local function checked(param, value, what)
  local normal, problem = native.normalize(TYPES[param.kind], value)
  if normal == nil then fail("usage.parameter", what .. ": " .. problem) end
  if param.kind == "choice" then
    for _, choice in ipairs(param.choices) do
      if choice == normal then return normal end
    end
    fail("usage.parameter", what .. ': expected "' .. table.concat(param.choices, '" or "') .. '", got "' .. normal
      .. '"' .. native.nearest(normal, param.choices))
  end
  return normal
end

local function with_defaults(definition, given, how)
  local p = {}
  for _, name in ipairs(names_of(definition)) do
    local param = definition.params[name]
    local value = given[name]
    if value == nil and param.default ~= nil then value = checked(param, param.default, "default of " .. name) end
    if value == nil and not param.optional then
      fail("usage.parameter", how(name) .. " is missing" .. (param.doc and " (" .. param.doc .. ")" or ""))
    end
    p[name] = value
  end
  return p
end

local function text_to_value(param, text, flag)
  if param.kind == "integer" or param.kind == "number" then
    -- Parsed as JSON a long one keeps its digits.
    local number = text:find("^%-?[1-9]%d*$") and native.parse_json(text) or tonumber(text)
    if not number then fail("usage.parameter", flag .. ": expected " .. param.kind .. ', got "' .. text .. '"') end
    return number
  end
  -- Seconds and bytes may be numbers, which the command line has only as text.
  if (param.kind == "duration" or param.kind == "size") and text:find("^%d+%.?%d*$") then return tonumber(text) end
  if param.kind == "boolean" then
    if text == "true" or text == "yes" then return true end
    if text == "false" or text == "no" then return false end
    fail("usage.parameter", flag .. ': expected true or false, got "' .. text .. '"')
  end
  return text
end

--- For `run`: a name that is not declared is a mistake, and no parameter without a value.
function params.strict(definition, p)
  local strict = {}
  for name, value in pairs(p) do strict[name] = value end
  return setmetatable(strict, { __metatable = "params", __index = function(_, name)
    if definition.params[name] or type(name) ~= "string" then return nil end
    fail("usage.unknown_name", (definition.name or "the procedure") .. " declares no parameter "
      .. native.describe(name) .. native.nearest(tostring(name), names_of(definition)))
  end })
end

local function flags_of(definition)
  local flags, list = {}, {}
  for _, name in ipairs(names_of(definition)) do
    flags[params.flag(name)] = name
    list[#list + 1] = params.flag(name)
    if definition.params[name].kind == "boolean" then flags["--no-" .. params.flag(name):sub(3)] = name end
  end
  return flags, list
end

local function set(given, definition, name, text, flag)
  local param = definition.params[name]
  if params.is_list(param) then
    given[name] = given[name] or {}
    local before = #given[name]
    for part in text:gmatch("[^,]+") do given[name][#given[name] + 1] = part end
    -- None may be meant, but not of what is worked on.
    if #given[name] == before and (text ~= "" or param.kind == "hosts") then
      fail("usage.parameter", flag .. " names nothing: " .. native.describe(text))
    end
    return
  end
  if given[name] ~= nil then fail("usage.parameter", flag .. " is given twice") end
  given[name] = checked(param, text_to_value(param, text, flag), flag)
end

-- Parameters are in the journal for a resume, and on the command line for every user of the machine.
local function check_no_secret(name, value)
  local is_secret = native.is_secret_field(name, value)
  if not is_secret and not native.blanked_place({ [name] = value }) then return end
  fail("usage.parameter", params.flag(name) .. (is_secret and " is" or " holds")
    .. " a secret, and no secret is written down for a resume; say where it is (env:NAME, file:PATH, command:PROGRAM),"
    .. " and let the procedure take it from there: ops.secret.from(p." .. name .. ")")
end

--- True where --help or -h stands in the place of a flag, not of a value.
function params.asks_for_help(definition, words)
  local flags, i = flags_of(definition), 1
  while i <= #words do
    if words[i] == "--help" or words[i] == "-h" then return true end
    local name = flags[words[i]]
    i = i + (name and definition.params[name].kind ~= "boolean" and 2 or 1)
  end
  return false
end

--- The command line's words after the procedure's name.
function params.parse(definition, words)
  local flags, list = flags_of(definition)
  local given, i = {}, 1
  while i <= #words do
    local flag, text = words[i]:match("^(%-%-[^=]+)=(.*)$")
    flag = flag or words[i]
    local name = flags[flag]
    if not name then
      if flag:sub(1, 1) ~= "-" then
        fail("usage.parameter", "parameters are flags, got \"" .. flag .. '"; ' .. (#list > 0
          and "there are " .. table.concat(list, ", ") or "this procedure has none"))
      end
      fail("usage.parameter", 'there is no parameter "' .. flag .. '"' .. native.nearest(flag, list)
        .. (#list > 0 and "; there are " .. table.concat(list, ", ") or "; this procedure has none"))
    end
    if definition.params[name].kind == "boolean" and not text then
      text = flag:sub(1, 5) == "--no-" and params.flag(name) ~= flag and "false" or "true"
    elseif not text then
      i = i + 1
      text = words[i] or fail("usage.parameter", flag .. " needs a value")
    end
    set(given, definition, name, text, flag)
    i = i + 1
  end
  local p = with_defaults(definition, given, params.flag)
  for name, value in pairs(p) do check_no_secret(name, value) end
  return p
end

--- The table of a ctx:call.
function params.from_table(definition, given)
  local values = {}
  for name, value in pairs(given) do
    local param = definition.params[name]
    if not param then
      fail("usage.parameter", definition.name .. ' has no parameter "' .. tostring(name) .. '"'
        .. native.nearest(tostring(name), names_of(definition)))
    end
    if type(value) == "table" and value.name and param.kind == "host" then value = value.name end
    values[name] = checked(param, value, name)
  end
  return with_defaults(definition, values, function(name) return definition.name .. ': parameter "' .. name .. '"' end)
end

return params
