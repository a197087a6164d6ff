-- Nodes: what each call does, and what it says when it cannot.
local ops = require "ops"
local support = require "zk.support"
local secret = require "ops.secret"
local t = require "testing"
local zk = require "zk"
local test = t.test

test("a node is created, read, set and deleted", function()
  support.with_root({}, function(z, root)
    local path = root .. "/config"
    t.equal(z:exists(path), nil)
    t.equal(z:find_node(path), nil)
    t.equal(z:create(path, "one"), path)
    local node = z:get(path)
    t.equal({ node.path, node.data, node.stat.version, node.stat.ephemeral }, { path, "one", 0, false })
    t.truthy(node.stat.czxid:match("^0x%x+$"), "czxid " .. node.stat.czxid)
    t.equal(node.stat.czxid, node.stat.mzxid)
    t.equal(z:set(path, "two").version, 1)
    t.equal(z:set(path, "three", { version = 1 }).version, 2)
    t.equal({ z:get(path).data, z:exists(path).data_length }, { "three", 5 })
    z:delete(path, { version = 2 })
    z:delete(path)
    t.equal(z:exists(path), nil)
  end)
end)

test("every byte survives, and a node may be empty", function()
  support.with_root({}, function(z, root)
    local bytes = {}
    for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
    local all = table.concat(bytes):rep(1000)
    z:create(root .. "/bytes", all)
    t.equal(z:get(root .. "/bytes").data == all, true)
    z:create(root .. "/empty")
    t.equal(z:get(root .. "/empty").data, "")
  end)
end)

test("children are listed by name; ten thousand of them too", function()
  support.with_root({}, function(z, root)
    for _, name in ipairs { "b", "c", "a", "ä" } do z:create(root .. "/" .. name) end
    t.equal(z:children(root), { "a", "b", "c", "ä" })
    local many = root .. "/many"
    z:create(many)
    local names = {}
    for i = 1, 10000 do names[i] = string.format("child-with-a-longer-name-%05d", i) end
    ops.each(names, { parallel = 200 }, function(name) z:create(many .. "/" .. name) end)
    t.equal(z:exists(many).children_count, 10000)
    local listed = z:children(many)
    t.equal({ #listed, listed[1], listed[10000] }, { 10000, names[1], names[10000] })
  end)
end)

test("kinds of nodes: sequential, ephemeral, with what is missing above", function()
  support.with_root({}, function(z, root)
    t.equal(z:create(root .. "/task-", "", { sequential = true }), root .. "/task-0000000000")
    t.equal(z:create(root .. "/task-", "", { sequential = true }), root .. "/task-0000000001")
    z:create(root .. "/mine", "", { ephemeral = true })
    local stat = z:exists(root .. "/mine")
    t.equal({ stat.ephemeral, stat.owner_session }, { true, z:session().id })
    t.equal(z:create(root .. "/a/b/c", "deep", { makepath = true }), root .. "/a/b/c")
    t.equal({ z:get(root .. "/a/b").data, z:get(root .. "/a/b/c").data }, { "", "deep" })
    z:ensure_path(root .. "/a/b/c")
    z:ensure_path(root .. "/x/y")
    t.equal(z:children(root .. "/x"), { "y" })
    local tagged = z:create(root .. "/job-", "", { sequential = true, tagged = true })
    t.truthy(tagged:match("/_c_%x+%-job%-%d+$"), tagged)
  end)
end)

test("an ephemeral node goes with the session that made it", function()
  support.with_root({}, function(z, root)
    local other = support.connect()
    other:create(root .. "/theirs", "", { ephemeral = true })
    z:sync(root)
    t.truthy(z:exists(root .. "/theirs"))
    other:close()
    ops.wait_until(function() return z:exists(root .. "/theirs") == nil end, { timeout = "20s", every = "20ms" })
  end)
end)

test("what is not there is named, with the nearest there is", function()
  support.with_root({}, function(z, root)
    z:create(root .. "/config", "")
    t.raises("zk.not_found", '"' .. root .. '/confg" does not exist; did you mean "' .. root .. '/config"?', function()
      z:get(root .. "/confg")
    end)
    t.raises("zk.not_found", '"' .. root .. '/a/b/c" does not exist; the nearest node above it is "' .. root .. '"',
      function() z:set(root .. "/a/b/c", "") end)
    local failure = t.raises("zk.not_found", '"' .. root .. '/a/b" cannot be created: "' .. root
      .. '/a" does not exist; say makepath = true to create what is missing', function() z:create(root .. "/a/b") end)
    t.equal({ failure.target, failure.op, failure.maybe_applied, failure.retryable },
      { support.hosts, "Client:create", false, false })
    t.raises("zk.not_found", '"' .. root .. '/gone" does not exist', function()
      z:delete(root .. "/gone", { version = 0 })
    end)
  end)
end)

test("what is in the way is named", function()
  support.with_root({}, function(z, root)
    z:create(root .. "/a/b", "", { makepath = true })
    t.raises("zk.exists", '"' .. root .. '/a" exists already', function() z:create(root .. "/a") end)
    t.raises("zk.not_empty", '"' .. root .. '/a" has children; say recursive = true if all of it shall go', function()
      z:delete(root .. "/a")
    end)
    t.raises("zk.bad_version", '"' .. root
      .. '/a" was changed by somebody else: its version is no longer the given one',
      function() z:set(root .. "/a", "", { version = 3 }) end)
    z:create(root .. "/short", "", { ephemeral = true })
    t.raises("zk.ephemeral_parent", '"' .. root
      .. '/short/a" cannot be created: the node above it is ephemeral, and such have no children',
      function() z:create(root .. "/short/a") end)
  end)
end)

test("paths no server takes are refused before anything is sent", function()
  local z = zk.connect({ hosts = "127.0.0.1:1" })
  local function refused(path, why)
    local shown = path:gsub("\1", "\\x01"):gsub("\255", "\\xff")
    t.raises("usage.argument", '"' .. shown .. '" is no path of a node: ' .. why, function() z:get(path) end)
  end
  refused("", 'it has to begin with "/"')
  refused("a", 'it has to begin with "/"')
  refused("/a/", 'it ends in "/"')
  refused("/a//b", "it has an empty part")
  refused("/a/../b", '".." is no name; give the whole path')
  refused("/.", '"." is no name; give the whole path')
  refused("/a\1", "byte 3 begins a character no server takes")
  refused("/a\255", "it is not UTF-8")
  refused("/\240\159\152\128", "byte 2 begins a character no server takes")
  support.with_root({}, function(client, root)
    local odd = root .. '/a b"\'$*\\ é 漢 %00'
    client:create(odd, "odd")
    t.equal(client:get(odd).data, "odd")
    t.equal(client:children(root), { 'a b"\'$*\\ é 漢 %00' })
  end)
end)

test("data beyond what the servers take is refused before it is sent, just below it goes through", function()
  support.with_root({}, function(z, root)
    local path = root .. "/large"
    z:create(path, ("x"):rep(1000000))
    t.equal(#z:get(path).data, 1000000)
    local failure = t.raises("zk.too_large", nil, function() z:set(path, ("x"):rep(1048576)) end)
    t.equal(failure.message, 'set "' .. path .. '": ' .. (1048576 + #path) .. " bytes are more than a request may have "
      .. "(1048575); the servers would close the connection (jute.maxbuffer). Keep less in it, or raise max_request "
      .. "together with theirs")
    t.equal(failure.maybe_applied, false)
    -- What the check is there for.
    local careless = support.connect({ max_request = "8MiB" })
    local lost = t.raises("zk.connection_lost", nil, function() careless:set(path, ("x"):rep(2000000)) end)
    t.equal({ lost.maybe_applied, lost.retryable }, { true, true })
    careless:close()
    t.equal(#z:get(path).data, 1000000)
  end)
end)

test("a chroot stands for the root", function()
  support.with_root({}, function(z, root)
    z:create(root .. "/app", "")
    local inside = support.connect({ chroot = root .. "/app" })
    t.equal(inside:create("/a", "in"), "/a")
    t.equal(inside:create("/n-", "", { sequential = true }), "/n-0000000001")
    t.equal({ inside:get("/a").path, inside:children("/") }, { "/a", { "a", "n-0000000001" } })
    t.equal(z:get(root .. "/app/a").data, "in")
    -- A number alone stays below the chroot too.
    t.equal(inside:create("/", "", { sequential = true }), "/0000000002")
    local made = inside:transaction({ { op = "create", path = "/", sequential = true } })
    t.equal({ made[1].path, z:children(root) }, { "/0000000003", { "app" } })
    inside:close()
    local wrong = support.connect({ chroot = root .. "/ap" })
    t.raises("zk.not_found", '"/a" does not exist, as the chroot "' .. root
      .. '/ap" does not: create that, or correct `chroot`', function() wrong:get("/a") end)
    t.raises("zk.not_found", '"/a" cannot be created: "/" does not exist, as the chroot "' .. root
      .. '/ap" does not: create that, or correct `chroot`', function() wrong:create("/a", "", { makepath = true }) end)
    wrong:close()
  end)
end)

test("an access list says who may do what", function()
  support.with_root({}, function(z, root)
    local path = root .. "/a"
    z:create(path)
    t.equal(z:acl(path), { { scheme = "world", id = "anyone", permissions = "cdrwa" } })
    t.raises("zk.invalid_acl", 'the server does not take that access list for "' .. root
      .. '/x": an unknown scheme, or "creator" without a login', function()
      z:create(root .. "/x", "", { acl = "creator" })
    end)
    z:create(root .. "/fixed", "", { acl = "read" })
    t.raises("zk.no_auth", 'the access list of "' .. root .. '/fixed" does not let us set',
      function() z:set(root .. "/fixed", "x") end)
    z:set_acl(path, { { scheme = "world", id = "anyone", permissions = "rd" } })
    t.equal(z:acl(path), { { scheme = "world", id = "anyone", permissions = "dr" } })
    t.raises("usage.argument", 'acl: "rx" are no permissions; they are letters of "rwcda": read, write, create, '
      .. "delete, admin", function() z:set_acl(path, { { permissions = "rx" } }) end)
    t.raises("usage.argument", "acl: an empty list lets nobody do anything, which no server takes", function()
      z:set_acl(path, {})
    end)
  end)
end)

test("a transaction happens as a whole or not at all", function()
  support.with_root({}, function(z, root)
    local results = z:transaction({
      { op = "create", path = root .. "/a", data = "1" },
      { op = "create", path = root .. "/s-", sequential = true },
      { op = "set", path = root .. "/a", data = "2", version = 0 },
      { op = "check", path = root .. "/a", version = 1 },
    })
    t.equal({ results[1].path, results[2].path, results[3].stat.version, #results },
      { root .. "/a", root .. "/s-0000000001", 1, 4 })
    local failure = t.raises("zk.transaction", 'step 2 of 3, set "' .. root .. '/a", failed: "' .. root
      .. '/a" was changed by somebody else: its version is no longer the given one. Nothing was changed', function()
      z:transaction({
        { op = "create", path = root .. "/b" },
        { op = "set", path = root .. "/a", data = "3", version = 0 },
        { op = "delete", path = root .. "/a" },
      })
    end)
    t.equal({ failure.detail.step, failure.detail.code, failure.cause.code, failure.maybe_applied },
      { 2, "zk.bad_version", "zk.bad_version", false })
    t.equal({ z:exists(root .. "/b"), z:get(root .. "/a").data }, { nil, "2" })
    t.raises("usage.argument", "the transaction has no step", function() z:transaction({}) end)
    z:transaction({ { op = "delete", path = root .. "/a" } })
    t.equal(z:exists(root .. "/a"), nil)
  end)
end)

test("many fibers share one session, and equal arguments share it too", function()
  support.with_root({}, function(z, root)
    local names = {}
    for i = 1, 500 do names[i] = string.format("n%03d", i) end
    ops.each(names, { parallel = 500 }, function(name) z:create(root .. "/" .. name, name) end)
    local results = ops.each(names, { parallel = 500 }, function(name) return z:get(root .. "/" .. name).data end)
    for i, name in ipairs(names) do t.equal(results[i].value, name) end
    local one, other = zk.connect({ hosts = support.hosts }), zk.connect({ hosts = support.hosts })
    one:alive()
    t.equal(one:session().id, other:session().id)
    one:close()
    t.equal(other:alive(), true)
    t.raises("closed", nil, function() one:alive() end)
    other:close()
    other:close()
  end)
end)

test("a tree is deleted from its leaves, and deleting what is gone is no error", function()
  support.with_root({}, function(z, root)
    for i = 1, 5 do
      for k = 1, 40 do z:create(root .. "/tree/" .. i .. "/" .. k, "", { makepath = true }) end
    end
    z:delete(root .. "/tree", { recursive = true })
    t.equal(z:children(root), {})
    z:delete(root .. "/tree", { recursive = true })
    t.raises("zk.not_found", nil, function() z:delete(root .. "/tree", { recursive = true, version = 0 }) end)
  end)
end)

test("wrong arguments are said at once", function()
  t.raises("usage.argument", 'hosts: "zk1:0" has no port from 1 to 65535 after its ":"', function()
    zk.connect({ hosts = "zk1:0" })
  end)
  t.raises("usage.argument", 'hosts: "zk1/app" has a path in it; say chroot = "/..." for that', function()
    zk.connect({ hosts = { "zk1/app" } })
  end)
  t.raises("usage.argument", "hosts: the list is empty; name at least one server", function()
    zk.connect({ hosts = {} })
  end)
  t.raises("usage.argument", nil, function() zk.connect({ hosts = "a", chrot = "/x" }) end)
  t.raises("usage.argument", nil, function() zk.connect({ hosts = "a", chroot = "x" }) end)
  t.raises("usage.argument", 'auth.user is "a:b"; a name has at least one character, no ":" and no control character',
    function() zk.connect({ hosts = "a", auth = { user = "a:b", password = secret.env "HOME" } }) end)
  t.raises("usage.argument", "session_timeout is 0s; give 1ms to 24h", function()
    zk.connect({ hosts = "a", session_timeout = 0 })
  end)
end)
