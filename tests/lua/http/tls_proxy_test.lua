-- `http` over TLS, and through proxies.
local data = require "data"
local http = require "http"
local machine = require "local"
local ops = require "ops"
local t = require "testing"
local test = t.test

local program = ops.args[1]:match("^(.*)/http/[^/]*$") .. "/http_server.py"

-- A certificate for these names that nobody but its own file vouches for; key and certificate in one file.
local function certificate(names)
  local file = machine.temp() .. "/server.pem"
  machine.run({ "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
    "2", "-subj", "/CN=web", "-addext", "subjectAltName=" .. names, "-keyout", file .. ".key", "-out", file })
  local ca = machine.read_file(file)
  machine.write_file(file, ca .. machine.read_file(file .. ".key"))
  machine.write_file(file .. ".ca", ca)
  return file
end

--- fn(plain, secure, ca): a server's two addresses and the file that vouches for the second.
local function server_test(name, fn)
  test(name, function()
    local file = certificate("DNS:web.invalid,DNS:localhost,IP:127.0.0.1")
    local port_file = machine.temp() .. "/port"
    local ok, failure
    pcall(ops.group, function(group)
      group:spawn(function() machine.read({ "python3", program, port_file, file }, { timeout = "10m", grace = 0 }) end)
      group:spawn(function()
        ops.wait_until(function() return machine.exists(port_file) ~= nil, "no port yet" end,
          { timeout = "30s", every = "20ms" })
        local plain, secure = machine.read_file(port_file):match("^(%d+)\n(%d+)$")
        ok, failure = pcall(fn, "http://127.0.0.1:" .. plain, "https://127.0.0.1:" .. secure, file .. ".ca", secure)
        error("that ends the server", 0)
      end)
    end)
    if not ok then error(failure, 0) end
  end)
end

server_test("https: verified, kept, with a body both ways", function(_, secure, ca)
  local first = data.from_json(http.get(secure .. "/echo", { ca_file = ca }).body).connection
  t.equal(data.from_json(http.get(secure .. "/echo", { ca_file = ca }).body).connection, first)
  local body = ("0123456789"):rep(300000)
  t.equal(http.post(secure .. "/size", { ca_file = ca, body = body }).body, "3000000")
  local bytes = 0
  for piece in http.chunks(secure .. "/big?bytes=20000000", { ca_file = ca }) do bytes = bytes + #piece end
  t.equal(bytes, 20000000)
  t.raises("http.connection_lost", nil, function() http.get(secure .. "/half", { ca_file = ca }) end)
end)

server_test("https: nobody vouches for it, another name, not verified, plain there", function(plain, secure, ca)
  local failure = t.raises("http.tls", nil, function() http.get(secure .. "/echo") end)
  t.equal({ failure.detail.problem, failure.target }, { "unknown_ca", secure })
  t.equal(http.get(secure .. "/echo", { verify = false }).status, 200)
  local other = certificate("DNS:other.invalid") .. ".ca"
  failure = t.raises("http.tls", nil, function() http.get(secure .. "/echo", { ca_file = other }) end)
  t.equal(failure.detail.problem, "unknown_ca")
  failure = t.raises("http.tls", "127.0.0.1 does not speak TLS on that port: is it the port for plain text?",
    function() http.get((plain:gsub("http:", "https:")) .. "/echo", { ca_file = ca }) end)
  t.equal(failure.detail.problem, "no_tls")
end)

server_test("https that redirects to plain http is not followed", function(plain, secure, ca)
  t.raises("http.redirect", secure .. "/redirect?to=" .. plain .. "/echo redirects from https to plain " .. plain
    .. "/echo: ask that one, if it is what you want",
      function() http.get(secure .. "/redirect?to=" .. plain .. "/echo", { ca_file = ca }) end)
end)

server_test("a certificate's file that cannot be used", function(_, secure)
  t.raises("http.tls_file", "the authorities' file \"/nowhere/ca.pem\": No such file or directory",
    function() http.get(secure .. "/echo", { ca_file = "/nowhere/ca.pem" }) end)
end)

server_test("https through a proxy: the tunnel, the name that is verified, a login", function(plain, _, ca, port)
  local far = "https://web.invalid:" .. port .. "/echo"
  local seen = data.from_json(http.get(far, { proxy = plain:gsub("//", "//name:pass@"), ca_file = ca }).body)
  t.equal({ seen.path, seen.headers.host, seen.headers["proxy-authorization"] },
    { "/echo", "web.invalid:" .. port, nil })
  t.equal(http.get_json(plain .. "/tunnels"), { { to = "web.invalid:" .. port, login = "Basic bmFtZTpwYXNz" } })
  local failure = t.raises("http.tls", nil, function()
    http.get("https://elsewhere.invalid:" .. port .. "/echo", { proxy = plain, ca_file = ca })
  end)
  t.equal(failure.detail.problem, "name_mismatch")
end)

server_test("a proxy that says no, one that is not there", function(plain, _, ca)
  t.raises("http.unreachable", "the proxy " .. plain .. " lets us not through to forbidden.invalid:443: "
    .. '"HTTP/1.1 403 Not for you"',
      function() http.get("https://forbidden.invalid/", { proxy = plain, ca_file = ca }) end)
  t.raises("http.unreachable", "127.0.0.1 port 9: connection refused",
    function() http.get("https://web.invalid/", { proxy = "http://127.0.0.1:9", ca_file = ca }) end)
end)

server_test("the proxy of the environment, and whom it is not asked for", function(plain)
  local ours = machine.read(ops.shell "readlink /proc/$PPID/exe").stdout:gsub("\n", "")
  local function get(url, environment)
    return machine.read({ ours, "eval", ('print(require("http").get(%q).url)'):format(url) },
      { env = environment, accept = "any" })
  end
  t.equal(get("http://far.invalid/echo", { http_proxy = plain }).stdout, "http://far.invalid/echo\n")
  local nobody = "http://127.0.0.1:9"
  t.equal(get(plain .. "/echo", { http_proxy = nobody, no_proxy = "localhost,127.0.0.1" }).stdout, plain .. "/echo\n")
  local failed = get(plain .. "/echo", { http_proxy = nobody, no_proxy = "localhost" })
  t.equal({ failed.stdout, failed.exit_code }, { "", 4 })
  t.truthy(failed.stderr:find("127.0.0.1 port 9: connection refused", 1, true), failed.stderr)
end)
