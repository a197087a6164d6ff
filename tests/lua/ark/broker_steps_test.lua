-- A broker comes back in its own time, with name servers that are made up.
local broker_steps = require "ark.maintenance.broker_steps"
local fake = require "fake_run"
local t = require "testing"
local test = t.test

local LISTED = "ark-cluster  broker-a  0  10.96.14.33:10911\n"

-- Two name servers, of which each lists what `lists[n]` says, and the broker, whose probe ends with `probe`.
local function world(lists, probe)
  local function server(index)
    return { status = "running", answers = { ["sh /home/admin/rmq/bin/mqadmin clusterList"] = function()
      return { exit_code = 0, stdout = lists[index] or "", stderr = "" }
    end } }
  end
  local broker = { status = "exited", answers = { ["/check.sh"] = function()
    return { exit_code = probe.exit_code, stdout = "", stderr = "not yet\n" }
  end } }
  local machine = fake.machine { containers = { broker = broker } }
  local swarm = fake.machine { containers = { one = server(1), two = server(2) } }
  function swarm.engine.containers()
    local list = {}
    for _, name in ipairs { "one", "two" } do
      list[#list + 1] = { id = name, name = "h2/" .. name, image = "ark/mq-namesrv:1", command = "run", addresses = {},
        labels = { ["ark.component"] = "middleware-mq-deploy-namesrv", ["ark.product"] = "mq" }, status = "running" }
    end
    return list
  end
  return { machine = machine, swarm = swarm.engine, mq_grace = 60 }
end

local BROKER = { name = "broker", id = "broker", class = "broker", address = "10.96.14.33",
  labels = { ["aliyun.probe.cmd"] = "/check.sh" } }

test("a broker that takes its time to register is not started again", function()
  local lists, looks = {}, 0
  local ctx = fake.ctx { tick = function()
    looks = looks + 1
    if looks == 5 then lists[1] = LISTED end
    if looks == 7 then lists[2] = LISTED end
  end }
  local one = world(lists, { exit_code = 0 })
  broker_steps.start(ctx, one, BROKER)
  t.equal(one.machine.did, { "start broker" })
  t.equal({ ctx.said, looks }, { { "did start broker", "already probe of broker", "did registration of broker" }, 7 })
end)

test("one whose probe fails is started again, with its grace", function()
  local probe = { exit_code = 1 }
  local ctx = fake.ctx { tick = function() probe.exit_code = 0 end }
  local one = world({ LISTED, LISTED }, probe)
  broker_steps.start(ctx, one, BROKER)
  t.equal(one.machine.did, { "start broker", "restart broker 60" })
  t.equal(ctx.said, { "did start broker", "did probe of broker", "already registration of broker" })
end)

test("one that never registers is named, and left as it is", function()
  for _, case in ipairs {
    { {}, "no name server lists 10.96.14.33" }, { { LISTED }, "not each name server lists 10.96.14.33" },
  } do
    local one = world(case[1], { exit_code = 0 })
    local failure = t.raises("procedure.goal", nil, function() broker_steps.start(fake.ctx(), one, BROKER) end)
    t.equal({ failure.message, one.machine.did },
      { 'the step "registration of broker" waited; last seen: ' .. case[2], { "start broker" } })
  end
end)
