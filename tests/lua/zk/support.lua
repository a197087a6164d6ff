-- What the tests of `zk` share: the lab's ensemble, a place of one's own in it, servers that break, a client that
-- freezes.
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local zk = require "zk"

local support = { hosts = os.getenv("LAB_ZK_CONNECT") }

support.ports = { os.getenv("LAB_ZK_PORT_1"), os.getenv("LAB_ZK_PORT_2"), os.getenv("LAB_ZK_PORT_3") }

--- A client of its own, unless the options say otherwise.
function support.connect(options)
  local all = { hosts = support.hosts, session_timeout = "10s", connect_timeout = "30s", fresh = true }
  for name, value in pairs(options or {}) do all[name] = value end
  return zk.connect(all)
end

--- Runs fn(client, root) with an empty node of its own, which is deleted afterwards.
function support.with_root(options, fn)
  local plain = support.connect()
  local root = plain:create("/test-", "", { sequential = true })
  local client = support.connect(options)
  local ok, failure = pcall(function()
    -- Two clients, two servers: the client's may not have heard of the root yet.
    client:sync(root)
    fn(client, root)
  end)
  client:close()
  if not ok then
    -- What it left broken is mended first, or every test after it fails too.
    support.lab("mend")
    pcall(plain.close, plain)
    error(failure, 0)
  end
  -- The test may have cut it off for longer than its session.
  plain:close()
  plain = support.connect()
  plain:delete(root, { recursive = true })
  plain:close()
end

--- $LAB_COMMAND: breaks and mends servers.
function support.lab(...)
  machine.run({ os.getenv("LAB_COMMAND"), ... }, { timeout = "2m" })
end

--- fn(), which breaks servers: when it fails they are mended, or every test after it fails too.
function support.mended(fn)
  local ok, failure = pcall(fn)
  if ok then return end
  support.lab("mend")
  error(failure, 0)
end

--- The name of the lab's server that leads, "zk2", and those that follow.
function support.roles()
  local leader, followers
  ops.wait_until(function()
    local ensemble = zk.ensemble(support.hosts)
    leader, followers = nil, {}
    for i, server in ipairs(ensemble.servers) do
      if server.mode == "leader" then leader = "zk" .. i end
      if server.mode == "follower" then followers[#followers + 1] = "zk" .. i end
    end
    return leader ~= nil and #followers == 2, zk.ensemble_text(ensemble)
  end, { timeout = "40s", every = "100ms", what = "an ensemble with a leader and two followers" })
  return leader, followers
end

--- What zk.ensemble says once no server serves.
function support.wait_nobody_serves()
  local ensemble
  ops.wait_until(function()
    ensemble = zk.ensemble(support.hosts)
    return ensemble.serving == 0, zk.ensemble_text(ensemble)
  end, { timeout = "40s", every = "100ms", what = "the quorum to be lost" })
  return ensemble
end

-- Stops its parent, waits until no server knows the session of that ephemeral node any more, lets the parent go on.
local FREEZE = [[
  kill -STOP $PPID
  for i in $(seq 600); do
    answer=$(exec 3<>/dev/tcp/127.0.0.1/$1 && printf dump >&3 && cat <&3)
    case $answer in *"$2"*) sleep 0.05 ;; *Sessions*) break ;; *) sleep 0.05 ;; esac
  done
  kill -CONT $PPID
]]

--- This whole process stands still until the servers have ended the session that made the ephemeral node.
function support.freeze_until_gone(node)
  machine.run({ "bash", "-c", FREEZE, "freeze", support.ports[1], node }, { timeout = "60s" })
end

local HOLDER = [[
  local z = require("zk").connect({ hosts = "%s", session_timeout = "%s", connect_timeout = "30s" })
  z:lock("%s", { owner = "%s", timeout = "20s" }, function() require("ops").sleep("50s") end)
]]

--- Another process that holds the lock: run() until kill(), which gives it no time for anything.
function support.holder(path, session_timeout, owner)
  local file = machine.temp() .. "/holder.lua"
  machine.write_file(file, HOLDER:format(support.hosts, session_timeout, path, owner))
  local holder = {}
  function holder.run()
    t.raises("local.signal", nil, function()
      machine.run({ "bash", "-c", [[ echo $$ >"$1.pid" && exec "$(readlink /proc/$PPID/exe)" run "$1" ]], "holder",
        file }, { timeout = "55s" })
    end)
  end
  function holder.kill() machine.run({ "kill", "-KILL", machine.read_file(file .. ".pid"):match("%d+") }) end
  return holder
end

function support.wait_state(client, state)
  ops.wait_until(function()
    local session = client:session()
    return session.state == state, session.state
  end, { timeout = "40s", every = "20ms", what = "the session to be " .. state })
end

local FOLDER = ops.args[1]:match("^(.*/lua)/.*$") .. "/zk/"

--- Calls fn(its ports, as text) while the program of this folder runs, which writes them to its first argument.
local function with_program(name, arguments, fn)
  local port_file = machine.temp() .. "/port"
  local ok, failure
  local _, ended = pcall(ops.group, function(group)
    group:spawn(function()
      machine.read({ "python3", FOLDER .. name, port_file, unpack(arguments) }, { timeout = "10m", grace = 0 })
    end)
    group:spawn(function()
      ops.wait_until(function() return machine.exists(port_file) ~= nil, "no port yet" end,
        { timeout = "30s", every = "20ms" })
      ok, failure = pcall(fn, machine.read_file(port_file))
      error("that ends the program", 0)
    end)
  end)
  if ok == nil then error(ended, 0) end
  if not ok then error(failure, 0) end
end

-- Says one line, waits for the answer.
local SAY = [[ exec 3<>"/dev/tcp/127.0.0.1/$1" && printf '%s\n' "$2" >&3 && read -r answer <&3 && test "$answer" = ok ]]

--- Calls fn(hosts, tell) with a way to the first server that breaks as it is told; what tell takes is in proxy.py.
function support.with_proxy(fn)
  with_program("proxy.py", { support.ports[1] }, function(ports)
    local port, commands = ports:match("^(%d+) (%d+)$")
    fn("127.0.0.1:" .. port, function(command)
      machine.run({ "bash", "-c", SAY, "say", commands, command })
    end)
  end)
end

--- fn(client, root, tell, plain): a client with these options behind such a way, and one beside it, with a node of
--- their own.
function support.with_broken_way(options, fn)
  support.with_root({}, function(plain, root)
    support.with_proxy(function(hosts, tell)
      local all = { hosts = hosts }
      for name, value in pairs(options) do all[name] = value end
      local z = support.connect(all)
      z:sync("/")
      fn(z, root, tell, plain)
      z:close()
    end)
  end)
end

--- Calls fn(names of the servers) while servers answer administration words: a table for each, word to answer.
function support.with_words(servers, fn)
  local folders = {}
  for i, words in ipairs(servers) do
    folders[i] = machine.temp()
    for word, answer in pairs(words) do machine.write_file(folders[i] .. "/" .. word, answer) end
  end
  with_program("words_server.py", folders, function(ports)
    local names = {}
    for port in ports:gmatch("%d+") do names[#names + 1] = "127.0.0.1:" .. port end
    fn(names)
  end)
end

--- How many seconds fn took, and what pcall(fn) returned.
function support.timed(fn)
  local began = os.time()
  local ok, value = pcall(fn)
  return os.time() - began, ok, value
end

return support
