-- What `ops.inventory` has beside its C++ part: files.
local native = ...

local declare = native.internal("declare")
local machine = native.globals.require("local")
local own_reads = native.internal("own_reads")

local module = declare.module("ops.inventory", "Hosts and groups of a site, from YAML and INI files")

module.error("inventory.not_chosen", "a script asks for the hosts of an inventory, and none was chosen",
  "run it with --inventory FILE")
module.error("inventory.not_trusted", "anyone may write the inventory, so anyone could say where we connect",
  "chmod o-w the file")

module.record("LoadOptions", "How to read an inventory file", {
  { "format", '"auto"|"yaml"|"ini"', "\"auto\" goes by the file's ending, then by the first line", default = "auto" },
})

local function is_world_writable(mode)
  local others = tonumber(mode:sub(-1))
  return others % 4 >= 2
end

local LOAD_RAISES = {
  "inventory.not_trusted", "inventory.syntax", "inventory.circle", "inventory.conflict", "inventory.duplicate_host",
  "inventory.unknown_host", "inventory.unknown_group", "inventory.value", "inventory.plain_secret", "data.syntax",
  "data.duplicate_key", "data.number", "data.limit", "local.not_found", "local.permission", "local.wrong_type",
  "local.system", "local.too_large",
}
local HOSTS_RAISES = { "inventory.not_chosen", "inventory.limit", unpack(LOAD_RAISES) }

local function read(path)
  if is_world_writable(machine.stat(path).mode) then
    error(native.new_error("inventory.not_trusted", "anyone may write " .. path
      .. ", so anyone could say where we connect; chmod o-w " .. path, { target = path }), 0)
  end
  return machine.read_file(path)
end

local function load(path, options)
  return module.exports.parse(own_reads(read, path), { file = path, format = options.format })
end

module.fn { "load",
  params = { { "path", "string", "the file" }, { "options", "LoadOptions?", "how it is written" } },
  returns = "Inventory",
  waits = true,
  timeout = "60s",
  touches = "this machine",
  raises = LOAD_RAISES,
  doc = "Read an inventory file",
  run = load,
}

module.fn { "hosts",
  params = {},
  returns = "any",
  returns_doc = "a list of InventoryHost",
  waits = true,
  timeout = "60s",
  touches = "this machine",
  raises = HOSTS_RAISES,
  doc = "The hosts of `--inventory FILE` that `--limit HOSTS` selects, all of them unless it is given. A procedure "
    .. "has them in its journal, so that a resume works on the same ones",
  run = function() return native.internal("chosen_inventory").hosts() end,
}

return module.seal()
