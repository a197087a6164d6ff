-- ops.service, with machines that have systemctl or service, which answer in the words of systemd 252 and of Debian's
-- service.
local lab = require "ssh.lab"
local ops = require "ops"
local service = require "ops.service"
local t = require "testing"
local test = t.test

--- A place as ops.service uses one: `answers` by command line, everything else is an error. Notes what it was asked.
local function machine_with(answers)
  local place = { asked = {} }
  local function answer(words, how)
    local line = table.concat(words, " ")
    if line:find("/run/systemd/system", 1, true) then return { stdout = answers.manager .. "\n" } end
    place.asked[#place.asked + 1] = line .. (how.as_user and " as " .. how.as_user or "")
    local given = answers[line] or error("nobody expected " .. line)
    if type(given) == "function" then given = given() end
    return { stdout = given[1], stderr = "", exit_code = given[2] or 0 }
  end
  place.read = answer
  place.run = answer
  return place
end

local function shown(load, active, sub)
  return { ("LoadState=%s\nActiveState=%s\nSubState=%s\n"):format(load, active, sub) }
end

test("systemd: a name is no option, and is looked for before anything is done", function()
  local place = machine_with {
    manager = "systemd",
    ["systemctl show -p LoadState,ActiveState,SubState -- ssh"] = shown("loaded", "active", "running"),
    ["systemctl restart -- ssh"] = { "" },
    ["systemctl show -p LoadState,ActiveState,SubState -- --no"] = shown("not-found", "inactive", "dead"),
  }
  t.equal(service.restart(place, "ssh", { as_user = "root" }),
    { state = "running", manager = "systemd", seen = "active (running)" })
  local look = "systemctl show -p LoadState,ActiveState,SubState -- ssh as root"
  t.equal(place.asked, { look, "systemctl restart -- ssh as root", look })
  for _, verb in ipairs { "start", "stop", "restart", "status" } do
    t.raises("service.not_found", "the machine has no service --no", function() service[verb](place, "--no") end)
  end
end)

test("systemd: what it does now, and a wait for what it shall do", function()
  local states = { { "activating", "start" }, { "active", "running" }, { "failed", "failed" }, { "inactive", "dead" } }
  local at = 0
  local place = machine_with {
    manager = "systemd",
    ["systemctl show -p LoadState,ActiveState,SubState -- db"] = function()
      at = math.min(at + 1, #states)
      return shown("loaded", states[at][1], states[at][2])
    end,
  }
  local seen = {}
  for i = 1, 4 do seen[i] = service.status(place, "db").state end
  t.equal(seen, { "changing", "running", "failed", "stopped" })
  at = 0
  t.equal(service.wait_stopped(place, "db", { every = "10ms" }).seen, "inactive (dead)")
  t.equal(at, 4)
  t.raises("wait.timeout", nil, function() service.wait_running(place, "db", { timeout = "50ms", every = "10ms" }) end)
end)

test("a machine with neither", function()
  t.raises("service.no_manager", "the machine has neither systemctl nor service",
    function() service.status(machine_with { manager = "none" }, "ssh") end)
end)

test("service: a host's own scripts", function()
  local host = lab.connect()
  local tools, home = lab.folder(host), host:read(ops.shell "printf %s $HOME").stdout
  host:write_file(tools .. "/service", [[#!/bin/sh
[ "$1" = web ] || { echo "$1: unrecognized service" >&2; exit 1; }
case $2 in
  start) touch "$0.on" ;;
  stop) rm -f "$0.on" ;;
  status) if [ -e "$0.on" ]; then echo "web is running."; else echo "web is not running ... failed!"; exit 3; fi ;;
esac
]], { mode = "0755" })
  host:write_file(home .. "/.bashrc", "PATH=" .. tools .. ":$PATH\n")
  local ok, failure = pcall(function()
    t.equal(service.start(host, "web"), { state = "running", manager = "service", seen = "web is running." })
    t.equal(service.wait_running(host, "web").state, "running")
    t.equal(service.stop(host, "web"),
      { state = "stopped", manager = "service", seen = "web is not running ... failed!" })
    for _, verb in ipairs { "start", "stop", "restart", "status" } do
      t.raises("service.not_found", "the machine has no service nope", function() service[verb](host, "nope") end)
      t.raises("service.not_found", "the machine has no service --help", function() service[verb](host, "--help") end)
    end
  end)
  host:delete(home .. "/.bashrc")
  if not ok then error(failure, 0) end
end)
