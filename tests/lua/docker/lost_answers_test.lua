-- Answers that are no engine's, and streams that break off: what is in doubt is said to be.
local fake = require "fake_engine"
local ops = require "ops"
local t = require "testing"
local test = t.test

local ID = fake.ID
local WEB = { json = { Id = ID, Name = "/web", State = { Running = true } } }
local PATH = "/v1.41/containers/" .. ID

local function last(list) return list[#list] end

local function with_engine(answers, fn)
  answers["GET /v1.41/containers/web/json"] = WEB
  answers["GET " .. PATH .. "/json"] = answers["GET " .. PATH .. "/json"] or WEB
  fake.with_engine(fake.modern(answers), fn)
end

test("a redirect is no engine's answer; 304 is one", function()
  with_engine({
    ["POST " .. PATH .. "/stop"] = { status = 302, headers = { Location = "/login" } },
    ["POST " .. PATH .. "/start"] = { status = 304 },
    ["GET /v1.41/info"] = { status = 300 },
  }, function(engine, _, endpoint)
    local web = engine:container("web")
    local failure = t.raises("docker.protocol", "POST /containers/" .. ID
      .. '/stop was answered with status 302, which leads to "/login": no engine does that, something else listens '
      .. "there", function() web:stop() end)
    t.equal({ failure.target, failure.maybe_applied }, { endpoint, true })
    web:start()
    failure = t.raises("docker.protocol", "GET /info was answered with status 300: no engine does that, something else "
      .. "listens there", function() engine:info() end)
    t.equal(failure.maybe_applied, false)
  end)
end)

test("a refusal that breaks off: 500 leaves doubt, 404 does not", function()
  local words = { message = "cannot stop container: disk full" }
  with_engine({
    ["POST " .. PATH .. "/stop"] = { status = 500, json = words, cut = 5 },
    ["POST " .. PATH .. "/kill"] = { status = 404, json = words, cut = 5 },
  }, function(engine)
    local web = engine:container("web")
    for status, call in pairs({ [500] = "stop", [404] = "kill" }) do
      local failure = t.raises("docker.connection_lost", "POST /containers/" .. ID .. "/" .. call
        .. " was answered with status " .. status .. ", but the engine's words broke off: the connection was closed "
        .. "in the middle of the answer", function() web[call](web) end)
      t.equal({ failure.maybe_applied, failure.retryable }, { status == 500, true })
    end
  end)
end)

test("an engine that was replaced by an older one: another version is agreed on", function()
  local refusal = { status = 400, json = { message = "client version 1.41 is too new. Maximum supported API version "
    .. "is 1.30" } }
  local function pong(version) return { text = "OK", headers = { ["Api-Version"] = version } } end
  fake.with_engine({
    ["GET /_ping"] = { pong("1.41"), pong("1.30") },
    ["GET /v1.41/containers/json"] = refusal, ["GET /v1.30/containers/json"] = { text = "[]" },
    ["GET /v1.41/networks"] = refusal,
  }, function(engine, _, endpoint)
    t.equal(engine:containers(), {})
    local pinned = require("docker").connect(endpoint, { tls = false, api_version = "1.41" })
    t.raises("docker.api_version", "GET /networks was answered with status 400: client version 1.41 is too new. "
      .. "Maximum supported API version is 1.30", function() pinned:networks() end)
  end)
end)

test("logs that break off in the middle: the lines there are, then an error", function()
  with_engine({
    ["GET " .. PATH .. "/logs"] = { pieces = { { 1, "one\n" }, { 1, "two and a ha" } }, missing = 4, hold = 0 },
  }, function(engine)
    local lines = engine:container("web"):logs()
    t.equal(lines().text, "one")
    t.raises("docker.connection_lost", "the connection was closed in the middle of the answer", lines)
  end)
  -- An end of the stream that is in order, but within a piece.
  with_engine({
    ["GET " .. PATH .. "/logs"] = { text = "\1\0\0\0\0\0\0\4one\n\1\0\0\0\0\0\0\9two" },
  }, function(engine)
    local lines = engine:container("web"):logs()
    t.equal(lines().text, "one")
    local failure = t.raises("docker.connection_lost", "the connection was lost in the middle of a line", lines)
    t.equal(failure.retryable, true)
  end)
end)

local function event(time, name, action, second)
  second = second or "4000000000"
  return ('{"Type":"container","Action":"%s","Actor":{"ID":"%s","Attributes":{"name":"%s"}},"time":%s,'
    .. '"timeNano":%s00000%04d}\n'):format(action or "start", name, name, second, second, time)
end

--- What comes until "end" does: names, or "gap".
local function names_until_end(events)
  local names = {}
  for one in events do
    names[#names + 1] = one.type == "gap" and "gap" or one.name
    if one.name == "end" then break end
  end
  return table.concat(names, " ")
end

test("events come as the engine tells them, also those with an earlier time", function()
  with_engine({
    ["GET /v1.41/events"] = { pieces = { event(5, "a") .. event(7, "b"), event(6, "c") .. event(7, "b", "die"),
      event(7, "b") .. event(9, "end") } },
  }, function(engine)
    t.equal(names_until_end(engine:events({ timeout = "20s" })), "a b c b b end")
  end)
end)

test("after a gap what the engine tells again is left out, and what it tells late is not", function()
  with_engine({
    ["GET /v1.41/events"] = {
      { pieces = { event(5, "a") .. event(7, "b") }, hold = 0 },
      { pieces = { event(5, "a") .. event(6, "late") .. event(7, "b") .. event(7, "b", "die"),
        event(8, "new") .. event(8, "end") } },
    },
  }, function(engine, asked)
    t.equal(names_until_end(engine:events({ since = "10m", timeout = "20s" })), "a b gap late b new end")
    local queries = {}
    for _, request in ipairs(asked()) do
      if request.path:find("/events$") then queries[#queries + 1] = request.query end
    end
    t.equal(#queries, 2)
    local first = tonumber(queries[1]:match("^since=(%d+)%.%d+$"))
    t.truthy(math.abs(os.time() - 600 - first) < 60, queries[1])
    -- Five seconds before the last one.
    t.equal(queries[2], "since=3999999995.000000007")
  end)
end)

test("an engine whose clock is behind ours is asked by its own for what was missed", function()
  with_engine({
    ["GET /v1.41/events"] = {
      { pieces = { event(5, "a", nil, "1000000000") }, hold = 0 },
      { pieces = { event(5, "a", nil, "1000000000") .. event(6, "end", nil, "1000000001") } },
    },
  }, function(engine, asked)
    t.equal(names_until_end(engine:events({ timeout = "20s" })), "a gap end")
    t.equal(last(asked()).query, "since=999999995.000000005")
  end)
end)

test("close() in the middle of a call: that one ends as if nothing was", function()
  for _, call in ipairs({ "version", "info", "ping", "alive", "containers" }) do
    with_engine({
      ["GET /_ping"] = { wait = 0.3, text = "OK", headers = { ["Api-Version"] = "1.41" } },
      ["GET /v1.41/version"] = { wait = 0.3, json = { Version = "1", ApiVersion = "1.41" } },
      ["GET /v1.41/info"] = { wait = 0.3, json = { Containers = 1 } },
      ["GET /v1.41/containers/json"] = { wait = 0.3, text = "[]" },
    }, function(_, asked, endpoint)
      -- Nobody else holds a connection to the same engine with these arguments.
      local engine = require("docker").connect(endpoint, { tls = false, connect_timeout = "9s" })
      local results = ops.group(function(group)
        group:spawn(function() return engine[call](engine) end)
        group:spawn(function()
          ops.wait_until(function() return #asked() > 0, "nothing was asked" end, { timeout = "20s", every = "10ms" })
          engine:close()
          collectgarbage()
        end)
      end, { on_error = "collect" })
      t.equal({ call, results[1].ok }, { call, true })
      t.raises("closed", nil, function() engine:ping() end)
    end)
  end
end)
