-- Taking apart what commands print.
local native = ...

local declare = native.internal("declare")
local plain_text = native.internal("plain_text")
local module = declare.module("ops.text", "The text commands print: lines, fields, columns, differences", {
  doc = [[
For output that has no better form: ask a program for JSON where it has it (`data.from_json`).]],
  example = [[
local text = require "ops.text"
local rows = text.columns("NAME        STATE\nweb 1       Up 2 hours\ndb          Exited\n")
for _, row in ipairs(rows) do print(row.name, row.state) end]],
})

module.error("text.columns", "a table's header does not have the expected columns",
  "compare the header in the message with `names`")

module.record("FieldsOptions", "How to split a line", {
  { "separator", "string", "what stands between fields, as it is; unless given, any run of blanks" },
  { "most", "integer", "the last of so many fields keeps the rest of the line" },
})
module.record("ColumnsOptions", "How to read a table", {
  { "by", '"place"|"fields"',
    "place: a cell stands below its title (docker, kubectl); fields: cells are split at blanks, the last keeps the rest"
    .. " (ps, df)", default = "place" },
  { "names", "string[]", "the titles in order, as the header has them; unless given, the header is split at two blanks,"
    .. " or by fields at one" },
})
module.record("DiffOptions", "How to show a difference", {
  { "before_name", "string", "what the old text is called", default = "before" },
  { "after_name", "string", "what the new text is called", default = "after" },
  { "context", "integer", "lines shown around each change", default = 3 },
})

local function lines(text)
  local list = {}
  plain_text.each_line(text, function(line)
    list[#list + 1] = line:byte(-1) == 13 and line:sub(1, -2) or line
  end)
  return list
end

local function split_at_blanks(line, most)
  local list, from = {}, line:find("%S")
  while from do
    if most and #list + 1 >= most then
      list[#list + 1] = plain_text.trim_right(line:sub(from))
      break
    end
    local first, last = line:find("%s+", from)
    list[#list + 1] = line:sub(from, (first or 0) - 1)
    from = last and line:find("%S", last + 1)
  end
  return list
end

local function split_at(line, separator, most)
  local list, from = {}, 1
  while true do
    local first, last = line:find(separator, from, true)
    if not first or (most and #list + 1 >= most) then break end
    list[#list + 1] = line:sub(from, first - 1)
    from = last + 1
  end
  list[#list + 1] = line:sub(from)
  return list
end

module.fn { "lines",
  params = { { "text", "string", "what a command printed" } },
  returns = "string[]",
  returns_doc = "without their line breaks; an end without one is no line of its own",
  doc = "Split a text into its lines",
  run = lines,
}

module.fn { "trim",
  params = { { "text", "string", "any text" } },
  returns = "string",
  doc = "Take blanks and line breaks off both ends",
  run = plain_text.trim,
}

local function positive(value, what)
  if value and value < 1 then
    error(native.new_error("usage.argument",
      "argument 2 \"options." .. what .. "\": expected at least 1, got " .. value), 0)
  end
end

module.fn { "fields",
  params = { { "line", "string", "one line" }, { "options", "FieldsOptions?", "what separates them" } },
  returns = "string[]",
  doc = "Split a line into fields",
  example = [[
local text = require "ops.text"
print(text.fields("tcp   0  127.0.0.1:22")[3], text.fields("root:x:0:0", { separator = ":" })[4])]],
  run = function(line, options)
    positive(options.most, "most")
    if options.separator == "" then
      error(native.new_error("usage.argument", 'argument 2 "options.separator": an empty text separates nothing'), 0)
    end
    if options.separator then return split_at(line, options.separator, options.most) end
    return split_at_blanks(line, options.most)
  end,
}

-- "CONTAINER ID" -> container_id
local function field_name(title)
  return (title:lower():gsub("[^%w\128-\255]+", "_"):gsub("^_", ""):gsub("_$", ""))
end

local function header_error(header, problem)
  error(native.new_error("text.columns", "the header " .. native.describe(header) .. " " .. problem), 0)
end

-- Where a title stands in the header as words of its own: "NAME" is not in "NAMESPACE".
local function find_title(header, name, from)
  local first, last = header:find(name, from, true)
  while first do
    local begins_word = first == 1 or header:find("^%s", first - 1)
    if begins_word and not header:find("^%S", last + 1) then return first, last end
    first, last = header:find(name, first + 1, true)
  end
  return nil
end

local function named_titles(header, names)
  local titles, from = {}, 1
  for _, name in ipairs(names) do
    local first, last = find_title(header, name, from)
    if not first then header_error(header, "has no column " .. native.describe(name)) end
    titles[#titles + 1] = { name = name, first = first }
    from = last + 1
  end
  return titles
end

-- Two blanks separate titles, one may be within a title.
local function all_titles(header)
  local titles, from = {}, 1
  while true do
    local first = header:find("%S", from)
    if not first then return titles end
    local last = (header:find("%s%s", first) or #header + 1) - 1
    titles[#titles + 1] = { name = plain_text.trim_right(header:sub(first, last)), first = first }
    from = last + 1
  end
end

-- Titles, and at which columns of a terminal they begin; of a table whose first title has blanks before it, the first
-- cell begins with the line.
local function titles_by_place(header, names)
  local titles = names and named_titles(header, names) or all_titles(header)
  local offsets = {}
  for i, title in ipairs(titles) do offsets[i] = title.first end
  local columns = native.columns_of(header, offsets)
  local is_indented = columns[1] > 1 and not header:sub(1, offsets[1] - 1):find("%S")
  if is_indented then columns[1] = 1 end
  return { list = titles, columns = columns, is_indented = is_indented }
end

local function misplaced(line, title, problem)
  error(native.new_error("text.columns", "the line " .. native.describe(line) .. " does not stand below the titles: "
    .. problem .. " " .. native.describe(title) .. '; where numbers stand to the right, read it by = "fields"'), 0)
end

-- Columns of the terminal, not bytes: a cell with wide or accented characters still ends below its title's end.
local function cells_by_place(line, titles)
  local record = {}
  local cells, reaches_into = native.cells_at(line, titles.columns)
  if reaches_into then misplaced(line, titles.list[reaches_into].name, "text reaches into the column") end
  for i, title in ipairs(titles.list) do
    local cell = plain_text.trim(cells[i])
    -- Of several words, it may be several titles; before an indented one, a column without a title.
    local may_be_several = i == 1 and titles.is_indented or title.name:find("%s")
    if may_be_several and cell:find("%s%s") then misplaced(line, title.name, "there are two cells below") end
    record[field_name(title.name)] = cell
  end
  return record
end

local function cells_by_field(line, titles)
  local cells, record = split_at_blanks(line, #titles), {}
  for i, title in ipairs(titles) do record[field_name(title)] = cells[i] or "" end
  return record
end

module.fn { "columns",
  params = { { "text", "string", "a table with a header line" }, { "options", "ColumnsOptions?", "how to read it" } },
  returns = "any[]",
  returns_doc = "a record a line; its fields are the titles in lower case, joined by _",
  raises = { "text.columns" },
  doc = "Read a table that a command printed",
  example = [[
local text = require "ops.text"
local rows = text.columns("  PID CMD\n    1 /sbin/init splash\n", { by = "fields" })
print(rows[1].pid, rows[1].cmd)]],
  run = function(text, options)
    local list = lines(text)
    local header = table.remove(list, 1)
    if not header or not header:find("%S") then header_error(header or "", "is empty") end
    local records = {}
    local by_place = options.by == "place"
    local titles = by_place and titles_by_place(header, options.names) or options.names or split_at_blanks(header)
    for _, line in ipairs(list) do
      if line:find("%S") then
        records[#records + 1] = by_place and cells_by_place(line, titles) or cells_by_field(line, titles)
      end
    end
    return records
  end,
}

module.fn { "diff",
  params = {
    { "before", "string", "the old text" },
    { "after", "string", "the new text" },
    { "options", "DiffOptions?", "names and context" },
  },
  returns = "string",
  returns_doc = "as `diff -u` writes it; empty where both are the same",
  doc = "Show what differs between two texts",
  example = [[
local text = require "ops.text"
print(text.diff("port = 1\n", "port = 2\n", { before_name = "a.cnf", after_name = "a.cnf (new)" }))]],
  run = function(before, after, options)
    if options.context < 0 then
      error(native.new_error("usage.argument", 'argument 3 "options.context": expected at least 0'), 0)
    end
    return native.internal("diff").unified(before, after, options.before_name, options.after_name, options.context)
  end,
}

return module.seal()
