-- What `ops.inventory` has beside its C++ part: files.
local native = ...

local declare = native.internal("declare")
local machine = native.globals.require("local")

local module = declare.module("ops.inventory", "Hosts and groups of a site, from YAML and INI files")

module.error("inventory.not_trusted", "anyone may write the inventory, so anyone could say where we connect",
  "chmod o-w the file")

module.record("LoadOptions", "How to read an inventory file", {
  { "format", '"auto"|"yaml"|"ini"', "\"auto\" goes by the file's ending, then by the first line", default = "auto" },
})

local function is_world_writable(mode)
  local others = tonumber(mode:sub(-1))
  return others % 4 >= 2
end

module.fn { "load",
  params = { { "path", "string", "the file" }, { "options", "LoadOptions?", "how it is written" } },
  returns = "Inventory",
  waits = true,
  timeout = "60s",
  touches = "this machine",
  raises = {
    "inventory.not_trusted", "inventory.syntax", "inventory.circle", "inventory.conflict", "inventory.duplicate_host",
    "inventory.unknown_host", "inventory.unknown_group", "inventory.value", "inventory.plain_secret", "data.syntax",
    "data.duplicate_key", "data.number", "data.limit", "local.not_found", "local.permission", "local.wrong_type",
    "local.system", "local.too_large",
  },
  doc = "Read an inventory file",
  run = function(path, options)
    if is_world_writable(machine.stat(path).mode) then
      error(native.new_error("inventory.not_trusted", "anyone may write " .. path
        .. ", so anyone could say where we connect; chmod o-w " .. path, { target = path }), 0)
    end
    return module.exports.parse(machine.read_file(path), { file = path, format = options.format })
  end,
}

return module.seal()
