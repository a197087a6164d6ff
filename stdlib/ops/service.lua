-- Services of a machine, whatever manages them: systemd, or the scripts behind `service`.
local native = ...

local declare = native.internal("declare")
local waiting = native.internal("waiting")

local module = declare.module("ops.service", "Services of a machine: start, stop, restart, look, wait", {
  doc = [[
`place` is whatever runs commands: what `ssh.connect` returned, or the module `local`. A machine with systemd is asked
by systemctl, any other by service.]],
})

module.error("service.not_found", "the machine has no service of that name", "correct the name: systemctl list-units")
module.error("service.no_manager", "the machine has neither systemctl nor service", "use its own commands")

module.record("ServiceStatus", "How a service is", {
  { "state", '"running"|"stopped"|"failed"|"changing"', "what it does now", required = true },
  { "manager", '"systemd"|"service"', "who was asked", required = true },
  { "seen", "string", "its own word: \"active (running)\"", required = true },
})
module.record("ServiceOptions", "How to deal with a service", {
  { "as_user", "string", "user to become for it: \"root\"" },
  { "as_user_password", "secret", "what sudo asks for" },
  { "timeout", "duration", "how long we wait", default = "60s" },
})
module.record("ServiceWaitOptions", "How to wait for a service", {
  { "as_user", "string", "user to become for it: \"root\"" },
  { "as_user_password", "secret", "what sudo asks for" },
  { "timeout", "duration", "how long to wait", default = "60s" },
  { "every", "duration", "pause between looks", default = "1s" },
})

-- `local` is a module of functions, a host has methods.
local function call(place, verb, command, options, more)
  local how = { as_user = options.as_user, as_user_password = options.as_user_password, timeout = options.timeout }
  for name, value in pairs(more or {}) do how[name] = value end
  if type(place) == "table" then return place[verb](command, how) end
  return place[verb](place, command, how)
end

local function manager_of(place)
  local found = call(place, "read",
    { "sh", "-c", "if [ -d /run/systemd/system ]; then echo systemd; "
      .. "elif command -v service >/dev/null; then echo service; else echo none; fi" }, {}).stdout
  found = found:gsub("%s+$", "")
  if found == "none" then
    error(native.new_error("service.no_manager", "the machine has neither systemctl nor service"), 0)
  end
  return found
end

local function not_found(name)
  error(native.new_error("service.not_found", "the machine has no service " .. name), 0)
end

local kStates = { active = "running", reloading = "running", inactive = "stopped", failed = "failed",
  activating = "changing", deactivating = "changing" }

local function systemd_status(place, name, options)
  local command = { "systemctl", "show", "-p", "LoadState,ActiveState,SubState", "--", name }
  local shown = call(place, "read", command, options).stdout
  local active, sub = shown:match("ActiveState=(%S+)"), shown:match("SubState=(%S+)")
  if shown:match("LoadState=(%S+)") == "not-found" then not_found(name) end
  return { state = kStates[active] or "changing", manager = "systemd", seen = active .. " (" .. (sub or "") .. ")" }
end

local function script_status(place, name, options)
  -- It would be an option, and service knows no "--".
  if name:sub(1, 1) == "-" then not_found(name) end
  local result = call(place, "read", { "service", name, "status" }, options,
    { accept = "any", env = { LC_ALL = "C" } })
  local said = (result.stdout .. result.stderr):gsub("%s+$", "")
  -- LSB: 0 runs, 1 and 2 dead with a leftover, 3 stopped; service itself says "unrecognized service".
  if said:find("unrecognized service", 1, true) or said:find("does not exist", 1, true) then not_found(name) end
  local states = { [0] = "running", [1] = "failed", [2] = "failed" }
  return { state = states[result.exit_code] or "stopped", manager = "service", seen = said }
end

local function status(place, name, options)
  if manager_of(place) == "systemd" then return systemd_status(place, name, options) end
  return script_status(place, name, options)
end

local function act(verb)
  return function(place, name, options)
    local systemd = manager_of(place) == "systemd"
    -- Asked first: the error for a service that is not there depends on systemctl's version, and on the script.
    if systemd then systemd_status(place, name, options) else script_status(place, name, options) end
    local command = systemd and { "systemctl", verb, "--", name } or { "service", name, verb }
    call(place, "run", command, options, { repeatable = verb ~= "restart" })
    return status(place, name, options)
  end
end

local name_params = {
  { "place", "any", "what ssh.connect returned, or the module local" },
  { "name", "string", "of the service" },
  { "options", "ServiceOptions?", "who, how long" },
}

local function verb(name, doc)
  module.fn { name,
    params = name_params,
    returns = "ServiceStatus",
    effect = "change",
    repeatable = name ~= "restart",
    touches = "the machine",
    waits = true,
    raises = { "service.not_found", "service.no_manager" },
    doc = doc,
    run = act(name),
  }
end
verb("start", "Start a service, unless it runs")
verb("stop", "Stop a service, unless it is stopped")
verb("restart", "Stop and start a service")

module.fn { "status",
  params = name_params,
  returns = "ServiceStatus",
  waits = true,
  raises = { "service.not_found", "service.no_manager" },
  doc = "Tell how a service is",
  run = status,
}

local function wait_function(wanted)
  module.fn { "wait_" .. wanted,
    params = { name_params[1], name_params[2], { "options", "ServiceWaitOptions?", "how long, how often" } },
    returns = "ServiceStatus",
    waits = true,
    raises = { "service.not_found", "service.no_manager", "wait.timeout" },
    doc = "Wait until a service is " .. wanted,
    run = function(place, name, options)
      local seen
      waiting.wait_until(function()
        seen = status(place, name, { as_user = options.as_user, as_user_password = options.as_user_password })
        return seen.state == wanted, seen.seen
      end, { timeout = options.timeout, every = options.every, what = "service " .. name .. " " .. wanted })
      return seen
    end,
  }
end
wait_function("running")
wait_function("stopped")

return module.seal()
