local inventory = require "ops.inventory"
local t = require "testing"
local test = t.test

test("ranges, groups, variables and selections", function()
  local site = inventory.parse("[db]\ndb[1-3] port=2222\n[web]\nw1\n[db:vars]\nrole=data\n")
  t.equal(site:names("db*,!db3,@web"), { "db1", "db2", "w1" })
  t.equal({ site:host("db1").port, site:host("db1").vars.role }, { 2222, "data" })
  t.raises("inventory.unknown_host", 'there is no host "db4"; did you mean "db1"?', function() site:host("db4") end)
end)
