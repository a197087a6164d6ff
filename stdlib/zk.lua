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
  raises = { "zk.not_found", "zk.no_auth", "zk.timeout", "zk.unreachable", "zk.session_expired", "zk.auth_failed",
    "zk.server" },
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

local function wait_timeout(path, options, seen, unasked)
  raw_error(native.new_error("wait.timeout", "waited " .. native.duration_text(options.timeout) .. " for "
    .. path .. "; last seen: " .. describe_node(seen)
    .. (unasked and ". Whether that is still so could not be asked: " .. unasked.message or ""),
    { detail = { seen = seen }, cause = unasked }), 0)
end

--- nil where nothing changed in that time; with the error where nobody could be asked.
local function next_change(changes, time)
  local ok, change = native.pcall(hidden.follow_next, changes, { timeout = time })
  if ok then return change end
  if not native.is_error(change) or change.code ~= "zk.timeout" then raw_error(change, 0) end
  return nil, not hidden.follow_fresh(changes) and change or nil
end

local function node_of(change)
  if not change.exists then return nil end
  return { path = change.path, data = change.data, stat = change.stat }
end

local function has_reached(reached, node)
  local done = reached(node)
  if type(done) == "boolean" then return done end
  raw_error(native.new_error("wait.not_boolean", "the function given to wait_node returned " .. type(done)
    .. ", not a boolean (a missing return?)"), 0)
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
  raises = { "wait.timeout", "wait.not_boolean", "zk.no_auth", "zk.unreachable", "zk.session_expired", "zk.auth_failed",
    "zk.server" },
  doc = "Wait until a node is as a function wants it; the function is asked at the beginning and after each change",
  run = function(self, path, reached, options)
    local give_up = native.now() + options.timeout
    local changes = hidden.follow(self, path)
    local seen, unasked
    while true do
      local left = give_up - native.now()
      if left <= 0 then wait_timeout(path, options, seen, unasked) end
      local change
      change, unasked = next_change(changes, math.min(left, options.every))
      seen = change or seen
      -- What nobody can vouch for does not end the wait.
      if not unasked and has_reached(reached, node_of(seen)) then return node_of(seen) end
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
  { "acl", "any", "who may do what with the lock's nodes: as `acl` of `create`, \"open\" unless given" },
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
  raises = { "zk.lock_busy", "zk.lock_lost", "zk.lock_left", "zk.timeout", "zk.not_found", "zk.no_auth",
    "zk.ephemeral_parent", "zk.invalid_acl", "zk.connection_lost", "zk.read_only", "zk.unreachable",
    "zk.session_expired", "zk.auth_failed", "zk.server" },
  doc = "Run a function while no other machine does; it stands still while no server answers, and is stopped when the "
    .. "lock is lost. Locks of other programs (kazoo, Curator) at the same node are not seen: give those a node of "
    .. "their own",
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
  { "survives_loss", "boolean", "true: the others keep a quorum without this one; nil: not known" },
  { "refused_words", "string[]", "what 4lw.commands.whitelist does not let us ask" },
  { "error", "string", "why nothing more is known of it, or why it does not count" },
})
module.record("Ensemble", "The health of an ensemble", {
  { "servers", "EnsembleServer[]", "in the order they were named", required = true },
  { "leader", "string", "the server that leads; nil: none of those that were asked" },
  { "quorum", "boolean", "true: changes are possible; nil: not known, since too few servers were asked or answered" },
  { "voters", "integer", "servers whose voice counts, by their configuration", required = true },
  { "asked", "integer", "how many of those were asked", required = true },
  { "serving", "integer", "how many of all serve: as was seen, or as the leader knows", required = true },
  { "problem", "string", "what keeps the rest from being said with certainty" },
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
