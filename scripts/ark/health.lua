-- Health probes: the command a container's label names, run in it. Exit code 0 means healthy.
local answers = require "ark.answers"
local ops = require "ops"
local patience = require "ark.patience"
local site = require "ark.site"

local M = {}

local function is_empty(command)
  for _, empty in ipairs(site.empty_probes) do
    if command == empty then return true end
  end
  return false
end

-- Days since 1970 of a date of the Gregorian calendar: years counted from March, so that leap days end them.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

--- "2026-03-01T10:00:05.25Z" as seconds since 1970; nil for what is no such time.
function M.seconds(text)
  local year, month, day, hour, minute, second = text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  if not year then return nil end
  return days(tonumber(year), tonumber(month), tonumber(day)) * 86400 + hour * 3600 + minute * 60 + second
end

-- How long until a failing probe counts: the platform gives a server this time after its container was started.
local function time_to_come_up(engine, container)
  local delay = tonumber(container.labels[site.labels.probe_delay]) or 0
  local started = M.seconds(engine:container(container.id):status().started_at)
  return started and math.max(0, started + delay - os.time()) or 0
end

local function probe_timeout(container)
  return tonumber(container.labels[site.labels.probe_timeout]) or site.times.probe
end

local function run(engine, container, command)
  return engine:container(container.id):read(answers.probe_words(command),
    { accept = "any", timeout = probe_timeout(container) })
end

-- Until it passes or the time its container has to come up is over.
local function run_until_due(engine, container, command)
  local _, result = patience.look(time_to_come_up(engine, container), function()
    local result = run(engine, container, command)
    return result.exit_code == 0, result
  end)
  return result
end

local function last_line(text)
  return text:match("([^\n]+)%s*$")
end

--- {container, host, state, says}: state is "healthy", "failing", "no probe" or "not running"; says is what the probe
--- wrote last, or why nothing is known. A failing probe counts only when the initial delay of its label is over.
function M.check(engine, container)
  local check = { container = container.name, host = container.host }
  local command = container.labels[site.labels.probe]
  if not container.running then
    check.state = "not running"
  elseif not command then
    check.state = "no probe"
  else
    local result, failure = ops.try(function() return run_until_due(engine, container, command) end,
      { "docker.exit", "docker.timeout", "docker.not_running", "docker.not_found" })
    check.state = result and result.exit_code == 0 and "healthy" or "failing"
    check.says = failure and failure.message or last_line(result.stderr) or last_line(result.stdout)
    if check.state == "healthy" and is_empty(command) then
      check.says = "its probe is " .. command .. ", which says nothing about the server"
    end
  end
  return check
end

--- Checks all of them at once, in their order.
function M.check_all(engine, containers)
  local checks = {}
  local results = ops.each(containers, {}, function(container) return M.check(engine, container) end)
  for index in ipairs(containers) do checks[index] = results[index].value end
  return checks
end

return M
