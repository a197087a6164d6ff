-- What `docker` has beside its C++ part.
local native = ...

local declare = native.internal("declare")
local edit = native.internal("edit")

local hidden = native.hidden("docker")

-- A resume asks here what became of programs that were cut off. The engine keeps nothing that had to be forgotten.
native.internal("procedure/tracked").keepers.docker = {
  ask = function(note, timeout) return hidden.ask_tracked(note, { timeout = timeout }) end,
  forget = function() end,
  notes_first = { ["Container:run"] = true },
}

local module = declare.module("docker", "Docker engines, their containers, images and networks")

module.exports.connect = native.internal("inventory_host").docker(module.exports.connect)

module.record("EditOptions", "How to edit a file in a container", {
  { "backup", "string", "keep the old content beside it, as private as it is, under this ending: \".bak\"" },
  { "sensitive", "boolean", "what differs is kept out of plan, log and result", default = false },
})
module.record("EditResult", "What an edit did", {
  { "changed", "boolean", "false: it was as wanted already, nothing was written", required = true },
  { "diff", "string", "what differs, as `diff -u` writes it; nil where nothing does, or it is sensitive" },
})

module.fn { "edit",
  params = {
    { "container", "Container", "the container" },
    { "path", "string", "the file in it" },
    { "change", "function", "called as change(text), returns the new text" },
    { "options", "EditOptions?", "keep a backup or not" },
  },
  returns = "EditResult",
  effect = "change",
  touches = "container",
  waits = true,
  raises = { "docker.not_found", "docker.wrong_type" },
  doc = "Change the text of a file in a container by a function; written only where it differs",
  run = function(container, path, change, options)
    local files = {
      read_file = function(file) return container:read_file(file) end,
      write_file = function(file, content, how) return container:write_file(file, content, how) end,
      stat = function(file) return container:stat(file) end,
    }
    return edit(files, path, change, options)
  end,
}

return module.seal()
