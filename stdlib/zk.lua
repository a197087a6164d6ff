-- What `zk` has beside its C++ part: what calls functions of the script, and the health of an ensemble.
local native = ...

local declare = native.internal("declare")
local ensemble = native.internal("zk/ensemble")
local locking = native.internal("zk/locking")

local hidden = native.hidden("zk")
local raw_error = error

local module = declare.module("zk", "ZooKeeper: nodes, watches, locks, the health of an ensemble")

module.exports.connect = native.internal("inventory_host").zk(module.exports.connect)

-- Walks ---------------------------------------------------------------------------------------------------------------

module.record("WalkOptions", "How to walk", {
  { "prune", "function",
    "called as prune(node) for each node met; true: what is below it is left out" },
  { "data", "boolean", "read each node's data too", default = false },
  { "timeout", "duration", "how long each step may take", default = "60s" },
})

module.method("Client", { "walk",
  params = { { "path", "string", "the node to begin at" }, { "options", "WalkOptions?", "how" } },
  returns = "function",
  returns_doc = "an iterator of nodes: path, depth (0 for the first), stat, data where asked for",
  waits = true,
  raises = { "zk.not_found", "zk.no_auth", "zk.unreachable", "zk.session_expired", "zk.auth_failed" },
  doc = "Visit a node and all below it, depth first, children by name; in constant memory, many requests at once",
  run = function(self, path, options)
    local walk = hidden.walk_begin(self, path, options.data)
    local prune, step = options.prune, { timeout = options.timeout }
    return function()
      local node = hidden.walk_next(walk, step)
      if node and prune and prune(node) then hidden.walk_prune(walk) end
      return node
    end
  end,
})

-- Waiting for a node --------------------------------------------------------------------------------------------------

module.record("WaitNodeOptions", "How to wait for a node", {
  { "timeout", "duration", "how long before wait.timeout is raised", default = "60s" },
  { "every", "duration", "the function is asked anew after this time too, where nothing changed", default = "10s" },
})

local function describe_node(change)
  if not change then return "nothing" end
  if not change.exists then return change.path .. " does not exist" end
  return change.path .. " has version " .. change.stat.version .. " and data " .. native.describe(change.data)
end

local function wait_timeout(path, options, seen)
  raw_error(native.new_error("wait.timeout", "waited " .. native.duration_text(options.timeout) .. " for "
    .. path .. "; last seen: " .. describe_node(seen), { detail = { seen = seen } }), 0)
end

--- nil where nothing changed in that time.
local function next_change(changes, time)
  local ok, change = native.pcall(hidden.follow_next, changes, { timeout = time })
  if ok then return change end
  if not native.is_error(change) or change.code ~= "zk.timeout" then raw_error(change, 0) end
end

local function node_of(change)
  if not change.exists then return nil end
  return { path = change.path, data = change.data, stat = change.stat }
end

module.method("Client", { "wait_node",
  params = {
    { "path", "string", "the node" },
    { "reached", "function", "called as reached(node), node being nil where there is none; true ends the wait" },
    { "options", "WaitNodeOptions?", "how long" },
  },
  returns = "any",
  returns_doc = "the node: path, data, stat; nil where its absence was awaited",
  waits = true,
  raises = { "wait.timeout", "wait.not_boolean", "zk.no_auth", "zk.unreachable", "zk.session_expired" },
  doc = "Wait until a node is as a function wants it; the function is asked at the beginning and after each change",
  run = function(self, path, reached, options)
    local give_up = native.now() + options.timeout
    local changes = hidden.follow(self, path)
    local seen
    while true do
      local left = give_up - native.now()
      if left <= 0 then wait_timeout(path, options, seen) end
      seen = next_change(changes, math.min(left, options.every)) or seen
      local node = seen and node_of(seen)
      local done = seen and reached(node)
      if seen and type(done) ~= "boolean" then
        raw_error(native.new_error("wait.not_boolean", "the function given to wait_node returned " .. type(done)
          .. ", not a boolean (a missing return?)"), 0)
      end
      if done then return node end
    end
  end,
})

-- Locks ---------------------------------------------------------------------------------------------------------------

module.error("zk.lock_busy", "a lock was not free in time",
  "the message names who is before us; wait longer, or ask them")
module.error("zk.lock_lost", "a lock was lost while it was held, or waited for",
  "what it protected was stopped where it stood; look at it before you go on")
module.error("zk.lock_left", "a lock could not be given back",
  "delete the node the message names, or wait until our session ends")

module.record("LockOptions", "How to take a lock", {
  { "timeout", "duration", "how long to wait until it is ours", default = "60s" },
  { "owner", "string", "what others see of us; user, host and process unless given" },
})

module.method("Client", { "lock",
  params = {
    { "path", "string", "the lock's node; made where it is missing" },
    { "options", "LockOptions?", "how long to wait, who we are" },
    { "fn", "function", "called as fn(lock) while we have it; lock.token is text that grows with every holder" },
  },
  returns = "any",
  returns_doc = "what fn returned",
  waits = true,
  raises = { "zk.lock_busy", "zk.lock_lost", "zk.lock_left", "zk.unreachable", "zk.session_expired" },
  doc = "Run a function while no other machine does; it stands still while no server answers, and is stopped when the "
    .. "lock is lost",
  run = function(self, path, options, fn)
    return locking.lock(hidden, self, path, options, fn)
  end,
})

-- The ensemble --------------------------------------------------------------------------------------------------------

module.record("EnsembleServer", "One server of an ensemble", {
  { "server", "string", "host and port", required = true },
  { "mode", '"leader"|"follower"|"observer"|"standalone"|"read-only"|"not_serving"|"unreachable"',
    "not_serving: it runs and has no quorum; unreachable: nothing answers there", required = true },
  { "ok", "boolean", "it said so when asked (ruok); nil where it is not let to" },
  { "version", "string", "of its software" },
  { "zxid", "string", "its last transaction" },
  { "connections", "integer", "clients connected to it" },
  { "outstanding", "integer", "requests it has not answered yet" },
  { "latency", "number", "average time to answer, in milliseconds" },
  { "nodes", "integer", "how many nodes it has" },
  { "followers", "integer", "of a leader: servers that follow it in step" },
  { "survives_loss", "boolean", "true: the others keep a quorum without this one", required = true },
  { "refused_words", "string[]", "what 4lw.commands.whitelist does not let us ask" },
  { "error", "string", "why nothing more is known of it" },
})
module.record("Ensemble", "The health of an ensemble", {
  { "servers", "EnsembleServer[]", "in the order they were named", required = true },
  { "leader", "string", "the server that leads; nil: none" },
  { "quorum", "boolean", "true: changes are possible", required = true },
  { "voters", "integer", "servers whose voice counts", required = true },
  { "serving", "integer", "how many of those serve", required = true },
  { "zxid_spread", "integer", "transactions between the most and the least advanced; nil where their epochs differ" },
})
module.record("EnsembleOptions", "How to look at an ensemble", {
  { "via", "Host", "an SSH connection to go through" },
  { "timeout", "duration", "how long each server may take", default = "10s" },
  { "connect_timeout", "duration", "how long each connection may take", default = "5s" },
})

module.fn { "ensemble",
  params = {
    { "hosts", "any", "its servers: \"zk1:2181,zk2:2181\" or a list" },
    { "options", "EnsembleOptions?", "how long to wait" },
  },
  returns = "Ensemble",
  waits = true,
  doc = "Ask every server how it is, all at once",
  run = function(hosts, options)
    return ensemble.look(hidden, module.exports, hosts, options)
  end,
}

module.fn { "ensemble_text",
  params = { { "ensemble", "Ensemble", "what zk.ensemble returned" } },
  returns = "string",
  doc = "Show an ensemble as a table",
  example = [[
local zk = require "zk"
print(zk.ensemble_text(zk.ensemble("127.0.0.1:1", { connect_timeout = "1s" })))]],
  run = ensemble.text,
}

return module.seal()
