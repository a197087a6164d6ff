-- Programs in containers, and engines that answer what none should, or complain.
local fake = require "fake_engine"
local t = require "testing"
local test = t.test

local ID = fake.ID
local PATH = "/v1.41/containers/" .. ID
local with_engine = fake.with_web

local CREATED = { status = 201, json = { Id = "e1" } }

test("the start of a program is answered without a connection to it", function()
  for status, answer in pairs({
    [200] = { status = 200 }, [201] = { status = 201, text = "hello" }, [204] = { status = 204 },
    [304] = { status = 304 },
  }) do
    with_engine({ ["POST " .. PATH .. "/exec"] = CREATED, ["POST /v1.41/exec/e1/start"] = answer },
      function(engine, _, endpoint)
        local failure = t.raises("docker.protocol", "POST /exec/e1/start was answered with status " .. status
          .. " and no connection to the program: no engine does that, something else, or a proxy before it, listens "
          .. "there", function() engine:container("web"):run({ "make", "all" }) end)
        t.equal({ failure.target, failure.maybe_applied }, { endpoint, true })
      end)
  end
  -- Chunks are no way to a program either.
  with_engine({ ["POST " .. PATH .. "/exec"] = CREATED, ["POST /v1.41/exec/e1/start"] = { pieces = { "x" } } },
    function(engine)
      t.raises("docker.protocol", "POST /exec/e1/start was answered with status 200 and no connection to the program: "
        .. "no engine does that, something else, or a proxy before it, listens there",
          function() engine:container("web"):read({ "make", "all" }) end)
    end)
end)

test("so is the start of what would end it", function()
  with_engine({
    ["POST " .. PATH .. "/exec"] = { CREATED, { status = 201, json = { Id = "e2" } } },
    ["POST /v1.41/exec/e1/start"] = { stream = { { 1, "begun\n" } }, hold = 30 },
    ["POST /v1.41/exec/e2/start"] = { status = 200 },
  }, function(engine)
    local failure = t.raises("docker.timeout", "make all in container web had not ended after 2s; it could not be "
      .. "killed and may still run (POST /exec/e2/start was answered with status 200 and no connection to the program: "
      .. "no engine does that, something else, or a proxy before it, listens there); nothing on stderr; stdout: begun",
        function() engine:container("web"):run({ "make", "all" }, { timeout = "2s" }) end)
    t.equal({ failure.detail.exec_id, failure.detail.ended, failure.maybe_applied }, { "e1", false, true })
  end)
end)

test("a program's output that breaks off in the middle is no result", function()
  with_engine({
    ["POST " .. PATH .. "/exec"] = { status = 201, json = { Id = "e1" } },
    ["POST /v1.41/exec/e1/start"] = { stream = { { 1, "whole\n" }, { 1, "half of a line\n" } }, missing = 5 },
    ["GET /v1.41/exec/e1/json"] = { json = { ID = "e1", Running = false, ExitCode = 0, Pid = 7 } },
  }, function(engine)
    local failure = t.raises("docker.connection_lost",
      "make all: the connection was lost in the middle of its output (exec e1)",
      function() engine:container("web"):run({ "make", "all" }) end)
    t.equal(failure.maybe_applied, true)
  end)
end)

test("what the engine says of itself in the middle of an output is its error, not the container's", function()
  with_engine({
    ["POST " .. PATH .. "/exec"] = CREATED,
    ["POST /v1.41/exec/e1/start"] = { stream = { { 1, "one\n" }, { 3, "cannot copy: broken pipe\n" } } },
    ["GET " .. PATH .. "/logs"] = { pieces = { { 1, "one\n" }, { 2, "two\n" },
      { 3, "Error grabbing logs: invalid character '\\x00'\n\n" } }, hold = 0 },
  }, function(engine, _, endpoint)
    local web = engine:container("web")
    local failure = t.raises("docker.server", "in the middle of the output the engine says: cannot copy: broken pipe",
      function() web:run({ "make", "all" }) end)
    t.equal(failure.detail, { status = 0, message = "cannot copy: broken pipe", request = "the output of a container" })
    t.equal({ failure.target, failure.maybe_applied }, { endpoint, true })
    for _, stderr in ipairs({ true, false }) do
      local lines = web:logs({ stderr = stderr })
      t.equal({ lines().text, lines().text }, { "one", "two" })
      failure = t.raises("docker.server", "in the middle of the output the engine says: Error grabbing logs: invalid "
        .. "character '\\x00'", lines)
      t.equal({ failure.target, failure.maybe_applied, failure.retryable }, { endpoint, false, false })
    end
  end)
end)
