-- Inventories: what they may say, what is refused, which hosts a selection means.
local inventory = require "ops.inventory"
local machine = require "local"
local t = require "testing"
local test = t.test

local function ini(text) return inventory.parse(text, { format = "ini", file = "site" }) end
local function yaml(text) return inventory.parse(text, { format = "yaml", file = "site" }) end

-- Fails unless `parse` refuses the text with that whole message.
local function refused(parse, text, code, message)
  local failure = t.raises(code, message, function() parse(text) end)
  local line, column = message:match("^site:(%d+):(%d+): ")
  t.equal({ failure.detail.file, failure.detail.line, failure.detail.column },
    { "site", tonumber(line), tonumber(column) })
end

local SITE_INI = [[
; a comment
lone
[db]
db[1-3] port=2222
[web]
w1 address=10.0.0.9 user="ops team"   # behind
w2
[site:children]
db
web
[db:vars]
role = data
user = admin
]]

local SITE_YAML = [[
all:
  hosts: {lone: }
  children:
    site:
      children:
        db:
          hosts: {'db[1-3]': {ansible_port: 2222}}
          vars: {role: data, user: admin}
        web:
          hosts:
            w1: {ansible_host: 10.0.0.9, ansible_user: ops team}
            w2:
]]

test("both ways of writing one say the same", function()
  for _, site in ipairs { ini(SITE_INI), yaml(SITE_YAML) } do
    local names = site:names()
    table.sort(names)
    t.equal(names, { "db1", "db2", "db3", "lone", "w1", "w2" })
    local db = site:host("db2")
    t.equal({ db.name, db.address, db.port, db.user, db.vars.role }, { "db2", "db2", 2222, "admin", "data" })
    t.equal(db.groups, { "all", "site", "db" })
    t.equal({ site:host("w1").address, site:host("w1").user }, { "10.0.0.9", "ops team" })
    t.equal({ site:host("lone").user, site:host("lone").port }, {})
    t.equal(site:group("site").hosts, site:names("@site"))
    t.equal(site:group("db").vars, { role = "data", user = "admin" })
    t.equal(site:find_host("nobody"), nil)
  end
end)

test("a selection takes hosts, patterns, ranges and groups, in the inventory's order", function()
  local site = ini(SITE_INI)
  for limit, names in pairs {
    ["all"] = { "lone", "db1", "db2", "db3", "w1", "w2" },
    ["db*,!db3,@web"] = { "db1", "db2", "w1", "w2" },
    ["w2, db1"] = { "db1", "w2" },
    ["db[2-3]"] = { "db2", "db3" },
    ["?1"] = { "w1" },
    ["!db2"] = { "lone", "db1", "db3", "w1", "w2" },
    ["@site,&*1"] = { "db1", "w1" },
    ["@s*,!@web"] = { "db1", "db2", "db3" },
    ["db1,!db1"] = {},
    ["!db1,db1"] = {},
    ["!db3,db*"] = { "db1", "db2" },
    ["!db3,&@site,db*,w1"] = { "db1", "db2", "w1" },
    ["&@web,db1,w1"] = { "w1" },
    ["!@web,&@site"] = { "db1", "db2", "db3" },
    ["@ungrouped"] = { "lone" },
    ["all,!@ungrouped,!@db"] = { "w1", "w2" },
  } do t.equal({ limit, site:names(limit) }, { limit, names }) end
  t.equal(site:hosts("db1")[1].name, "db1")
end)

test("a selection that names nothing is refused", function()
  local site = ini(SITE_INI)
  local function limit_refused(limit, code, message)
    t.raises(code, message, function() site:hosts(limit) end)
  end
  limit_refused("db4", "inventory.unknown_host", 'there is no host "db4"; did you mean "db1"?')
  limit_refused("x*", "inventory.unknown_host", 'there is no host "x*"')
  limit_refused("web", "inventory.unknown_host", 'there is no host "web"; it is a group: @web')
  limit_refused("@wbe", "inventory.unknown_group", 'there is no group "wbe"; did you mean "web"?')
  limit_refused("db1,,w1", "inventory.limit", 'the limit "db1,,w1": there is nothing between two commas')
  limit_refused("", "inventory.limit", 'the limit "": there is nothing between two commas')
  limit_refused("@", "inventory.limit", 'the limit "@": there is nothing between two commas')
  limit_refused("db[3-1]", "inventory.limit",
    'the limit "db[3-1]": "db[3-1]": the range [3-1] is empty: it ends before it begins')
  t.raises("inventory.unknown_host", 'there is no host "db4"; did you mean "db1"?', function() site:host("db4") end)
  t.raises("inventory.unknown_group", 'there is no group "wbe"; did you mean "web"?', function() site:group("wbe") end)
end)

test("ranges count, keep their zeros, have letters and steps", function()
  t.equal(ini("n[08:10]\n"):names(), { "n08", "n09", "n10" })
  t.equal(ini("[a-c]x[1-2]\n"):names(), { "ax1", "ax2", "bx1", "bx2", "cx1", "cx2" })
  t.equal(ini("n[1:9:4].lan\n"):names(), { "n1.lan", "n5.lan", "n9.lan" })
  local how = "a range is [1-9], [01:20], [a-f] or, with a step, [1:9:2]"
  refused(ini, "h[1-\n", "inventory.syntax", 'site:1:1: "h[1-": ' .. how)
  refused(ini, "h[1-a]\n", "inventory.syntax", 'site:1:1: "h[1-a]": ' .. how)
  refused(ini, "h[1:9:0]\n", "inventory.syntax", 'site:1:1: "h[1:9:0]": ' .. how)
  refused(ini, "h[9-1]\n", "inventory.syntax",
    'site:1:1: "h[9-1]": the range [9-1] is empty: it ends before it begins')
  refused(ini, "h[1-1000][1-1000]\n", "inventory.syntax",
    'site:1:1: "h[1-1000][1-1000]": its ranges stand for more than 100000 names')
end)

test("what is nearer to the host wins", function()
  local site = yaml([[
all:
  vars: {x: all, y: all, z: all}
  children:
    outer:
      vars: {x: outer, y: outer}
      children: {inner: {vars: {x: inner}, hosts: {h1: , h2: {x: own}}}}
]])
  t.equal(site:host("h1").vars, { x = "inner", y = "outer", z = "all" })
  t.equal(site:host("h2").vars.x, "own")
end)

test("a way leads through other hosts, and a group's gateway is not its own", function()
  local site = ini("[gw]\ng address=1.2.3.4 user=jump\n[a]\nh1\n[all:vars]\nvia=g\nknown_hosts=/k\n")
  local hop = site:host("h1").via
  t.equal({ hop.name, hop.address, hop.user, hop.known_hosts, hop.via }, { "g", "1.2.3.4", "jump", "/k" })
  t.equal(site:host("g").via, nil)
  refused(ini, "h1 via=nope\n", "inventory.unknown_host",
    'site:1:4: via of "h1" names "nope", which is no host of this inventory')
  refused(ini, "h1 via=h2\nh2 via=h1\n", "inventory.circle", 'site:2:4: the way to "h2" goes through "h1" twice')
end)

test("secrets are by reference", function()
  local site = ini("h1 password=env:DB_PASSWORD\nh2 ansible_ssh_pass=file:/etc/secret\nh3 password=input\n")
  t.equal(site:host("h1").password == "env:DB_PASSWORD", true)
  t.equal(site:host("h2").password == "file:/etc/secret", true)
  local failure = t.raises("inventory.plain_secret", 'site:2:4: password of "h2" is to say where the secret is, not '
    .. "what it is: env:NAME, file:PATH, command:PROGRAM or input", function()
      ini("h1\nh2 password=not-for-the-log\n")
    end)
  t.equal(tostring(failure):find("not-for-the-log", 1, true), nil)
end)

test("a host says where the inventory refers to its secrets", function()
  local site = yaml([[
all:
  vars: {mysql_password: "env:ALL", zk_port: 2181}
  hosts:
    h1: {ansible_password: "env:H1"}
    h2: {mysql_password: "file:/é", key: /k}
    h3: {note: "env:NO_SECRET"}
]])
  t.equal(site:host("h1").places, { ["site:2:10"] = "mysql_password", ["site:4:10"] = "password" })
  t.equal(site:host("h2").places, { ["site:5:10"] = "mysql_password" })
  t.equal(site:host("h3").places, { ["site:2:10"] = "mysql_password" })
  t.equal(ini("h1 user=x\n"):host("h1").places, nil)
  t.equal(inventory.parse("é\n\nh1 x=é password=input", { format = "ini" }):host("h1").places,
    { ["line 3, column 8"] = "password" })
end)

test("every variable of a secret's name is by reference, in maps and lists too, a number as well", function()
  local function plain(parse, text, place, name)
    refused(parse, text, "inventory.plain_secret", "site:" .. place .. ": " .. name .. ' of "h1" is to say where the'
      .. " secret is, not what it is: env:NAME, file:PATH, command:PROGRAM or input")
  end
  plain(ini, "h1 mysql_password=hunter2\n", "1:4", "mysql_password")
  plain(ini, "h1 ansible_become_pass=123456\n", "1:4", "ansible_become_pass")
  plain(ini, "h1\n[all:vars]\napi_token=1.5\n", "3:1", "api_token")
  plain(yaml, "all: {hosts: {h1: {mysql: [{db_password: hunter2}]}}}\n", "1:20", "mysql")
  local vars = yaml("all: {hosts: {h1: {mysql: {password: 'env:X'}, api_token: '', db_password: , secret_id: x}}}\n")
    :host("h1").vars
  t.equal({ vars.mysql.password, vars.api_token, vars.secret_id }, { "env:X", "", "x" })
end)

test("a way goes through at most 16 hosts, and a long one is refused at once", function()
  local function chain(length)
    local lines = {}
    for i = 1, length do lines[i] = ("h%d via=h%d\n"):format(i, i + 1) end
    return table.concat(lines) .. "h" .. length + 1 .. "\n"
  end
  local host, hops = ini(chain(16)):host("h1"), 0
  while host.via do host, hops = host.via, hops + 1 end
  t.equal({ hops, host.name }, { 16, "h17" })
  refused(ini, chain(17), "inventory.circle", 'site:17:5: the way to "h1" goes through more than 16 hosts')
  refused(ini, chain(20000), "inventory.circle", 'site:17:5: the way to "h1" goes through more than 16 hosts')
  -- From its end, where each is known when the next is looked at.
  local lines = { "h0\n" }
  for i = 1, 20000 do lines[i + 1] = ("h%d via=h%d\n"):format(i, i - 1) end
  refused(ini, table.concat(lines), "inventory.circle", 'site:18:5: the way to "h17" goes through more than 16 hosts')
end)

test("groups that contain each other, or are defined nowhere", function()
  local circle = "groups contain each other: a -> b -> a"
  refused(ini, "[a:children]\nb\n[b:children]\na\n", "inventory.circle", "site:1:2: " .. circle)
  refused(yaml, "a: {children: {b: {children: {a: }}}}\n", "inventory.circle", "site:1:1: " .. circle)
  refused(ini, "[a:children]\na\n", "inventory.circle", "site:1:2: groups contain each other: a -> a")
  refused(ini, "[web]\nw1\n[a:children]\nwbe\n", "inventory.unknown_group",
    'site:4:1: nothing defines the group "wbe"; did you mean "web"?')
  refused(ini, "[wbe:vars]\nx=1\n[web]\nw1\n", "inventory.unknown_group",
    'site:1:2: nothing defines the group "wbe"; did you mean "web"?')
  local lines = {}
  for i = 1, 200 do lines[i] = "[g" .. i .. ":children]\ng" .. i + 1 .. "\n" end
  t.raises("inventory.circle", "site:201:2: groups nest deeper than 100 levels",
    function() ini(table.concat(lines) .. "[g201]\nh\n") end)
end)

test("what stands twice", function()
  refused(ini, "[a]\nh1\nh1\n", "inventory.duplicate_host", 'site:3:1: the group "a" lists the host "h1" twice')
  refused(yaml, "a: {hosts: {'h[1-2]': , h2: }}\n", "inventory.duplicate_host",
    'site:1:25: the group "a" lists the host "h2" twice')
  refused(ini, "[a]\nh1 x=1\n[b]\nh1 x=2\n", "inventory.conflict",
    'site:4:4: the host "h1" has x = 1 already, from site:2:4')
  refused(ini, "[a]\nh1\n[a:vars]\nx=1\nx=2\n", "inventory.conflict",
    'site:5:1: the group "a" has x = 1 already, from site:4:1')
  t.equal(ini("[a]\nh1 x=1\n[b]\nh1 x=1\n"):host("h1").groups, { "all", "a", "b" })
end)

test("a text that is no inventory", function()
  refused(ini, "[a", "inventory.syntax", "site:1:1: the section's closing bracket is missing")
  refused(ini, "[a:vrs]\n", "inventory.syntax",
    'site:1:4: "vrs" is no kind of section; there are [GROUP], [GROUP:children] and [GROUP:vars]')
  refused(ini, "[a]\n[a:vars]\nx\n", "inventory.syntax", "site:3:1: a line of [GROUP:vars] is NAME=VALUE")
  refused(ini, "[a:children]\nb c\n", "inventory.syntax", "site:2:3: a line of [GROUP:children] has one group's name")
  refused(ini, "h1 'x\n", "inventory.syntax", "site:1:4: the closing quote is missing")
  refused(ini, "h1 x\n", "inventory.syntax",
    'site:1:4: behind a host stand its variables, NAME=VALUE; "x" is none')
  refused(ini, "h1 n=99999999999999999999999\n", "inventory.syntax",
    "site:1:4: an integer of more than 64 bits would lose digits; put it in quotes")
  refused(ini, "[]\n", "inventory.syntax", 'site:1:2: "" is no name for a group')
  refused(ini, "@x\n", "inventory.syntax", 'site:1:1: "@x" is no name for a host')
  refused(yaml, "- a\n", "inventory.syntax",
    "site:1:1: an inventory is a map of groups: all: {hosts: ..., children: ...}")
  refused(yaml, "a: 5\n", "inventory.syntax", 'site:1:4: the group "a" is no map')
  refused(yaml, "a: {host: {x: 1}}\n", "inventory.syntax",
    'site:1:5: the group "a" has "host"; a group has hosts, children and vars')
  refused(yaml, "a: {hosts: [[1]]}\n", "inventory.syntax",
    "site:1:13: a host's name is a text; a map of hosts has their variables")
  refused(yaml, "a: {hosts: {h: 1}}\n", "inventory.syntax", 'site:1:16: the variables of the host "h" are no map')
  refused(yaml, "a: {vars: [1]}\n", "inventory.syntax", "site:1:11: vars is a map")
  refused(yaml, "a: {children: 1}\n", "inventory.syntax",
    "site:1:15: children is a map of groups, or a list of their names")
  refused(yaml, "a: [1", "data.syntax", "site:2:1: flow sequence without a closing bracket")
end)

test("connection details that are none", function()
  refused(ini, "h1 port=x\n", "inventory.value",
    'site:1:4: port of "h1" is "x"; expected a number from 1 to 65535')
  refused(ini, "h1 port=65536\n", "inventory.value",
    'site:1:4: port of "h1" is 65536; expected a number from 1 to 65535')
  refused(yaml, "a: {hosts: {h1: {user: [x]}}}\n", "inventory.value",
    'site:1:18: user of "h1" is {"x"}; expected a text')
  refused(yaml, "a: {hosts: {h1: {via: 1}}}\n", "inventory.value",
    'site:1:18: via of "h1" is 1; expected the name of another host')
end)

test("the format goes by the file's ending, then by the first line", function()
  t.equal(inventory.parse("# c\nall:\n  hosts: {h1: }\n"):names(), { "h1" })
  t.equal(inventory.parse("[a]\nh1\n"):names(), { "h1" })
  t.equal(inventory.parse("h1\n"):names(), { "h1" })
  t.equal(inventory.parse('{"all": {"hosts": {"h1": {}}}}'):names(), { "h1" })
  t.equal(inventory.parse("h1\n", { file = "x.ini" }):names(), { "h1" })
  t.equal(inventory.parse(""):names(), {})
end)

test("a file is read, unless anyone may write it", function()
  machine.write_file("site.ini", SITE_INI, { mode = "0644" })
  t.equal(#inventory.load("site.ini"):names(), 6)
  machine.chmod("site.ini", "0646")
  t.raises("inventory.not_trusted",
    "anyone may write site.ini, so anyone could say where we connect; chmod o-w site.ini",
    function() inventory.load("site.ini") end)
  t.raises("local.not_found", nil, function() inventory.load("stie.ini") end)
  machine.write_file("site.yml", "a: [1\n", { mode = "0600" })
  t.raises("data.syntax", "site.yml:2:1: flow sequence without a closing bracket",
    function() inventory.load("site.yml") end)
end)

test("ten thousand hosts", function()
  local lines = {}
  for rack = 1, 100 do lines[rack] = ("[rack%d]\nnode%d-[1-100] user=ops\n"):format(rack, rack) end
  local site = ini(table.concat(lines))
  t.equal({ #site:names(), #site:names("node1*,!node17*,@rack3") }, { 10000, 1200 })
  -- A tenth of them costs a tenth, give or take: nothing looks at all hosts for each.
  local function cost(count)
    local best = math.huge
    for _ = 1, 3 do
      local began = os.clock()
      ini(table.concat(lines, "", 1, count)):names("node1*,!node1-*")
      best = math.min(best, os.clock() - began)
    end
    return best
  end
  local ratio = cost(100) / cost(10)
  t.truthy(ratio < 40, "ten times the hosts cost " .. ratio .. " times as much, which")
end)

test("an inventory has its limits", function()
  local function limited(text, place, what)
    refused(ini, text, "data.limit", "site:" .. place .. ": there are more than " .. what)
  end
  local function variables(count)
    local words = {}
    for i = 1, count do words[i] = " v" .. i .. "=1" end
    return table.concat(words)
  end
  t.equal(ini("h1" .. variables(1000)):host("h1").vars.v1000, 1)
  limited("h1" .. variables(1001), "1:6897", "1000 variables of a host")
  limited("h[1-50000]\nh[50001-90000]\nx[1-20000]\n", "3:1", "100000 hosts")
  limited("h[1-100000]" .. variables(11), "1:64", "1000000 variables of all hosts together")
  local groups = {}
  for i = 1, 10001 do groups[i] = "[g" .. i .. "]\n" end
  limited(table.concat(groups), "10000:2", "10000 groups")
end)

test("what Ansible writes", function()
  for _, site in ipairs { ini("web1:2222\ndb[1:2]:2223\nfe80::1\n"),
    yaml("all: {hosts: {'web1:2222': , 'db[1:2]:2223': , 'fe80::1': }}\n") } do
    t.equal({ site:host("web1").port, site:host("db2").port, site:host("fe80::1").port }, { 2222, 2223 })
    t.equal(site:names(), { "web1", "db1", "db2", "fe80::1" })
  end
  refused(ini, "web1:2222 port=22\n", "inventory.conflict",
    'site:1:11: the host "web1" has port = 2222 already, from site:1:1')
  refused(ini, "h1 ansible_connection=local\n", "inventory.value", 'site:1:4: ansible_connection of "h1" is "local"; '
    .. "hosts of an inventory are reached by ssh. For this machine use the module `local`")
  t.equal(ini("h1 ansible_connection=ssh\n"):host("h1").name, "h1")
  refused(yaml, "all:\n  vars:\n    x: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n", "data.syntax",
    "site:4:1: only Ansible opens a !vault; put the secret into the environment, a file of mode 0600 or a password "
    .. "store, and say where it is: env:NAME, file:PATH, command:PROGRAM")
end)
