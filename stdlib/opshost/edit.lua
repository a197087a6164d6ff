-- `edit` of every binding that has files: read, change by a function, write where something changed.
local native = ...

local function not_text(value)
  error(native.new_error("usage.argument",
    "edit: the function returned " .. type(value) .. ", not the file's new text (a missing return?)"), 0)
end

-- Blanked before they are compared, since a diff's marks part what belongs together.
local function difference(before, after, path)
  local text = native.internal("diff").unified(native.redact(before), native.redact(after), path, path .. " (new)", 3)
  return text == "" and path .. ": only what is secret differs\n" or text
end

-- Where a place does not tell who owns a file (docker), or cannot give it away (ssh), the mode alone is taken over.
local function as_private_as(info)
  return { mode = info.mode, owner = info.owner, group = info.group }
end

--- files: something with read_file, write_file and stat.
return function(files, path, change, options)
  local before = files.read_file(path)
  local after = change(before)
  if type(after) ~= "string" then not_text(after) end
  if after == before then return { changed = false } end
  local diff = not options.sensitive and difference(before, after, path) or nil
  if options.backup then files.write_file(path .. options.backup, before, as_private_as(files.stat(path))) end
  files.write_file(path, after)
  if diff and native.is_plan() then
    native.plan_diff(diff)
  elseif diff then
    native.log("info", diff)
  end
  return { changed = true, diff = diff }
end
