-- Containers as operators speak of them: the one that is meant, whether it is well, many of them in order.
local native = ...

local declare = native.internal("declare")
local fan_out = native.internal("fan_out")
local waiting = native.internal("waiting")

local module = declare.module("ops.container", "Find one container, ask its probe, start and stop many in order", {
  doc = [[
Works with whatever lists containers: an engine of `docker.connect`, or several seen as one by `docker.cluster`.]],
})

module.error("container.not_found", "no container fits", "look at the names the message lists")
module.error("container.ambiguous", "several containers fit where one is meant", "say more exactly which")
module.error("container.no_probe", "the container has no label with a probe", "give it one, or name the label it has")

module.record("Which", "The container that is meant; all that is given has to fit", {
  { "name", "string", "its name" },
  { "pattern", "string", "a Lua pattern its name has to match: \"^mysql%-\"" },
  { "ip", "string", "an address it has in one of its networks, IPv4 or IPv6; a fixed one also while it does not run" },
  { "label", "string", "a label it has: \"role\" or \"role=broker\"" },
  { "timeout", "duration", "how long to wait for the list", default = "60s" },
})
module.record("ProbeOptions", "How to ask a probe", {
  { "label", "string", "the label that holds the probe's shell line", default = "opshost.probe" },
  { "timeout", "duration", "how long the probe may take", default = "30s" },
})
module.record("ProbeResult", "What a probe said", {
  { "healthy", "boolean", "its exit code was 0", required = true },
  { "exit_code", "integer", "its exit code", required = true },
  { "seen", "string", "what it wrote", required = true },
})
module.record("ManyOptions", "How to start or stop many", {
  { "parallel", "integer", "how many at once; 1 keeps their order", default = 1 },
  { "grace", "duration", "of a stop: time to exit before SIGKILL", default = "10s" },
  { "timeout", "duration", "how long all of it may take", default = "10m" },
})

local function has_label(summary, label)
  local name, value = label:match("^([^=]+)=(.*)$")
  if name then return summary.labels[name] == value end
  return summary.labels[label] ~= nil
end

-- Engines write the letters of IPv6 addresses small.
local function has_address(summary, ip)
  for _, address in ipairs(summary.all_addresses) do
    if address == ip:lower() then return true end
  end
  return false
end

local function fits(summary, which)
  if which.name and summary.name ~= which.name then return false end
  if which.pattern and not summary.name:find(which.pattern) then return false end
  if which.ip and not has_address(summary, which.ip) then return false end
  return not which.label or has_label(summary, which.label)
end

local function described(which)
  local parts = {}
  for _, key in ipairs({ "name", "pattern", "ip", "label" }) do
    if which[key] then parts[#parts + 1] = key .. " " .. native.describe(which[key]) end
  end
  return table.concat(parts, ", ")
end

local MOST_NAMED = 20

-- Of a cluster with the host: the names alone may all be one.
local function names_of(summaries)
  local names = {}
  for i, summary in ipairs(summaries) do
    if i > MOST_NAMED then
      names[#names + 1] = "and " .. (#summaries - MOST_NAMED) .. " more"
      break
    end
    names[#names + 1] = summary.host and summary.host .. "/" .. summary.name or summary.name
  end
  if #names == 0 then return "there are none" end
  return table.concat(names, ", ")
end

local function raise(code, message)
  error(native.new_error(code, message), 0)
end

module.fn { "find",
  params = {
    { "source", "any", "an engine, or a cluster" },
    { "which", "Which", "which one" },
  },
  returns = "any",
  returns_doc = "the container",
  waits = true,
  raises = { "container.not_found", "container.ambiguous" },
  doc = "Find the one container that fits; none or several are an error that lists them",
  run = function(source, which)
    local wanted = described(which)
    if wanted == "" then raise("usage.argument", "ops.container.find: say which: name, pattern, ip or label") end
    local all = waiting.deadline(which.timeout, function() return source:containers() end)
    local found = {}
    for _, summary in ipairs(all) do
      if fits(summary, which) then found[#found + 1] = summary end
    end
    if #found == 0 then raise("container.not_found", "no container with " .. wanted .. "; there are: "
      .. names_of(all)) end
    if #found > 1 then raise("container.ambiguous", #found .. " containers with " .. wanted .. ": "
      .. names_of(found)) end
    return source:container(found[1].id)
  end,
}

module.fn { "probe",
  params = {
    { "container", "any", "the container" },
    { "options", "ProbeOptions?", "which label holds the probe" },
  },
  returns = "ProbeResult",
  waits = true,
  raises = { "container.no_probe", "docker.not_running", "docker.timeout" },
  doc = "Run the health probe that a container's label holds, inside of it",
  run = function(container, options)
    local labels = container:inspect().Config.Labels or {}
    local line = labels[options.label]
    if not line then
      raise("container.no_probe", "container " .. container:name() .. " has no label "
        .. native.describe(options.label))
    end
    local result = container:read({ "/bin/sh", "-c", line }, { accept = "any", timeout = options.timeout })
    local seen = (result.stdout .. result.stderr):gsub("%s+$", "")
    return { healthy = result.exit_code == 0, exit_code = result.exit_code, seen = seen }
  end,
}

local function each_of(containers, options, fn)
  return waiting.deadline(options.timeout, function()
    return fan_out.each(containers, { parallel = options.parallel, on_error = "stop" }, fn)
  end)
end

module.fn { "start",
  params = {
    { "containers", "any[]", "the containers, in the order to start them" },
    { "options", "ManyOptions?", "how many at once" },
  },
  returns = "any",
  returns_doc = "as of ops.each",
  effect = "change",
  repeatable = true,
  touches = "containers",
  waits = true,
  raises = { "group.failed", "deadline.exceeded" },
  doc = "Start containers in order; the first that fails ends it",
  run = function(containers, options)
    return each_of(containers, options, function(container) container:start() end)
  end,
}

module.fn { "stop",
  params = {
    { "containers", "any[]", "the containers, in the order to stop them" },
    { "options", "ManyOptions?", "how many at once, and how long each gets" },
  },
  returns = "any",
  returns_doc = "as of ops.each",
  effect = "change",
  repeatable = true,
  touches = "containers",
  waits = true,
  raises = { "group.failed", "deadline.exceeded" },
  doc = "Stop containers in order; the first that fails ends it",
  run = function(containers, options)
    return each_of(containers, options, function(container) container:stop({ grace = options.grace }) end)
  end,
}

return module.seal()
