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
    group:spawn(function() machine.read({ "python3", program, port_file }, { timeout = "10m" }) end)
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

server_test("a change is in doubt unless the server says that it refuses", function(base)
  for code, doubt in pairs({ [201] = true, [303] = true, [404] = false, [409] = false, [500] = true, [503] = true }) do
    local failure = t.raises("http.status", nil, function()
      http.post(base .. "/status?code=" .. code, { accept = { 200 } })
    end)
    t.equal({ code, failure.maybe_applied }, { code, doubt })
    t.equal(t.raises("http.status", nil, function()
      http.get(base .. "/status?code=" .. code, { accept = { 200 }, follow = false })
    end).maybe_applied, false)
  end
end)

local function with_login(base) return (base:gsub("//", "//name:pass@", 1)) end

server_test("a login in the address, also after a redirect to a place of the same server", function(base)
  local login = "Basic bmFtZTpwYXNz"
  t.equal(echo(http.get(with_login(base) .. "/echo")).headers.authorization, login)
  t.equal(echo(http.get(with_login(base) .. "/redirect?to=/echo")).headers.authorization, login)
  t.equal(echo(http.get(with_login(base) .. "/redirect?to=" .. base .. "/echo")).headers.authorization, login)
  t.equal(echo(http.get(base .. "/redirect?to=/echo", { headers = { ["X-Vault-Token"] = "t" } })).headers
    ["x-vault-token"], "t")
end)

server_test("what one server is told, another one it redirects to is not", function(base)
  local other = base:gsub("127%.0%.0%.1", "localhost")
  local function headers_there(from, options)
    options.proxy = "none"
    local response = http.get(from .. "/redirect?to=" .. other .. "/echo", options)
    t.equal(response.url, other .. "/echo")
    return echo(response).headers
  end
  local seen = headers_there(with_login(base), { headers = { ["X-Vault-Token"] = "t", ["Private-Token"] = "p",
    Cookie = "c", Host = "web.example", ["Content-Type"] = "text/plain", Accept = "text/html",
    ["Accept-Language"] = "de" } })
  t.equal(seen, { host = other:match("//(.*)$"), ["user-agent"] = seen["user-agent"], accept = "text/html",
    ["accept-language"] = "de" })
  for _, options in ipairs({ { user = "u", password = ops.secret.command({ "printf", "geheim-geheim" }) },
    { token = ops.secret.command({ "printf", "geheim-geheim" }) }, { headers = { Authorization = "Bearer x" } } }) do
    t.equal(headers_there(base, options).authorization, nil)
    t.truthy(echo(http.get(base .. "/echo", options)).headers.authorization, "told the first one")
  end
end)

server_test("headers and the body may be secrets; a header named Host replaces ours", function(base)
  local secret = ops.secret.command({ "printf", "geheim-geheim" })
  local seen = echo(http.post(base .. "/echo", { headers = { ["X-Api-Key"] = secret, host = "web.example:8443" },
    body = secret }))
  t.equal({ seen.headers["x-api-key"], seen.headers.host, seen.body },
    { "geheim-geheim", "web.example:8443", "geheim-geheim" })
end)

server_test("headers that say how bytes are sent are refused", function(base)
  for _, name in ipairs({ "Content-Length", "transfer-encoding", "Connection", "Upgrade", "TE" }) do
    t.raises("usage.argument", ('the header "%s" says how bytes are sent, which is not the script\'s to say: leave it '
      .. "out"):format(name), function() http.post(base .. "/echo", { headers = { [name] = "5" } }) end)
  end
  t.raises("usage.argument", 'the header X-A has a line break or another control character, which no HTTP request can '
    .. "carry", function() http.get(base .. "/echo", { headers = { ["X-A"] = "a\r\nX-B: c" } }) end)
end)

--- Sends `file` to a server that does not read for a while, and calls change() meanwhile.
local function send_while(base, file, change)
  return ops.group(function(group)
    group:spawn(function() return http.post(base .. "/size?unread=1", { body_file = file, timeout = "20s" }).body end)
    group:spawn(function()
      ops.wait_until(function()
        return http.get(base .. "/requests").body:find("unread", 1, true) ~= nil, "not asked yet"
      end, { timeout = "20s", every = "20ms" })
      change()
    end)
  end, { on_error = "collect" })[1]
end

server_test("a file that grows while it is sent: what was added is no request of its own", function(base)
  local file = machine.temp() .. "/body"
  machine.write_file(file, ("0123456789"):rep(3000000))
  local sent = send_while(base, file, function()
    machine.run(ops.shell("printf 'DELETE /smuggled HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >> " .. file))
  end)
  t.equal({ sent.ok, sent.value }, { true, "30000000" })
  t.equal(http.get(base .. "/requests").body:find("smuggled", 1, true), nil)
end)

server_test("a file that shrinks while it is sent is an error", function(base)
  local file = machine.temp() .. "/body"
  machine.write_file(file, ("0123456789"):rep(3000000))
  local sent = send_while(base, file, function() machine.run({ "truncate", "-s", "29000000", file }) end)
  t.equal({ sent.ok, sent.error.code, sent.error.maybe_applied, sent.error.message }, { false, "http.file", true,
    "what is sent ended 1000000 bytes before the 30000000 that were promised: the file became shorter meanwhile" })
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

server_test("what answers speaks no HTTP", function(base)
  t.raises("http.protocol", 'the answer is no HTTP (bad version); it reads "220 mail.invalid ESMTP\\r\\n"',
    function() http.get(base .. "/garbage") end)
end)

-- A listener whose queue is full: a connection to it is neither taken nor refused.
local SILENT = [[
import socket, time
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
filler = socket.create_connection(listener.getsockname())
print(listener.getsockname()[1], flush=True)
time.sleep(50)
]]

test("an address that says nothing is given up after connect_timeout", function()
  local port, ok, failure
  pcall(ops.group, function(group)
    group:spawn(function()
      machine.read({ "python3", "-c", SILENT }, { timeout = "10m", grace = 0,
        on_line = function(line) port = line end })
    end)
    group:spawn(function()
      ops.wait_until(function() return port ~= nil, "no port yet" end, { timeout = "30s", every = "20ms" })
      ok, failure = pcall(t.raises, "http.unreachable", "127.0.0.1 port " .. port .. ": no answer within 200ms",
        function() http.post("http://127.0.0.1:" .. port .. "/", { connect_timeout = "200ms", proxy = "none" }) end)
      error("that ends the listener", 0)
    end)
  end)
  if not ok then error(failure or "there was no listener", 0) end
  t.equal({ failure.maybe_applied, failure.retryable }, { false, true })
end)

test("the password of an address is in no error", function()
  local function refused(message, url, options)
    t.raises("usage.argument", message, function() http.get(url, options or {}) end)
  end
  refused('the address "http://name:***@h:99999/" has no port from 1 to 65535', "http://name:pass@h:99999/")
  refused('the address "http://name:***@ho st/" has a host with spaces or other bytes no host has',
    "http://name:pass@ho st/")
  refused('the address "ftp://name:***@p/" begins with neither http:// nor https://', "http://h/",
    { proxy = "ftp://name:pass@p/" })
  refused('the proxy "https://p:443" is spoken to in plain HTTP: write http://', "http://h/",
    { proxy = "https://name:pass@p/" })
  t.raises("http.unreachable", "127.0.0.1 port 9: connection refused",
    function() http.get("http://name:pass@127.0.0.1:9/", { proxy = "none" }) end)
end)

test("no server, wrong addresses", function()
  t.raises("http.unreachable", "127.0.0.1 port 9: connection refused", function() http.get("http://127.0.0.1:9/") end)
  t.raises("usage.argument", 'the address "h1/x" begins with neither http:// nor https://',
    function() http.get("h1/x") end)
end)
