-- `http` against a server that says what it was asked, and misbehaves on request.
local data = require "data"
local http = require "http"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local program = ops.args[1]:match("^(.*)/http/[^/]*$") .. "/http_server.py"

--- fn(base) with a server of its own at the address `base`.
local function with_server(fn)
  local port_file = machine.temp() .. "/port"
  local results = ops.group(function(group)
    group:spawn(function() machine.read({ "python3", program, port_file }, { timeout = "55s" }) end)
    group:spawn(function()
      ops.wait_until(function() return machine.exists(port_file) ~= nil, "no port yet" end, { every = "20ms" })
      local base = "http://127.0.0.1:" .. machine.read_file(port_file)
      local ok, failure = pcall(fn, base)
      http.post(base .. "/quit", { proxy = "none" })
      if not ok then error(failure, 0) end
    end)
  end, { on_error = "collect" })
  if not results[2].ok then error(results[2].error, 0) end
end

local function server_test(name, fn)
  test(name, function() with_server(fn) end)
end

local function echo(response) return data.from_json(response.body) end

server_test("get, head and what comes back", function(base)
  local response = http.get(base .. "/echo?a=b", { headers = { ["X-Mine"] = "yes" } })
  t.equal({ response.status, response.reason, response.headers["x-kind"], response.url },
    { 200, "OK", "echo", base .. "/echo?a=b" })
  local seen = echo(response)
  t.equal({ seen.method, seen.path, seen.headers["x-mine"] }, { "GET", "/echo?a=b", "yes" })
  t.truthy(seen.headers["user-agent"]:find("^opshost/"), "user-agent")
  local head = http.head(base .. "/echo")
  t.equal({ head.status, head.body, head.headers["x-kind"] }, { 200, "", "echo" })
  t.equal(http.get_json(base .. "/echo").method, "GET")
end)

server_test("the four changes, with bytes, JSON and a file", function(base)
  t.equal(echo(http.post(base .. "/echo", { body = "a\0b\255" })).body, "a\0b\195\191")
  local sent = echo(http.put(base .. "/echo", { json = { name = "x", list = { 1, 2 } } }))
  t.equal({ sent.method, sent.headers["content-type"] }, { "PUT", "application/json" })
  t.equal(data.from_json(sent.body), { name = "x", list = { 1, 2 } })
  t.equal(echo(http.patch(base .. "/echo", { body = "p" })).method, "PATCH")
  t.equal(echo(http.delete(base .. "/echo")).method, "DELETE")
  local file = machine.temp() .. "/body"
  machine.write_file(file, ("0123456789"):rep(300000))
  t.equal(http.post(base .. "/size", { body_file = file }).body, "3000000")
  t.raises("usage.argument", "body, json and body_file exclude each other",
    function() http.post(base .. "/echo", { body = "x", json = { 1 } }) end)
  t.raises("http.file", '"/nowhere/file" of this machine: No such file or directory',
    function() http.post(base .. "/echo", { body_file = "/nowhere/file" }) end)
end)

server_test("a status that is not accepted raises with the answer", function(base)
  local failure = t.raises("http.status", "GET " .. base
    .. "/status?code=418 was answered with status 418 I'm a Teapot: "
    .. "the server's words", function() http.get(base .. "/status?code=418") end)
  t.equal({ failure.detail.status, failure.detail.body, failure.maybe_applied, failure.target },
    { 418, "the server's words", false, base })
  t.equal(http.get(base .. "/status?code=404", { accept = { 200, 404 } }).status, 404)
  t.equal(http.get(base .. "/status?code=500", { accept = "any" }).status, 500)
  failure = t.raises("http.status", nil, function() http.post(base .. "/status?code=503") end)
  t.equal({ failure.retryable, failure.maybe_applied }, { true, true })
end)

server_test("redirects are followed by what reads, not by what changes, and not for ever", function(base)
  t.equal(http.get(base .. "/redirect?to=/echo").url, base .. "/echo")
  t.equal(http.get(base .. "/redirect?to=/echo", { follow = false, accept = { 302 } }).headers.location, "/echo")
  t.equal(http.post(base .. "/redirect?to=/echo", { accept = { 302 } }).status, 302)
  t.raises("http.redirect", base .. '/loop redirects more than ten times, last to "/loop"',
    function() http.get(base .. "/loop") end)
end)

server_test("logins, which another server is not told", function(base)
  t.equal(echo(http.get((base .. "/echo"):gsub("//", "//name:pass@", 1), {})).headers.authorization,
    "Basic bmFtZTpwYXNz")
end)

server_test("a body too large is refused; chunks take any", function(base)
  t.raises("http.too_large", "the answer is longer than 1MiB",
    function() http.get(base .. "/big?bytes=2000000", { max_body = "1MiB" }) end)
  local bytes = 0
  for piece in http.chunks(base .. "/big?bytes=50000000") do bytes = bytes + #piece end
  t.equal(bytes, 50000000)
end)

server_test("connections are kept; one that died meanwhile is replaced for what reads", function(base)
  local first = echo(http.get(base .. "/echo")).connection
  t.equal(echo(http.get(base .. "/echo")).connection, first)
  for _ = 1, 20 do
    t.equal(http.get(base .. "/idle-close").body, "bye")
    t.equal(http.get(base .. "/echo").status, 200)
  end
end)

server_test("half an answer, none at all, a late one", function(base)
  t.raises("http.connection_lost", "the connection was closed in the middle of the answer",
    function() http.get(base .. "/half") end)
  local failure = t.raises("http.connection_lost", "the connection was closed without an answer",
    function() http.post(base .. "/drop", { body = "x" }) end)
  t.equal({ failure.maybe_applied, failure.retryable }, { true, true })
  failure = t.raises("http.timeout", "no answer within 300ms; last seen: GET " .. base
    .. "/slow?seconds=5 was not answered yet",
      function() http.get(base .. "/slow?seconds=5", { timeout = "300ms" }) end)
  t.equal(failure.maybe_applied, false)
end)

server_test("through a proxy the whole address is asked for", function(base)
  local seen = echo(http.get("http://nowhere.invalid/echo", { proxy = base }))
  t.equal({ seen.path, seen.headers.host }, { "http://nowhere.invalid/echo", "nowhere.invalid" })
end)

test("no server, wrong addresses", function()
  t.raises("http.unreachable", "127.0.0.1 port 9: connection refused", function() http.get("http://127.0.0.1:9/") end)
  t.raises("usage.argument", 'the address "h1/x" begins with neither http:// nor https://',
    function() http.get("h1/x") end)
end)
