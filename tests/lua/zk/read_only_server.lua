-- An ensemble of two whose servers serve reads without a quorum; only the first runs to begin with. Clients of such
-- servers need local sessions since ZooKeeper 3.8 (readonlymode.enabled, localSessionsEnabled).
local machine = require "local"

local pair = { hosts = { "127.0.0.1:12991", "127.0.0.1:12992" } }

-- FOLDER ID: writes the pid of the server it begins.
local START = [[
  source "$(dirname "$LAB_COMMAND")/lib/zookeeper.sh"
  cd "$1" && mkdir -p "data$2" && echo "$2" >"data$2/myid"
  {
    zookeeper_common_conf
    printf '%s\n' localSessionsEnabled=true localSessionsUpgradingEnabled=true "dataDir=$1/data$2" "clientPort=1299$2" \
      clientPortAddress=127.0.0.1 server.1=127.0.0.1:12981:13981 server.2=127.0.0.1:12982:13982
  } >"zoo$2.cfg"
  setsid "${ZOOKEEPER_JVM[0]}" -Dreadonlymode.enabled=true "${ZOOKEEPER_JVM[@]:1}" "$1/zoo$2.cfg" \
    >"log$2" 2>&1 </dev/null &
  echo $!
]]

--- Calls fn(start); start() begins the second server.
function pair.with_one_server(fn)
  local folder = machine.temp()
  local pids = {}
  local function start()
    local id = tostring(#pids + 1)
    pids[#pids + 1] = machine.run({ "bash", "-c", START, "start", folder, id }).stdout:match("%d+")
  end
  start()
  local ok, failure = pcall(fn, start)
  for _, pid in ipairs(pids) do machine.run({ "kill", "-KILL", pid }) end
  if not ok then error(failure, 0) end
end

return pair
