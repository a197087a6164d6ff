-- What a procedure's `run` is given, without a journal: steps, guards and preconditions as they are kept, in the order
-- they come, and a machine of made-up containers. Nothing waits: between two looks at a goal `tick` is called.
local fake = {}

local LOOKS = 20

local function stop(code, message) error({ code = code, message = message }, 0) end

local function await(name, look, tick)
  local reached, seen
  for _ = 1, LOOKS do
    reached, seen = look()
    if reached then return seen end
    tick()
  end
  stop("procedure.goal", ('the step "%s" waited; last seen: %s'):format(name, tostring(seen)))
end

--- A ctx. `said` gets "already X", "did X", "log X", "refused X"; `answers` are those to questions, by their name.
function fake.ctx(options)
  options = options or {}
  local ctx = { said = {}, answers = options.answers or {} }
  local tick = options.tick or function() end
  local function say(text) ctx.said[#ctx.said + 1] = text end
  local function check_name(name) if type(name) ~= "string" then error("a name is " .. type(name), 3) end end

  function ctx.step(_, name, step)
    check_name(name)
    local reached, seen = step.done()
    if reached then
      say("already " .. name)
      return { changed = false, seen = seen }
    end
    if ctx.before_change then ctx.before_change(name) end
    step.run()
    say("did " .. name)
    seen = await(name, step.done, tick)
    if step.verify then seen = await(name, step.verify, tick) end
    return { changed = true, seen = seen }
  end

  --- Asked before each change under it.
  function ctx.guard(_, name, holds, body)
    check_name(name)
    local outer = ctx.before_change
    ctx.before_change = function(change)
      local held, seen = holds()
      if held == true then return end
      stop("procedure.guard", ('the guard "%s" holds back %s; seen: %s'):format(name, change, seen))
    end
    local result = body()
    ctx.before_change = outer
    return result
  end

  function ctx.require(_, name, holds)
    check_name(name)
    local held, seen = holds()
    if held == true then return end
    stop("procedure.require", ('the precondition "%s" does not hold; seen: %s'):format(name, seen))
  end

  function ctx.refuse(_, text) stop("procedure.refused", text) end
  function ctx.log(_, text) say("log " .. text) end
  function ctx.fact(_, _, fn) return fn() end
  function ctx.group(_, _, fn) return fn() end
  function ctx.choose(_, name) return ctx.answers[name] or stop("answer.needed", name) end
  function ctx.confirm(_, name) return ctx.answers[name] or stop("answer.needed", name) end
  function ctx.each(_, list, _, fn)
    for _, item in ipairs(list) do fn(item) end
  end

  function ctx.manual(_, name, manual)
    if manual.done and manual.done() then return end
    say("asked " .. name .. ": " .. manual.text)
    if ctx.answers[name] ~= manual.answer then stop("answer.needed", name) end
    if manual.done then await(name, manual.done, tick) end
  end
  return ctx
end

--- A machine as ark.machine has it. `containers` is name -> {status, answers}, answers being results of commands by
--- their words; `did` gets what was changed: "start x", "exec x: myadm start". A container's `on_run(words)` is called
--- with each program that is run.
function fake.machine(options)
  local machine = {
    name = options.name or "h1", address = "10.0.0.1", did = {}, containers = options.containers or {},
    units = options.units or { docker = "running", ["docker.socket"] = "running" },
    processes = options.processes or "", modules = options.modules or {},
  }
  local function did(text) machine.did[#machine.did + 1] = text end
  local function container_of(name) return machine.containers[name] end

  function machine:unit(name) return self.units[name] end
  function machine:docker_runs() return self.units.docker == "running" end
  function machine:start_unit(name)
    did("start unit " .. name)
    self.units[name] = "running"
  end
  function machine:stop_unit(name)
    did("stop unit " .. name)
    self.units[name] = "stopped"
  end
  function machine:has_module(name) return self.modules[name] == true end
  function machine:daemons() return require("ark.machine").daemons(self.processes) end
  function machine:shims() return require("ark.machine").shims(self.processes) end
  function machine:container_state(name)
    if not self:docker_runs() then return "stopped with Docker" end
    return container_of(name) and container_of(name).status or "gone"
  end
  function machine:runs(name)
    local state = self:container_state(name)
    return state == "running", state
  end
  local function answer(name, command)
    local words = table.concat(command, " ")
    local one = (container_of(name).answers or {})[words]
    if type(one) == "function" then one = one() end
    return one or { exit_code = 127, stdout = "", stderr = "no answer to " .. words }
  end
  function machine:ask(name, command)
    local runs, state = self:runs(name)
    if not runs then return nil, state end
    return answer(name, command)
  end
  function machine:container(name)
    local handle = {}
    function handle.start()
      did("start " .. name)
      container_of(name).status = "running"
    end
    function handle.stop(_, how)
      did("stop " .. name .. " " .. tostring(how and how.grace))
      container_of(name).status = "exited"
    end
    function handle.restart(_, how) did("restart " .. name .. " " .. tostring(how and how.grace)) end
    function handle.update(_, how)
      did("policy of " .. name .. " " .. how.restart)
      container_of(name).policy = how.restart
    end
    function handle.run(_, command)
      did("exec " .. name .. ": " .. table.concat(command, " "))
      if container_of(name).on_run then container_of(name).on_run(table.concat(command, " ")) end
    end
    function handle.status()
      return { status = container_of(name).status, started_at = "2020-01-01T00:00:00Z" }
    end
    function handle.read(_, command) return answer(name, command) end
    function handle.inspect()
      return { HostConfig = { RestartPolicy = { Name = container_of(name).policy or "always" } } }
    end
    return handle
  end
  machine.engine = { container = function(_, name) return machine:container(name) end }
  function machine.engine.alive() return machine:docker_runs() end
  function machine.engine.info() return options.info or {} end
  function machine.engine.containers()
    local list = {}
    for name, one in pairs(machine.containers) do
      if one.status == "running" then list[#list + 1] = { id = name, name = name, status = "running" } end
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
  end
  machine.ssh = { run = function(_, command)
    did("ssh " .. table.concat(command, " "))
    if command[1] == "modprobe" then machine.modules[command[2]] = true end
  end }
  return machine
end

return fake
