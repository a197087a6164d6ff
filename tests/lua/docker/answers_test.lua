-- What an engine may answer: errors, nonsense, half of it, too much; and what engines of other times do.
local data = require "data"
local fake = require "fake_engine"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local here = ops.args[1]:match("^(.*)/[^/]*$")
local ID, modern, with_engine = fake.ID, fake.modern, fake.with_engine

local LIST = "GET /v1.41/containers/json"

test("an engine that fails says why in its own words", function()
  with_engine(modern({
    [LIST] = { status = 500, json = { message = "open /var/lib/docker: input/output error" } },
    ["GET /v1.41/info"] = { status = 503, text = "starting\n" },
    ["POST /v1.41/containers/" .. ID .. "/stop"] = { status = 500, json = { message = "cannot stop: disk full" } },
    ["GET /v1.41/containers/web/json"] = { json = { Id = ID, Name = "/web" } },
  }), function(engine, _, endpoint)
    local failure = t.raises("docker.server", "GET /containers/json was answered with status 500: "
      .. "open /var/lib/docker: input/output error", function() engine:containers() end)
    t.equal(failure.detail, { status = 500, message = "open /var/lib/docker: input/output error",
      request = "GET /containers/json" })
    t.equal({ failure.target, failure.retryable, failure.maybe_applied }, { endpoint, false, false })
    failure = t.raises("docker.server", "GET /info was answered with status 503: starting",
      function() engine:info() end)
    t.equal(failure.retryable, true)
    local container = engine:container("web")
    failure = t.raises("docker.server", "POST /containers/" .. ID
      .. "/stop was answered with status 500: cannot stop: disk full", function() container:stop() end)
    t.equal(failure.maybe_applied, true)
  end)
end)

test("JSON that is none, that breaks off, that is of another shape", function()
  local sense = "the engine's answer makes no sense: line 1, column "
  for _, case in ipairs({
    { { text = '[{"Id": "a", ]' }, "14: a name in quotes is expected here" },
    { { text = "<html>a proxy</html>" }, "1: a JSON value is expected here" },
    { { text = "" }, "1: the text is empty, a JSON value is expected" },
    { { json = { { Id = 7 } } }, "9: [1].Id: expected string, got number 7" },
    { { json = { message = "x" } }, "1: expected Listed[], got an object" },
  }) do
    with_engine(modern({ [LIST] = case[1] }), function(engine)
      t.raises("docker.protocol", sense .. case[2], function() engine:containers() end)
    end)
  end
end)

test("half an answer", function()
  with_engine(modern({ [LIST] = { text = "[]                ", cut = 5 },
    ["POST /v1.41/containers/create"] = { status = 201, json = { Id = ID }, cut = 4 } }), function(engine)
    local failure = t.raises("docker.connection_lost", "the connection was closed in the middle of the answer",
      function() engine:containers() end)
    t.equal({ failure.maybe_applied, failure.retryable }, { false, true })
    failure = t.raises("docker.connection_lost", "the connection was closed in the middle of the answer",
      function() engine:create({ image = "x" }) end)
    t.equal(failure.maybe_applied, true)
  end)
end)

test("an answer of 100 MB is read; one that does not fit into memory is refused", function()
  with_engine(modern({ [LIST] = { spaces = 100000000 }, ["GET /v1.41/networks"] = { spaces = 300000000 } }),
    function(engine)
      t.equal(engine:containers(), {})
      t.raises("docker.too_large", "the answer is longer than 256MiB", function() engine:networks() end)
      t.equal(engine:containers(), {})
    end)
end)

test("the API version: none in the ping, newer than ours, older than ours, no engine", function()
  local function spoken(answers)
    local version
    for number = 1023, 1060 do
      answers["GET /v1." .. number - 1000 .. "/version"] = answers["GET /version"]
    end
    with_engine(answers, function(engine) version = engine:version().spoken end)
    return version
  end
  local function versions(newest, oldest) return { json = { ApiVersion = newest, MinAPIVersion = oldest } } end
  t.equal(spoken({ ["GET /_ping"] = { text = "OK" }, ["GET /version"] = versions("1.23") }), "1.23")
  local new = { text = "OK", headers = { ["Api-Version"] = "1.55" } }
  t.equal(spoken({ ["GET /_ping"] = new, ["GET /version"] = versions("1.55", "1.40") }), "1.45")
  t.equal(spoken({ ["GET /_ping"] = new, ["GET /version"] = versions("1.55", "1.50") }), "1.50")
  with_engine({ ["GET /_ping"] = { text = "OK" }, ["GET /version"] = versions("1.22") }, function(engine)
    t.raises("docker.api_version", "the engine speaks API 1.22 at most; opshost needs 1.23 (Docker 1.11) or newer",
      function() engine:containers() end)
  end)
  with_engine({ ["GET /_ping"] = { text = "hello" }, ["GET /version"] = { text = "hello" } }, function(engine)
    t.raises("docker.protocol", 'what answers there is no Docker engine: GET /version says "hello"',
      function() engine:containers() end)
  end)
end)

local function last(list) return list[#list] end

test("Docker 1.11: what it does not know is done another way, or refused", function()
  with_engine(machine.read_file(here .. "/engines/docker-1.11.json"), function(engine, asked)
    local version = engine:version()
    t.equal({ version.version, version.spoken, version.min_api_version }, { "1.11.2", "1.23", nil })
    local all = engine:containers({ network = "net7", label = "role=db" })
    t.equal({ #all, all[1].name, all[1].status, all[1].addresses.net7 }, { 1, "mysql-1", "running", "10.0.7.11" })
    t.equal(last(asked()).query:find("network", 1, true), nil)
    local container = engine:container("mysql-1")
    local status = container:status()
    t.equal({ status.status, status.pid, status.health, status.restart_count, status.finished_at },
      { "running", 4711, nil, 2, "" })
    container:stop({ grace = "3s" })
    t.equal({ last(asked()).path, last(asked()).query }, { "/v1.23/containers/" .. ID .. "/stop", "t=3" })
    container:update({ cpus = 0.5 })
    t.equal(data.from_json(last(asked()).body), { CpuPeriod = 100000, CpuQuota = 50000 })
    local image = engine:images({ name = "mysql" })[1]
    t.equal({ image.tags, image.digests, image.size, last(asked()).query }, { { "mysql:5.6" }, {}, 328000000,
      "all=0&filter=mysql" })
    t.equal(engine:networks()[1].subnets, { "10.0.7.0/24" })
    for _, newer in ipairs({
      { "before needs API 1.35 or newer; this connection speaks 1.23",
        function() container:logs({ before = "1h" }) end },
      { "init needs API 1.25 or newer; this connection speaks 1.23",
        function() engine:create({ image = "mysql:5.6", init = true }) end },
      { "pids needs API 1.40 or newer; this connection speaks 1.23", function() container:update({ pids = 5 }) end },
    }) do t.raises("docker.api_version", newer[1], newer[2]) end
  end)
end)

test("Docker 1.11: a program gets its environment and directory from the container's own env and sh", function()
  with_engine(machine.read_file(here .. "/engines/docker-1.11.json"), function(engine, asked)
    local result = engine:container("mysql-1"):read({ "mysql", "-e", "select 1" },
      { env = { WORD = "a b" }, cwd = "/data", as_user = "mysql" })
    t.equal({ result.stdout, result.stderr, result.exit_code }, { "word\n", "a warning\n", 0 })
    local sent
    for _, request in ipairs(asked()) do
      if request.path:find("/exec$") then sent = data.from_json(request.body) end
    end
    local mark = table.remove(sent.Cmd, 2)
    if mark:find("^WORD=") then mark, sent.Cmd[2] = sent.Cmd[2], mark end
    t.truthy(mark:find("^OPSHOST_%w+=%x+$"), mark)
    t.equal(sent, { AttachStdin = false, AttachStdout = true, AttachStderr = true, Tty = false, User = "mysql",
      Cmd = { "env", "WORD=a b", "/bin/sh", "-c", 'cd "$0" && exec "$@"', "/data", "mysql", "-e", "select 1" } })
  end)
end)
