-- YAML: read, written, changed in place.
local data = require "data"
local t = require "testing"
local test = t.test

test("read and written back", function()
  local document = data.from_yaml("a: [1, {b: x}]\nmode: 0644\nt: |\n  one\n  two\n")
  t.equal(document, { a = { 1, { b = "x" } }, mode = "0644", t = "one\ntwo\n" })
  t.equal(data.from_yaml(data.to_yaml(document)), document)
end)

test("what is no YAML is refused at its line and column", function()
  t.raises("data.duplicate_key", 'line 2, column 1: the name "a" stands in this map already', function()
    data.from_yaml("a: 1\na: 2\n")
  end)
end)

test("a change keeps comments, order and quotes", function()
  local document = data.edit_yaml("# top\nimage: \"web:1\" # pinned\nports: [80]\n")
  document:set("image", "web:2")
  document:set("ports[2]", 443)
  t.equal(document:text(), "# top\nimage: \"web:2\" # pinned\nports: [80, 443]\n")
end)
