-- YAML changed in place: all that is not changed stays as it is, to the byte.
local data = require "data"
local ops = require "ops"
local t = require "testing"
local test = t.test

-- Applies {path, value} pairs, or {path} to delete, and compares the text.
local function becomes(before, steps, after)
  local document = data.edit_yaml(before)
  for _, step in ipairs(steps) do
    if step[2] == nil then document:delete(step[1]) else document:set(step[1], step[2]) end
  end
  t.equal(document:text(), after)
end

-- Fails unless the change is refused, and leaves the text alone.
local function refused(text, path, value, problem)
  local document = data.edit_yaml(text)
  t.raises("data.edit", problem, function()
    if value == nil then document:delete(path) else document:set(path, value) end
  end)
  t.equal(document:text(), text)
end

local COMPOSE = [[
# head
services:
  web:
    image: 'web:1'   # pinned
    ports: [80, 443]
    env:
      # why
      A: "1"
      B: two # yes
  db: {image: db:1, ports: []}
# tail
]]

test("values are replaced with their quotes, comments and style kept", function()
  becomes(COMPOSE,
    { { "services.web.image", "web:2" }, { "services.web.env.A", "2" }, { "services.db.image", "db:2" } },
    (COMPOSE:gsub("web:1", "web:2"):gsub('"1"', '"2"'):gsub("db:1", "db:2")))
  becomes("a: 'it''s'\nb: \"q\\\"x\"\n", { { "a", "it's new" }, { "b", "plain" } }, "a: it's new\nb: \"plain\"\n")
  becomes("a: 1\n", { { "a", "yes" } }, "a: 'yes'\n")
  becomes("a: x\n", { { "a", ops.null } }, "a: null\n")
  becomes("? a\n: 1\n", { { "a", 2 } }, "? a\n: 2\n")
  becomes("--- # doc\na: 1\n...\n", { { "a", 2 } }, "--- # doc\na: 2\n...\n")
end)

test("entries and elements are added at the end of theirs, indented as their neighbours", function()
  becomes(COMPOSE, { { "services.web.env.C", "x: y" }, { "services.web.ports[3]", 8080 } },
    (COMPOSE:gsub("443", "443, 8080"):gsub("# yes", "# yes\n      C: 'x: y'")))
  becomes("x:\n    deep:\n        four: 1\n", { { "x.deep.five", 5 } },
    "x:\n    deep:\n        four: 1\n        five: 5\n")
  becomes("list:\n- a\n", { { "list[2]", "b" }, { "list[3]", { k = 1, l = 2 } } },
    "list:\n- a\n- b\n- k: 1\n  l: 2\n")
  becomes("a: {}\nb: []\nc:\n", { { "a.x", 1 }, { "b[1]", 2 }, { "c.d", 3 } },
    "a:\n  x: 1\nb:\n  - 2\nc:\n  d: 3\n")
  becomes("a: 1", { { "b", "x" } }, "a: 1\nb: x")
  becomes("", { { "a.b", 1 } }, "a:\n  b: 1\n")
  becomes("# only a comment\n", { { "a", { 1 } } }, "# only a comment\na:\n  - 1\n")
end)

test("maps on the way that are missing are made", function()
  becomes("a: 1\n", { { "b.c.d", true } }, "a: 1\nb:\n  c:\n    d: true\n")
  becomes("a: {x: 1}\n", { { "a.y.z[1]", 2 } }, "a: {x: 1, y: {z: [2]}}\n")
end)

test("entries and elements go with their lines", function()
  becomes(COMPOSE, { { "services.web.ports[1]" }, { "services.web.env.B" }, { "services.db" } },
    (COMPOSE:gsub("80, ", ""):gsub("      B: two # yes\n", ""):gsub("  db: %b{}\n", "")))
  becomes("list:\n- a\n- b: 1\n  c: 2\n-\n  - n\n- last\n", { { "list[2].b" }, { "list[3]" }, { "list[1]" } },
    "list:\n- c: 2\n- last\n")
  becomes("list:\n  - a\n  -\n  - b\n", { { "list[2]" } }, "list:\n  - a\n  - b\n")
  becomes("- # none\n- a\n-\n", { { "[1]" }, { "[2]", "x" }, { "[3]", "y" } }, "- a\n- x\n- y\n")
  becomes("list:\n  - a\n  -\nnext: 1\n", { { "list[3]", "b" }, { "list" } }, "next: 1\n")
  becomes("a: {b: 1,\n    c: 2}\n", { { "a.b" } }, "a: {c: 2}\n")
  becomes("a: {b: 1, c: 2}\n", { { "a.c" } }, "a: {b: 1}\n")
  becomes("list:\n- a\nmap:\n  k: v\n", { { "list[1]" }, { "map.k" } }, "list: []\nmap: {}\n")
  becomes("a: 1\n", { { "b" }, { "a.b.c" }, { "a[3]" } }, "a: 1\n")
end)

test("short values become long ones and back", function()
  becomes("a: 1 # why\nb: 2\n", { { "a", { x = 1, y = { 1, 2 } } } },
    "a: # why\n  x: 1\n  y:\n    - 1\n    - 2\nb: 2\n")
  becomes("a: 1 # why\n", { { "a", "one\ntwo\n" } }, "a: | # why\n  one\n  two\n")
  becomes("text: |\n  one\n  two\n\nnext: 1\n", { { "text", "three\nfour\n" } },
    "text: |\n  three\n  four\n\nnext: 1\n")
  becomes("text: |\n  one\n  two\n\nnext: 1\n", { { "text", "single" } }, "text: single\n\nnext: 1\n")
  becomes("text: >-\n  folded\n  more\nnext: 1\n", { { "text" } }, "next: 1\n")
  becomes("a:\n  b: 1\n  c: 2\nd: 3\n", { { "a", 7 } }, "a: 7\nd: 3\n")
  becomes("- 1\n- 2\n", { { "[2]", { k = "v" } } }, "- 1\n- k: v\n")
end)

test("lines keep the way they break", function()
  becomes("a: 1\r\nb:\r\n  - x\r\nc: 3\r\n", { { "d", 4 }, { "b[2]", "y" }, { "e.f", { 1 } }, { "a" } },
    "b:\r\n  - x\r\n  - y\r\nc: 3\r\nd: 4\r\ne:\r\n  f:\r\n    - 1\r\n")
end)

test("a path is a text, or a list where a name has points in it", function()
  becomes("'x.y': 1\nz: [{n: 2}]\n", { { { "x.y" }, 3 }, { { "z", 1, "n" }, 4 } }, "'x.y': 3\nz: [{n: 4}]\n")
  local document = data.edit_yaml("a: {b: [1, ~]}\n")
  t.equal({ document:get("a.b[1]"), document:get({ "a", "b", 1 }) }, { 1, 1 })
  t.equal(document:get("a.b[2]") == ops.null, true)
  t.equal({ document:get("a.b[3]"), document:get("x.y"), document:get("a.b.c") }, {})
  t.equal(document:get("a"), { b = { 1, ops.null } })
  for path, problem in pairs {
    [""] = 'expected "a.b[1]", or a list of names and positions',
    ["a..b"] = "there is nothing between two points",
    ["a[0]"] = "a position is [1], [2], ...",
    ["a[x]"] = "a position is [1], [2], ...",
    ["a[1"] = "a position is [1], [2], ...",
  } do
    t.raises("usage.argument", 'argument 1 "path": "' .. path .. '": ' .. problem, function() document:get(path) end)
  end
  t.raises("usage.argument", 'argument 1 "path": {0}: a step is a name or a position from 1', function()
    document:get({ 0 })
  end)
  t.raises("usage.argument", 'argument 1 "path": "a.b[4]": the list has 2 elements', function()
    document:set("a.b[4]", 1)
  end)
  t.raises("usage.argument",
    'argument 1 "path": "a.b.c": what is there is neither a map nor a list it could be put into', function()
      document:set("a.b.c", 1)
    end)
  t.equal(document:text(), "a: {b: [1, ~]}\n")
end)

test("what would touch more than it should is refused", function()
  local aliases = "base: &b {x: 1}\nuse: *b\nm:\n  <<: *b\n  y: 2\n"
  refused(aliases, "use.x", 5, "the change cannot be made in place: it goes through an alias; change it by hand")
  refused(aliases, "use", nil, "the change cannot be made in place: it goes through an alias; change it by hand")
  refused(aliases, "m.x", 5, "the change cannot be made in place: it comes from a merged map; change it by hand")
  refused(aliases, "base.x", 5, "the change cannot be made in place without changing something else (an anchor, an "
    .. "alias, an unusual style); change it by hand")
  refused(aliases, "base", 5, "the change cannot be made in place: aliases mean it too; change it by hand")
  refused("a: !!str 1\n", "a", 2, "the change cannot be made in place without changing something else (an anchor, an "
    .. "alias, an unusual style); change it by hand")
  becomes(aliases, { { "m.y", 3 } }, (aliases:gsub("y: 2", "y: 3")))
end)

test("a text that is no YAML, and a value that has no word in it, are refused", function()
  t.raises("data.syntax", "site.yml:2:1: flow sequence without a closing bracket", function()
    data.edit_yaml("a: [1", { file = "site.yml" })
  end)
  t.raises("data.syntax", nil, function() data.edit_yaml("--- 1\n--- 2\n") end)
  t.raises("data.unwritable", "the value[1] contains itself", function()
    local loop = {}
    loop[1] = loop
    data.edit_yaml("a: 1\n"):set("a", loop)
  end)
end)

test("a comment stays where it is, unless what it belongs to goes", function()
  becomes("a: # important\n  b: 1 # one\n  # two\nc: 2\n", { { "a", 5 } }, "a: 5 # important\nc: 2\n")
  becomes("a: # important\n  b: 1 # one\n  # two\n# of c\nc: 2\n", { { "a", { x = 1 } } },
    "a: # important\n  x: 1\n# of c\nc: 2\n")
  becomes("a: | # keep\n  text # no comment\nb: 1\n", { { "a", "x" } }, "a: x # keep\nb: 1\n")
  becomes("x:\n  - - 1 # one\n    # of it\n  - 2 # two\n", { { "x[1]", 7 } }, "x:\n  - 7\n  - 2 # two\n")
  refused("- # of the list\n  - 1 # one\n- 2\n", "[1]", 7, "the change cannot be made in place: there is more between"
    .. ' "-" and the list\'s element; change it by hand')
  becomes("- a: 1\n  # about b\n  b: 2\n", { { "[1].a" } }, "-\n  # about b\n  b: 2\n")
  becomes("- a: 1 # gone\n  b: 2 # stays\n", { { "[1].a" } }, "- b: 2 # stays\n")
  becomes("a:\n  x: 1 # one\n\n  # two\n# of b\nb: 2\n", { { "a" } }, "# of b\nb: 2\n")
  becomes("a:\n- 1 # one\n# of b\nb: 2\n", { { "a" } }, "# of b\nb: 2\n")
  becomes("a: 1 # '# of a'\nb: '# no comment'\n", { { "b" } }, "a: 1 # '# of a'\n")
  refused("a: &x # of the anchor\n  b: 1\n", "a", 5,
    "the change cannot be made in place without losing a comment; change it by hand")
  refused("a: [1, # one\n  2]\n", "a[1]", nil,
    "the change cannot be made in place without losing a comment; change it by hand")
end)

test("a value that equals nothing can stand there", function()
  becomes("a: 1\n", { { "a", 0 / 0 }, { "b", 0 / 0 }, { "a", 2 } }, "a: 2\nb: .nan\n")
end)

test("many changes of a long text", function()
  local lines = {}
  for i = 1, 1000 do lines[i] = "k" .. i .. ": v # c" end
  local document = data.edit_yaml(table.concat(lines, "\n") .. "\n")
  for i = 1, 1000, 100 do document:set("k" .. i, "w") end
  for i = 1, 1000 do t.equal(document:get("k" .. i), i % 100 == 1 and "w" or "v") end
end)
