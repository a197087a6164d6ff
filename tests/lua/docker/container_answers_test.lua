-- Containers: what an engine says of them that a real one says only at the wrong moment.
local docker = require "docker"
local fake = require "fake_engine"
local ops = require "ops"
local t = require "testing"
local test = t.test

local ID = fake.ID
local PATH = "/v1.41/containers/" .. ID
local with_engine = fake.with_web

test("the words of a refusal are asked for where a HEAD has none", function()
  local function answers(head, get)
    return { ["HEAD " .. PATH .. "/archive"] = head, ["GET " .. PATH .. "/archive"] = get }
  end
  local words = { message = "open /var/lib/docker/overlay2: input/output error" }
  with_engine(answers({ status = 500 }, { status = 500, json = words }), function(engine, _, endpoint)
    local web = engine:container("web")
    for _, ask in ipairs({ "stat", "exists", "read_file", "mkdir" }) do
      local failure = t.raises("docker.server", "GET /containers/" .. ID .. "/archive was answered with status 500: "
        .. words.message, function() web[ask](web, "/etc/hosts") end)
      t.equal({ failure.target, failure.detail }, { endpoint, { status = 500, message = words.message,
        request = "GET /containers/" .. ID .. "/archive" } })
    end
  end)
  -- The second time the engine can.
  with_engine(answers({ status = 500 }, { text = "an archive" }), function(engine)
    t.raises("docker.server", "HEAD /containers/" .. ID .. "/archive was answered with status 500: nothing",
      function() engine:container("web"):stat("/etc/hosts") end)
  end)
end)

local function ended(answer)
  return { ["POST " .. PATH .. "/wait"] = { json = answer },
    ["GET " .. PATH .. "/json"] = { { json = { Id = ID, Name = "/web", RestartCount = 2,
      State = { Status = "running", Running = true, Pid = 7, StartedAt = "2026-01-02T03:04:05Z" } } },
      { status = 404, json = { message = "No such container: web" } } } }
end

test("a container that is gone when its end is told has the exit code that was told", function()
  with_engine(ended({ StatusCode = 3 }), function(engine)
    t.equal(engine:container("web"):wait_exited(), { status = "exited", running = false, exit_code = 3,
      started_at = "2026-01-02T03:04:05Z", finished_at = "", restart_count = 2, oom_killed = false })
  end)
  with_engine(ended({ StatusCode = 0, Error = { Message = "cannot wait" } }), function(engine)
    t.raises("docker.not_found", 'no container "web"', function() engine:container("web"):wait_exited() end)
  end)
end)

test("a connection's timeout counts for the calls that say none", function()
  local answers = fake.modern({ ["GET /v1.41/containers/web/json"] = { json = { Id = ID, Name = "/web" } },
    ["POST " .. PATH .. "/start"] = { status = 204, wait = 60 },
    ["POST " .. PATH .. "/stop"] = { status = 204, wait = 60 } })
  fake.with_engine(answers, function(_, _, endpoint)
    local web = docker.connect(endpoint, { tls = false, timeout = "400ms" }):container("web")
    local function unanswered(limit, action)
      return "no answer within " .. limit .. "; last seen: POST /containers/" .. ID .. action
        .. " was not answered yet"
    end
    t.raises("docker.timeout", unanswered("400ms", "/start"), function() web:start() end)
    -- Beside the grace, and not where the call says how long.
    t.raises("docker.timeout", unanswered("1.4s", "/stop"), function() web:stop({ grace = "1s" }) end)
    t.raises("docker.timeout", unanswered("300ms", "/stop"),
      function() web:stop({ grace = "1s", timeout = "300ms" }) end)
  end)
end)

test("stops that take all of their grace do not hold up what else is asked", function()
  with_engine({ ["POST " .. PATH .. "/stop"] = { status = 204, wait = 5 }, ["GET /v1.41/info"] = { json = {} } },
    function(engine, asked)
      local web = engine:container("web")
      local order = {}
      ops.group(function(group)
        for _ = 1, 8 do
          group:spawn(function()
            web:stop()
            order[#order + 1] = "stop"
          end)
        end
        group:spawn(function()
          ops.wait_until(function() return #fake.changes(asked) == 8, "not all are asked" end, { timeout = "20s",
            every = "20ms" })
          engine:info()
          order[#order + 1] = "info"
        end)
      end)
      t.equal({ #order, order[1] }, { 9, "info" })
    end)
end)
