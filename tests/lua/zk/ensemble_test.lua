-- The health of an ensemble, from its administration words.
local machine = require "local"
local ops = require "ops"
local support = require "zk.support"
local t = require "testing"
local test = t.test
local zk = require "zk"

test("a healthy ensemble has a leader, a quorum, and survives the loss of any one", function()
  support.roles()
  -- Until its first change after an election a server may still name the last zxid of the epoch before.
  support.with_root({}, function() end)
  local report
  ops.wait_until(function()
    report = zk.ensemble(support.hosts)
    return report.zxid_spread ~= nil, zk.ensemble_text(report)
  end, { timeout = "20s", every = "100ms", what = "servers in one epoch" })
  t.equal({ report.quorum, report.voters, report.serving, #report.servers }, { true, 3, 3, 3 })
  local modes = {}
  for _, server in ipairs(report.servers) do
    modes[server.mode] = (modes[server.mode] or 0) + 1
    t.equal({ server.ok, server.survives_loss, server.error, #server.refused_words }, { true, true, nil, 0 })
    t.truthy(server.version:match("^3%.%d"), "version " .. server.version)
    t.truthy(server.zxid:match("^0x%x+$"), "zxid " .. server.zxid)
    t.truthy(server.connections >= 1 and server.outstanding >= 0 and server.nodes > 0)
    if server.mode == "leader" then
      t.equal(report.leader, server.server)
      t.equal(server.followers, 2)
    end
  end
  t.equal(modes, { leader = 1, follower = 2 })
  t.truthy(report.zxid_spread >= 0)
end)

test("one server down: the quorum holds, and another loss would end it", function()
  support.mended(function()
    local leader, followers = support.roles()
    support.lab("kill", followers[1])
    local report = zk.ensemble(support.hosts)
    t.equal({ report.quorum, report.serving }, { true, 2 })
    for i, server in ipairs(report.servers) do
      local is_down = "zk" .. i == followers[1]
      t.equal(server.survives_loss, is_down)
      if is_down then
        t.equal(server.mode, "unreachable")
        t.truthy(server.error:find("refused", 1, true), server.error)
      end
    end
    local text = zk.ensemble_text(report)
    t.truthy(text:find("quorum: yes, 2 of 3 voters serve, leader: " .. report.leader, 1, true), text)
    support.lab("kill", leader)
    ops.wait_until(function()
      report = zk.ensemble(support.hosts)
      return not report.quorum and report.serving == 0, zk.ensemble_text(report)
    end, { timeout = "30s", every = "100ms" })
    t.truthy(zk.ensemble_text(report):find("quorum: NO, 0 of 3 voters serve, leader: none", 1, true),
      zk.ensemble_text(report))
    support.lab("start", followers[1])
    support.lab("start", leader)
    support.roles()
  end)
end)

test("a frozen server is silent, and does not keep the others waiting", function()
  support.mended(function()
    local _, followers = support.roles()
    support.lab("freeze", followers[1])
    local report = zk.ensemble(support.hosts, { timeout = "1s" })
    t.equal({ report.quorum, report.serving }, { true, 2 })
    support.lab("thaw", followers[1])
    support.roles()
  end)
end)

test("one server of a healthy ensemble tells of all: the leader knows who follows, a follower that there is a quorum",
  function()
    local leader, followers = support.roles()
    local function look(server) return zk.ensemble("127.0.0.1:" .. support.ports[tonumber(server:match("%d"))]) end
    local report = look(leader)
    t.equal({ report.quorum, report.voters, report.asked, report.serving, report.servers[1].survives_loss },
      { true, 3, 1, 3, true })
    local lines = zk.ensemble_text(report)
    t.equal(lines:match("[^\n]*$"), "quorum: yes, 3 of 3 voters serve (1 asked), leader: " .. report.leader
      .. ", zxids 0 apart")
    report = look(followers[1])
    t.equal({ report.quorum, report.voters, report.asked, report.serving, report.leader,
      report.servers[1].survives_loss }, { true, 3, 1, 1, nil, nil })
    lines = zk.ensemble_text(report)
    t.equal(lines:match("[^\n]*$"), "quorum: yes, 1 of 3 voters serve (1 asked), leader: not asked, zxids 0 apart")
    t.truthy(lines:find("  unknown\n"), lines)
    -- Named twice, and once more under another name.
    local port = support.ports[tonumber(followers[1]:match("%d"))]
    report = zk.ensemble({ "127.0.0.1:" .. port, "localhost:" .. port, "127.0.0.1:" .. port })
    t.equal({ #report.servers, report.asked, report.serving, report.servers[2].error }, { 2, 1, 1,
      "it has the serverId of 127.0.0.1:" .. port .. ": the same server, or another ensemble; it is not counted" })
  end)

local function words_of(id, mode, more)
  return {
    srvr = "Zookeeper version: 3.8.0-1, built on 2022-02-25 08:49 UTC\nLatency min/avg/max: 0/0.5/3\nReceived: 1\n"
      .. "Sent: 1\nConnections: 1\nOutstanding: 0\nZxid: 0x100000002\nMode: " .. mode .. "\nNode count: 5\n",
    ruok = "imok",
    conf = "clientPort=2181\nserverId=" .. id .. "\nmembership: \nserver.1=a:2888:3888:participant\n"
      .. "server.2=b:2888:3888:participant\nserver.3=c:2888:3888:participant\n" .. (more or "") .. "version=0",
    mntr = "zk_server_state\t" .. mode .. "\n" .. (mode == "leader" and "zk_synced_followers\t2\n" or ""),
  }
end

test("two that lead are no quorum anybody can vouch for", function()
  support.with_words({ words_of(1, "leader"), words_of(2, "follower"), words_of(3, "leader") }, function(names)
    local report = zk.ensemble(names)
    t.equal({ report.quorum, report.leader, report.servers[1].survives_loss }, { nil, names[1], nil })
    t.equal(zk.ensemble_text(report), ([[
SERVER           MODE      VERSION  ZXID         CONNECTIONS  OUTSTANDING  QUORUM WITHOUT IT
%s  leader    3.8.0    0x100000002  1            0            unknown
%s  follower  3.8.0    0x100000002  1            0            unknown
%s  leader    3.8.0    0x100000002  1            0            unknown
%s and %s lead: these are several ensembles, or a former leader has not noticed yet that it is cut off
quorum: unknown, 3 of 3 voters serve, leader: %s, zxids 0 apart]]):format(names[1], names[2], names[3], names[1],
      names[3], names[1]))
  end)
end)

test("where votes are grouped or weighted, no majority is counted", function()
  local groups = "group.1=1:2:3\nweight.1=1\nweight.2=1\nweight.3=0\n"
  support.with_words({ words_of(1, "leader", groups), words_of(2, "follower", groups) }, function(names)
    local report = zk.ensemble(names)
    t.equal({ report.quorum, report.leader, report.servers[1].survives_loss, report.problem },
      { true, names[1], nil, "its servers vote in groups or with weights: what survives which loss is not known" })
  end)
end)

test("servers that are down say nothing of those that were not named", function()
  local words = words_of(1, "follower")
  words.srvr = "This ZooKeeper instance is not currently serving requests\n"
  words.mntr = words.srvr
  support.with_words({ words }, function(names)
    local report = zk.ensemble(names)
    t.equal({ report.quorum, report.voters, report.asked, report.serving }, { nil, 3, 1, 0 })
    local text = zk.ensemble_text(report)
    t.equal(text:match("[^\n]*$"), "quorum: unknown, 0 of 3 voters serve (1 asked), leader: none")
  end)
end)

test("words are asked one by one; a wrong one is said", function()
  t.equal(zk.ask("127.0.0.1:" .. support.ports[1], "ruok"), "imok")
  t.truthy(zk.ask("127.0.0.1:" .. support.ports[1], "cons"):find("queued=", 1, true))
  t.truthy(zk.ask("127.0.0.1:" .. support.ports[1], "stat"):find("Clients:", 1, true))
  t.raises("usage.argument", '"status" is no word of four letters, like "mntr"', function()
    zk.ask("127.0.0.1:" .. support.ports[1], "status")
  end)
  t.raises("usage.argument", '"' .. support.hosts .. '" names more than one server', function()
    zk.ask(support.hosts, "ruok")
  end)
  local failure = t.raises("zk.unreachable", nil, function() zk.ask("127.0.0.1:1", "ruok") end)
  t.equal(failure.target, "127.0.0.1:1")
  t.raises("zk.word_refused", "127.0.0.1:" .. support.ports[1]
    .. ' closed the connection without an answer to "abcd": it does not know that word', function()
    zk.ask("127.0.0.1:" .. support.ports[1], "abcd")
  end)
end)

test("a server that lets few words through says so, and is judged by those", function()
  local folder = machine.temp()
  machine.write_file(folder .. "/zoo.cfg", "tickTime=500\nadmin.enableServer=false\nclientPort=12189\n"
    .. "clientPortAddress=127.0.0.1\n4lw.commands.whitelist=srvr\ndataDir=" .. folder .. "\n")
  local java = machine.run({ "bash", "-c", [[
    source "${LAB_COMMAND%/lab}/lib/zookeeper.sh"
    "${ZOOKEEPER_JVM[@]}" "$1/zoo.cfg" >"$1/log" 2>&1 </dev/null &
    echo $!]], "zookeeper", folder }).stdout
  local ok, failure = pcall(function()
    local report
    ops.wait_until(function()
      report = zk.ensemble("127.0.0.1:12189")
      return report.quorum, zk.ensemble_text(report)
    end, { timeout = "50s", every = "100ms" })
    t.raises("zk.word_refused", '127.0.0.1:12189 does not answer "mntr": add it to 4lw.commands.whitelist of its '
      .. "configuration", function() zk.ask("127.0.0.1:12189", "mntr") end)
    local server = report.servers[1]
    t.equal({ server.mode, server.survives_loss, server.refused_words, server.ok }, { "standalone", false,
      { "ruok", "conf", "mntr" }, nil })
    t.truthy(zk.ensemble_text(report):find("127.0.0.1:12189: not in its 4lw.commands.whitelist: ruok, conf, mntr", 1,
      true), zk.ensemble_text(report))
  end)
  machine.run({ "kill", "-KILL", (java:gsub("%s", "")) })
  if not ok then error(failure, 0) end
end)
