-- JSON as a script sees it.
local data = require "data"
local ops = require "ops"
local t = require "testing"
local test = t.test

local function place(failure)
  return { failure.code, failure.detail.line, failure.detail.column }
end

-- Fails unless the text is refused there with that message.
local function refused(text, code, line, column, problem)
  local failure = t.raises(code, "line " .. line .. ", column " .. column .. ": " .. problem, function()
    data.from_json(text)
  end)
  t.equal(place(failure), { code, line, column })
end

test("every kind of value is read", function()
  local document = data.from_json(
    '{"text": "a\\u00e9\\ud83d\\ude00\\n", "list": [1, [], {}], "yes": true, "no": false, "none": null, "n": -1.5e3}')
  t.equal(document.text, "aé😀\n")
  t.equal(document.list, { 1, {}, {} })
  t.equal({ document.yes, document.no, document.n }, { true, false, -1500 })
  t.equal(document.none == ops.null, true)
  t.equal({ tostring(ops.null), type(ops.null), not ops.null }, { "null", "userdata", false })
  t.equal({ data.from_json("5"), data.from_json(' "x" '), data.from_json("null") == ops.null }, { 5, "x", true })
end)

test("integers keep every digit, both ways", function()
  for _, digits in ipairs {
    "0", "-1", "9007199254740991", "-9007199254740991", "9007199254740992", "9007199254740993", "-9223372036854775808",
    "9223372036854775807", "18446744073709551615",
  } do
    local value = data.from_json("[" .. digits .. "]")
    t.equal(data.to_json(value), "[" .. digits .. "]")
  end
  t.equal(tostring(data.from_json("18446744073709551615")), "18446744073709551615")
  t.equal(type(data.from_json("9007199254740991")), "number")
  refused("[1,\n 18446744073709551616]", "data.number", 2, 2,
    "an integer of more than 64 bits would lose digits; write it as a text")
  refused('{"n": -9223372036854775809}', "data.number", 1, 7,
    "an integer of more than 64 bits would lose digits; write it as a text")
end)

test("numbers with a fraction are the nearest double, and come back as written", function()
  for _, text in ipairs {
    "0.1", "1.7976931348623157e+308", "5e-324", "3.141592653589793", "1e+22", "0.30000000000000004",
  } do
    t.equal(data.to_json(data.from_json(text)), text)
  end
  t.equal(data.to_json(111111100111111111102), "1.1111110011111111e+20")
  t.equal(data.from_json(data.to_json(111111100111111111102)), 111111100111111111102)
  t.equal(data.from_json("1e-400"), 0)
  t.equal(data.to_json(1e15), "1000000000000000")
  refused("[1e999]", "data.number", 1, 2, "the number is too big")
  refused('{"a": -4503596273701e300}', "data.number", 1, 7, "the number is too big")
  t.equal(data.from_json("[1e-999, 0.00000000001e-320]"), { 0, 0 })
end)

test("every byte survives, NUL and control characters too", function()
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  local all = table.concat(bytes)
  t.equal(data.from_json(data.to_json({ all }, { bytes = "raw" }))[1] == all, true)
  t.equal(data.to_json("a\0\31\127\"\\/\b\f\n\r\t"), [["a\u0000\u001f\u007f\"\\/\b\f\n\r\t"]])
  t.raises("data.unwritable", "labels.note: byte 2 of the text is no UTF-8, and JSON has nothing else; bytes = \"raw\""
    .. " writes it as it is", function() data.to_json({ labels = { note = "a\255" } }) end)
end)

test("lists stay lists when they get empty", function()
  local document = data.from_json('{"hosts": ["a"], "vars": {}}')
  table.remove(document.hosts)
  t.equal(data.to_json(document), '{"hosts":[],"vars":{}}')
  t.equal(data.to_json({ data.list({}), {}, data.list({ 1 }) }), "[[],{},[1]]")
  t.raises("usage.argument", 'argument 1 "elements": expected table, got string "x"', function() data.list("x") end)
end)

test("names are sorted; indent makes it readable", function()
  t.equal(data.to_json({ b = 1, a = { ops.null, true }, c = {} }), '{"a":[null,true],"b":1,"c":{}}')
  t.equal(data.to_json({ b = 1, a = { ops.null, true }, c = {} }, { indent = 2 }),
    '{\n  "a": [\n    null,\n    true\n  ],\n  "b": 1,\n  "c": {}\n}')
end)

test("a long list and a wide object", function()
  local list, object = {}, {}
  for i = 1, 1000 do list[i], object["key" .. i] = i, i end
  t.equal(data.from_json(data.to_json(list)), list)
  t.equal(data.from_json(data.to_json(object)), object)
  t.equal(data.from_json(data.to_json({ list, { object, { list } } })), { list, { object, { list } } })
end)

test("what is no JSON is refused at its line and column", function()
  refused("", "data.syntax", 1, 1, "the text is empty, a JSON value is expected")
  refused("\239\187\191{}", "data.syntax", 1, 1,
    "a byte order mark stands in front of the document, and JSON has none; take its three bytes away")
  refused('{"a": 1,}', "data.syntax", 1, 9, "a name in quotes is expected here")
  refused('{"a": 1\n "b": 2}', "data.syntax", 2, 2, "a comma or the object's closing brace is expected here")
  refused("[1 2]", "data.syntax", 1, 4, "a comma or the list's closing bracket is expected here")
  refused("[1,", "data.syntax", 1, 4, "the text ends too early: a JSON value is expected here")
  refused('["é", tru]', "data.syntax", 1, 10, "a JSON value is expected here")
  refused('{"a" 1}', "data.syntax", 1, 6, "a colon is expected after the name")
  refused('["\\x41"]', "data.syntax", 1, 3, "JSON has no such escape")
  refused('["\\u12g4"]', "data.syntax", 1, 3, "\\u needs four hexadecimal digits")
  refused('["\\ud800"]', "data.syntax", 1, 3, "half of a surrogate pair stands alone")
  refused('["open', "data.syntax", 1, 7, "the text ends too early: the text's closing quote is missing")
  refused('["a\nb"]', "data.syntax", 1, 4, "a control character in a text has to be escaped")
  refused('["' .. ("x"):rep(40) .. '\31"]', "data.syntax", 1, 43, "a control character has to be escaped")
  refused("[1.]", "data.syntax", 1, 4, "digits are missing after the point")
  refused("[1e]", "data.syntax", 1, 4, "digits are missing in the exponent")
  refused("[NaN]", "data.syntax", 1, 2, "a JSON value is expected here")
  refused("[1] x", "data.syntax", 1, 5, "there is more text after the document's end")
  refused("[1]\0[2]", "data.syntax", 1, 4, "a NUL byte after the document")
  refused("'a'", "data.syntax", 1, 1, "a JSON value is expected here")
end)

test("duplicate names are refused, however many there are", function()
  refused('{"a": 1, "b": {"a": 2}, "a": 3}', "data.duplicate_key", 1, 25, 'the name "a" stands in this object already')
  refused('[{"\\u0061": 1,\n"a": 3}]', "data.duplicate_key", 2, 1, 'the name "a" stands in this object already')
  local parts = {}
  for i = 1, 500 do parts[i] = '"k' .. i .. '": 1' end
  refused("{" .. table.concat(parts, ",") .. ',\n"k7": 2}', "data.duplicate_key", 2, 1,
    'the name "k7" stands in this object already')
  local few = {}
  for i = 1, 20 do
    few[i] = '"k' .. i .. '": 1'
    refused("{" .. table.concat(few, ",") .. ',\n"k1": 2}', "data.duplicate_key", 2, 1,
      'the name "k1" stands in this object already')
    t.equal(data.from_json("{" .. table.concat(few, ",") .. "}")["k" .. i], 1)
  end
end)

test("a byte that needs care is seen wherever it stands in a text", function()
  local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\31"] = "\\u001f", ["\127"] = "\\u007f", ["\n"] = "\\n" }
  for before = 0, 40 do
    local text = ("x"):rep(before)
    for byte, escaped in pairs(escapes) do
      local both = text .. byte .. "yz" .. byte
      t.equal(data.to_json(both), '"' .. text .. escaped .. "yz" .. escaped .. '"')
      t.equal(data.from_json(data.to_json(both)), both)
    end
    t.equal(data.to_json(text .. "é"), '"' .. text .. 'é"')
    t.raises("data.unwritable", "the value: byte " .. before + 1
      .. " of the text is no UTF-8, and JSON has nothing else; bytes = \"raw\" writes it as it is", function()
      data.to_json(text .. "\200abcdefgh")
    end)
    refused('["' .. text .. '\26"]', "data.syntax", 1, before + 3, "a control character has to be escaped")
  end
end)

test("names are sorted by their bytes, whatever they have in common", function()
  local names = { "", "\0", "a", "a\0", "a\0b", "aa", "network", "networks", "networksA", "networksB", "z", "\127",
    "é" }
  local object, expected = {}, {}
  for i, name in ipairs(names) do
    object[name] = i
    expected[i] = data.to_json(name) .. ":" .. i
  end
  t.equal(data.to_json(object), "{" .. table.concat(expected, ",") .. "}")
end)

test("an object with more fields than Lua's stack holds, and one deep inside", function()
  local wide = {}
  for i = 1, 10000 do wide["k" .. i] = { i, { n = i } } end
  t.equal(data.from_json(data.to_json(wide)), wide)
  local deep = wide
  for _ = 1, 400 do deep = { inside = deep, beside = 1 } end
  t.equal(data.from_json(data.to_json(deep)), deep)
end)

test("deep nesting is refused, both ways", function()
  refused(("["):rep(100000), "data.limit", 1, 501, "nested deeper than 500 levels")
  refused(('{"a":'):rep(100000), "data.limit", 1, 2501, "nested deeper than 500 levels")
  t.equal(#data.to_json(data.from_json(("["):rep(500) .. ("]"):rep(500))), 1000)
  local deep = {}
  for _ = 1, 600 do deep = { deep } end
  local failure = t.raises("data.limit", nil, function() data.to_json(deep) end)
  t.truthy(failure.message:find("is nested deeper than 500 levels", 1, true), failure.message)
end)

test("a file's name stands in the error", function()
  local failure = t.raises("data.syntax", "hosts.json:2:1: a JSON value is expected here", function()
    data.from_json("[\n?]", { file = "hosts.json" })
  end)
  t.equal(failure.detail, { file = "hosts.json", line = 2, column = 1 })
end)

test("what JSON has no word for is refused where it stands", function()
  local function unwritable(value, message) t.raises("data.unwritable", message, function() data.to_json(value) end) end
  unwritable({ steps = { { run = print } } }, "steps[1].run: JSON has no word for a function")
  unwritable({ 0 / 0 }, "[1]: JSON has no word for nan")
  unwritable({ a = 1 / 0 }, "a: JSON has no word for inf")
  unwritable({ ops.shell "ls" }, "[1]: JSON has no word for a ShellLine")
  unwritable({ 1, nil, 3, nil, 5, nil, nil, 8 }, nil)
  unwritable({ [1.5] = 1 }, "the value: its key is the number 1.5; JSON's names are texts, and a list begins at 1 and"
    .. " has no holes")
  unwritable({ 1, name = 2 }, 'the value: it is a list that also has the name "name"; JSON has lists or objects')
  unwritable(coroutine.create(print), "the value: JSON has no word for a thread")
  local circle = { name = "x" }
  circle.child = { circle }
  t.raises("data.limit", "child[1] contains itself; JSON has no references", function() data.to_json(circle) end)
end)

test("wrong options are named", function()
  t.raises("usage.argument", 'argument 2 "options": unknown field "ident"; did you mean "indent"?', function()
    data.to_json({}, { ident = 2 })
  end)
  t.raises("usage.argument", 'argument 1 "text": expected string, got nil', function() data.from_json(nil) end)
end)
