-- What `local` has beside its C++ part.
local native = ...

local declare = native.internal("declare")
local edit = native.internal("edit")

local module = declare.module("local", "Processes and files of this machine")

module.record("EditOptions", "How to edit a file", {
  { "backup", "string", "keep the old content beside it, as private as it is, under this ending: \".bak\"" },
  { "sensitive", "boolean", "what differs is kept out of plan, log and result", default = false },
})
module.record("EditResult", "What an edit did", {
  { "changed", "boolean", "false: it was as wanted already, nothing was written", required = true },
  { "diff", "string", "what differs, as `diff -u` writes it; nil where nothing does, or it is sensitive" },
})

module.fn { "edit",
  params = {
    { "path", "string", "the file" },
    { "change", "function", "called as change(text), returns the new text" },
    { "options", "EditOptions?", "keep a backup or not" },
  },
  returns = "EditResult",
  effect = "change",
  touches = "this machine",
  waits = true,
  raises = {
    "local.not_found", "local.permission", "local.wrong_type", "local.read_only", "local.no_space", "local.system",
  },
  doc = "Change a file's text by a function; written only where it differs",
  example = [[
local machine = require "local"
local path = machine.temp({ type = "file" })
machine.write_file(path, "port = 1\n")
machine.edit(path, function(text) return (text:gsub("port = %d+", "port = 2")) end)
print(machine.read_file(path))]],
  run = function(path, change, options)
    return edit(module.exports, path, change, options)
  end,
}

return module.seal()
