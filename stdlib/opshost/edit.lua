-- `edit` of every binding that has files: read, change by a function, write where something changed.
local native = ...

local function not_text(value)
  error(native.new_error("usage.argument",
    "edit: the function returned " .. type(value) .. ", not the file's new text (a missing return?)"), 0)
end

-- A plan shows it where the change is planned; a run logs it.
local function show(difference)
  if native.is_plan() then native.write(difference) else native.log("info", difference) end
end

--- files: something with read_file and write_file.
return function(files, path, change, options)
  local before = files.read_file(path)
  local after = change(before)
  if type(after) ~= "string" then not_text(after) end
  if after == before then return { changed = false } end
  local difference
  if not options.sensitive then
    difference = native.internal("diff").unified(before, after, path, path .. " (new)", 3)
    show(difference)
  end
  if options.backup then files.write_file(path .. options.backup, before) end
  files.write_file(path, after)
  return { changed = true, diff = difference }
end
