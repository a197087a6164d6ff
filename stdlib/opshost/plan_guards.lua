-- Lua's own functions where a plan's unknowns may reach them: what would take an unknown for some value, or call it a
-- bad argument, raises plan.unknown instead. Installed where a plan begins; a run pays nothing for it.
--
-- Out of reach, because LuaJIT asks nobody: an unknown as the key of a plain table, or as the limit of a numeric `for`.
local native = ...

local globals, libraries = native.globals, native.libraries
local raw_type, select, rawset, unpack = type, select, rawset, unpack
local raw_pcall, tostring, min = pcall, tostring, math.min

local function refuse(value)
  if raw_type(value) == "cdata" then native.stop_if_unknown(value) end
end

--- Of the arguments, the first `count`.
local function refuse_first(count, ...)
  for i = 1, min(count, select("#", ...)) do refuse((select(i, ...))) end
end

local ALL = math.huge

--- The frame of the guard is gone when the function runs: its errors name the script's line.
local function guard(owner, name, count)
  local raw = owner[name]
  rawset(owner, name, function(...)
    refuse_first(count, ...)
    return raw(...)
  end)
end

local function guard_each(owner, counts)
  for name, count in pairs(counts) do
    if owner[name] then guard(owner, name, count) end
  end
end

guard_each(globals, {
  getmetatable = 1, ipairs = 1, load = 1, loadstring = 1, next = ALL, pairs = 1, rawequal = ALL, rawget = ALL,
  rawset = 2, select = 1, setmetatable = ALL, tonumber = ALL, unpack = ALL,
})
guard_each(libraries.string, {
  byte = ALL, char = ALL, find = ALL, gmatch = ALL, len = ALL, lower = ALL, match = ALL, rep = ALL, reverse = ALL,
  sub = ALL, upper = ALL,
})
guard_each(libraries.table, {
  foreach = 1, foreachi = 1, getn = 1, maxn = 1, move = ALL, remove = ALL, sort = 1,
})
for _, library in ipairs { "bit", "math" } do
  for name, value in pairs(libraries[library]) do
    if raw_type(value) == "function" then guard(libraries[library], name, ALL) end
  end
end

-- Of what is unknown the type is known, but where it may be of several.
function globals.type(...)
  if raw_type((...)) == "cdata" then
    local known = native.type_of_unknown((...))
    if known then return known end
  end
  return raw_type(...)
end

local raw_insert = libraries.table.insert
libraries.table.insert = function(...)
  -- The last one is the value, which may be anything.
  refuse_first(select("#", ...) - 1, ...)
  return raw_insert(...)
end

--- As printing shows it.
local function shown(value)
  if raw_type(value) == "cdata" then return tostring(value) end
  return value
end

local raw_concat = libraries.table.concat
libraries.table.concat = function(list, ...)
  refuse(list)
  refuse_first(ALL, ...)
  local texts = {}
  for i, value in pairs(list) do texts[i] = shown(value) end
  return raw_concat(texts, ...)
end

-- `%s` prints an unknown; what needs its value cannot know it.
local raw_format = libraries.string.format
libraries.string.format = function(...)
  local arguments, count, unknown = { ... }, select("#", ...), nil
  refuse(arguments[1])
  for i = 2, count do
    if native.is_unknown(arguments[i]) then
      unknown = unknown or arguments[i]
      arguments[i] = tostring(arguments[i])
    end
  end
  if not unknown then return raw_format(...) end
  local ok, text = raw_pcall(raw_format, unpack(arguments, 1, count))
  if not ok then native.stop_if_unknown(unknown) end
  return text
end

--- What replaces a match is put into a text whose length then counts.
local function known_replacement(replacement)
  if raw_type(replacement) == "table" then
    return function(match)
      refuse(replacement[match])
      return replacement[match]
    end
  elseif raw_type(replacement) == "function" then
    return function(...)
      local text = replacement(...)
      refuse(text)
      return text
    end
  end
  return replacement
end

local raw_gsub = libraries.string.gsub
libraries.string.gsub = function(subject, pattern, replacement, ...)
  refuse_first(ALL, subject, pattern, replacement, ...)
  return raw_gsub(subject, pattern, known_replacement(replacement), ...)
end

local raw_time = libraries.os.time
libraries.os.time = function(...)
  local date = ...
  refuse(date)
  if raw_type(date) == "table" then
    for _, part in pairs(date) do refuse(part) end
  end
  return raw_time(...)
end
guard_each(libraries.os, { date = ALL, difftime = ALL, exit = ALL, getenv = ALL })

return {}
