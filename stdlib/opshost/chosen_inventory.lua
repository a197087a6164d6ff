-- The hosts that --inventory and --limit choose. They are read once: whoever asks later gets the same ones.
local native = ...

local machine = native.globals.require("local")
local own_reads = native.internal("own_reads")

local chosen = {}

local known

local function selected(path, limit)
  local hosts = native.globals.require("ops.inventory").load(path):hosts(limit)
  if #hosts > 0 then return hosts end
  error(native.new_error("inventory.limit", limit
    and "the limit " .. native.describe(limit) .. " selects none of the hosts of " .. path
    or "the inventory " .. path .. " has no hosts", { target = path }), 0)
end

--- In a run those it began with, also where the inventory is another by now. Raises inventory.not_chosen.
function chosen.hosts()
  local recorded = native.recorded_hosts()
  if recorded then return recorded end
  local path, limit = native.chosen_inventory()
  if not path then
    error(native.new_error("inventory.not_chosen", "no inventory was chosen; run it with --inventory FILE"), 0)
  end
  if not known or known.path ~= path or known.limit ~= limit then
    known = { path = path, limit = limit, hosts = selected(path, limit) }
  end
  return known.hosts
end

--- For a run's first record: where its hosts are from, and the hosts. nil: no inventory was chosen.
function chosen.record()
  local path, limit = native.chosen_inventory()
  if not path then return nil end
  local hosts = chosen.hosts()
  return { file = native.absolute_path(path), limit = limit, sha256 = own_reads(machine.checksum, path) }, hosts
end

return chosen
