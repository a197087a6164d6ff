-- What `ssh` has beside its C++ part: editing a file, and many hosts at once.
local native = ...

local declare = native.internal("declare")
local edit = native.internal("edit")
local fan_out = native.internal("fan_out")
local inventory_host = native.internal("inventory_host")

local hidden = native.hidden("ssh")

-- A resume asks here what became of commands that were cut off.
native.internal("procedure/tracked").keepers.ssh = {
  ask = function(note, timeout) return hidden.ask_tracked(note, { timeout = timeout }) end,
  forget = function(note) hidden.forget_tracked(note) end,
  notes_first = { ["Host:run"] = true, ["Host:start_job"] = true },
}

local module = declare.module("ssh", "Commands, files and ports of other machines")

module.record("EditOptions", "How to edit a file", {
  { "backup", "string", "keep the old content beside it, as private as it is, under this ending: \".bak\"" },
  { "sensitive", "boolean", "what differs is kept out of plan, log and result", default = false },
})
module.record("EditResult", "What an edit did", {
  { "changed", "boolean", "false: it was as wanted already, nothing was written", required = true },
  { "diff", "string", "what differs, as `diff -u` writes it; nil where nothing does, or it is sensitive" },
})
module.record("HostsOptions", "How many hosts are worked on", {
  { "parallel", "integer", "how many at once", default = 50 },
  { "on_error", '"stop"|"collect"',
    "stop: the first error ends the fan-out and is raised; collect: go on, look at .failed", default = "collect" },
})

module.method("Host", { "edit",
  params = {
    { "path", "string", "the file" },
    { "change", "function", "called as change(text), returns the new text" },
    { "options", "EditOptions?", "keep a backup or not" },
  },
  returns = "EditResult",
  effect = "change",
  waits = true,
  raises = { "ssh.not_found", "ssh.permission", "ssh.wrong_type", "ssh.no_space", "ssh.file", "ssh.lost" },
  doc = "Change a file's text by a function; written only where it differs",
  run = function(host, path, change, options)
    -- `edit` calls functions of a module, these are methods.
    local files = {
      read_file = function(name) return host:read_file(name) end,
      write_file = function(name, text, how) host:write_file(name, text, how) end,
      stat = function(name) return host:stat(name) end,
    }
    return edit(files, path, change, options)
  end,
})

module.exports.connect = inventory_host.ssh(module.exports.connect)
module.exports.host_keys = inventory_host.host_keys(module.exports.host_keys)

local Hosts = {}
Hosts.__index = Hosts

--- Calls fn(host, name) for every host at once; one result a host, in order, as ops.each gives them.
function Hosts:each(fn)
  return fan_out.each(self.names, self.options, function(name)
    return fn(self.by_name[name], name)
  end)
end

for _, verb in ipairs { "read", "run", "put", "get", "read_file", "write_file", "edit", "alive" } do
  Hosts[verb] = function(self, ...)
    local arguments, count = { ... }, select("#", ...)
    return self:each(function(host)
      return host[verb](host, unpack(arguments, 1, count))
    end)
  end
end

function Hosts:close()
  for _, host in pairs(self.by_name) do host:close() end
end

module.fn { "folded",
  params = { { "results", "any", "what a fan-out over hosts returned" } },
  returns = "string",
  returns_doc = "each different output once, under the hosts that gave it",
  doc = "Show the outputs of many hosts, identical ones once: what tostring(results) and print show, too",
  run = fan_out.folded,
}

module.fn { "hosts",
  params = {
    { "list", "any[]", "names, hosts of an inventory, or what ssh.connect takes" },
    { "options", "HostsOptions?", "how many at once" },
  },
  returns = "any",
  returns_doc = "has read, run, put, get, read_file, write_file, edit and alive as a host has them, each giving one "
    .. "result a host as ops.each does; each(fn) calls fn(host, name); close()",
  doc = "Many hosts as one",
  run = function(list, options)
    local hosts = { names = {}, by_name = {}, options = options }
    for i, entry in ipairs(list) do
      local settings = type(entry) == "table" and entry or { host = entry }
      local name = inventory_host.is_host(entry) and entry.name or settings.host
      if hosts.by_name[name] then name = name .. "#" .. i end
      hosts.names[i] = name
      hosts.by_name[name] = module.exports.connect(settings)
    end
    return setmetatable(hosts, Hosts)
  end,
}

return module.seal()
