-- ops.print: a table for a person, JSON for a program.
local native = ...

local fan_out = native.internal("fan_out")

local printer = {}

-- What a person looks for first; the rest follows by name.
local FIRST = { name = 1, id = 2, host = 3, item = 4 }

-- Lists and a procedure's parameters have metatables of opshost's own, and are shown as the tables they are.
local function is_object(value)
  local meta = getmetatable(value)
  return meta ~= nil and meta ~= "list" and meta ~= "params"
end

local function cell_text(value, field)
  if value == nil then return "" end
  if type(field) == "string" and native.is_secret_field(field, value) then return "***" end
  if value == native.null then return "-" end
  if type(value) == "string" then return value end
  if type(value) == "table" and is_object(value) then return tostring(value) end
  if type(value) == "table" then return native.describe(value) end
  return tostring(value)
end

-- A table with names, also beside a list's elements; a list and what is no plain table have none.
local function is_record(value)
  if type(value) ~= "table" or is_object(value) then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count > #value
end

local function is_list_of_records(value)
  if type(value) ~= "table" or #value == 0 then return false end
  for _, element in ipairs(value) do
    if not is_record(element) then return false end
  end
  return true
end

local function sorted_fields(known)
  local fields = {}
  for field in pairs(known) do fields[#fields + 1] = field end
  table.sort(fields, function(one, other)
    local first, second = FIRST[one] or 9, FIRST[other] or 9
    if first ~= second then return first < second end
    -- Names in front of what else a table may have for one.
    if type(one) == "string" and type(other) == "string" then return one < other end
    if type(one) == "string" or type(other) == "string" then return type(one) == "string" end
    return tostring(one) < tostring(other)
  end)
  return fields
end

local function fields_of(records)
  local known = {}
  for _, record in ipairs(records) do
    for field in pairs(record) do known[field] = true end
  end
  return sorted_fields(known)
end

local function table_of(records, columns)
  local rows = {}
  for i, record in ipairs(records) do
    rows[i] = {}
    for j, column in ipairs(columns) do rows[i][j] = cell_text(record[column], column) end
  end
  local titles = {}
  for i, column in ipairs(columns) do titles[i] = (tostring(column):upper():gsub("_", " ")) end
  return native.table_text(titles, rows)
end

-- "name  value" a line.
local function lines_of(record, columns)
  local rows = {}
  for i, column in ipairs(columns) do rows[i] = { tostring(column), cell_text(record[column], column) } end
  return (native.table_text({ "", "" }, rows):gsub("^[^\n]*\n", ""))
end

local function text_of(value, columns)
  if fan_out.is_results(value) and not columns then return tostring(value) end
  if is_list_of_records(value) then return table_of(value, columns or fields_of(value)) end
  if is_record(value) then return lines_of(value, columns or fields_of({ value })) end
  if type(value) == "table" and #value > 0 then
    local lines = {}
    for i, element in ipairs(value) do lines[i] = cell_text(element) .. "\n" end
    return table.concat(lines)
  end
  if type(value) == "table" and next(value) == nil then return "" end
  return tostring(value) .. "\n"
end

local as_data

local function table_as_data(value, around)
  if around[value] then return "<contains itself>" end
  around[value] = true
  local copy, has_names = {}, is_record(value)
  for key, element in pairs(value) do
    local name = has_names and tostring(key) or key
    copy[name] = has_names and native.is_secret_field(name, element) and "***" or as_data(element, around)
  end
  around[value] = nil
  return not has_names and getmetatable(value) == "list" and native.globals.require("data").list(copy) or copy
end

-- What JSON has no word for as a person would see it: a secret, a handle, a function, a table within itself.
function as_data(value, around)
  local kind = type(value)
  local is_opaque = kind == "userdata" and value ~= native.null or kind == "table" and is_object(value)
  if kind == "function" or kind == "thread" or is_opaque then return tostring(value) end
  if kind ~= "table" then return value end
  return table_as_data(value, around)
end

local function only(record, columns)
  if not columns or not is_record(record) then return record end
  local chosen = {}
  for _, column in ipairs(columns) do chosen[column] = record[column] end
  return chosen
end

local function chosen_fields(value, columns)
  if not is_list_of_records(value) then return only(value, columns) end
  local list = {}
  for i, record in ipairs(value) do list[i] = only(record, columns) end
  return list
end

function printer.print(value, options)
  if native.is_json_output() then
    native.write(native.globals.require("data").to_json(as_data(chosen_fields(value, options.columns), {})) .. "\n")
  else
    native.write(text_of(value, options.columns))
  end
end

return printer
