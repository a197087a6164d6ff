-- Logins of scripts, with secrets, and what access lists let them do.
local machine = require "local"
local secret = require "ops.secret"
local support = require "zk.support"
local t = require "testing"
local test = t.test

local function login(user, password)
  local file = machine.temp() .. "/password"
  machine.write_file(file, password .. "\n", { mode = "0600" })
  return { user = user, password = secret.file(file) }
end

--- As the servers keep a login: "user:base64(sha1(user:password))".
local function digest_of(user, password)
  local made = machine.run({ "bash", "-c", [[ printf %s "$1" | openssl dgst -sha1 -binary | base64 ]], "digest",
    user .. ":" .. password })
  return user .. ":" .. made.stdout:match("%S+")
end

test("a script logs in with a secret, and is logged in again after a broken connection", function()
  support.with_root({}, function(plain, root)
    support.with_proxy(function(hosts, tell)
      local z = support.connect({ hosts = hosts, session_timeout = "20s", auth = login("operator", "tiger-lily") })
      z:create(root .. "/mine", "hidden", { acl = "creator" })
      local id = z:session().id
      t.equal(z:acl(root .. "/mine"),
        { { scheme = "digest", id = digest_of("operator", "tiger-lily"), permissions = "cdrwa" } })
      plain:sync(root)
      t.raises("zk.no_auth", 'the access list of "' .. root .. '/mine" does not let us get', function()
        plain:get(root .. "/mine")
      end)
      tell "refuse"
      support.wait_state(z, "suspended")
      tell "pass"
      t.equal({ z:get(root .. "/mine").data, z:session().id }, { "hidden", id })
      z:delete(root .. "/mine")
      z:close()
    end)
  end)
end)

test("access lists by digest and by address", function()
  support.with_root({}, function(plain, root)
    plain:create(root .. "/for-operator", "1", { acl = {
      { scheme = "digest", id = digest_of("operator", "tiger-lily"), permissions = "r" },
      { scheme = "ip", id = "10.99.0.0/16", permissions = "rwcda" },
    } })
    plain:create(root .. "/for-us", "2", { acl = { { scheme = "ip", id = "127.0.0.0/8", permissions = "r" } } })
    t.raises("zk.no_auth", nil, function() plain:get(root .. "/for-operator") end)
    t.equal(plain:get(root .. "/for-us").data, "2")
    t.raises("zk.no_auth", 'the access list of "' .. root .. '/for-us" does not let us set', function()
      plain:set(root .. "/for-us", "3")
    end)
    local right = support.connect({ auth = login("operator", "tiger-lily") })
    right:sync(root)
    t.equal(right:get(root .. "/for-operator").data, "1")
    t.raises("zk.no_auth", nil, function() right:set(root .. "/for-operator", "3") end)
    local wrong = support.connect({ auth = login("operator", "water-lily") })
    wrong:sync(root)
    t.raises("zk.no_auth", nil, function() wrong:get(root .. "/for-operator") end)
    -- Its list is of no matter for that: the one of the node above is.
    right:delete(root .. "/for-operator")
    right:close()
    wrong:close()
  end)
end)

test("a lock's nodes have the access list that its options give", function()
  support.with_root({}, function(plain, root)
    local z = support.connect({ auth = login("operator", "tiger-lily") })
    z:lock(root .. "/lock", { acl = "creator" }, function(lock)
      t.equal({ z:acl(lock.node)[1].scheme, z:acl(root .. "/lock")[1].scheme }, { "digest", "digest" })
      plain:sync(root)
      t.raises("zk.no_auth", nil, function() plain:delete(lock.node) end)
    end)
    z:delete(root .. "/lock")
    z:close()
  end)
end)
