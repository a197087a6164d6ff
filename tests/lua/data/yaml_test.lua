-- YAML: read and written.
local data = require "data"
local ops = require "ops"
local t = require "testing"
local test = t.test

-- Fails unless the text is refused there with that message.
local function refused(text, code, line, column, problem)
  local failure = t.raises(code, "line " .. line .. ", column " .. column .. ": " .. problem, function()
    data.from_yaml(text)
  end)
  t.equal({ failure.detail.line, failure.detail.column }, { line, column })
end

-- Fails unless the YAML text means what the JSON text says.
local function means(yaml, json)
  t.equal(data.to_json(data.from_yaml(yaml)), json)
end

test("every kind of value is read", function()
  means("text: a\nlist: [1, [], {}]\nyes_: true\nno_: false\nnone: null\nn: -1.5e3\n",
    '{"list":[1,[],{}],"n":-1500,"no_":false,"none":null,"text":"a","yes_":true}')
  means('"a\\u00e9\\x41\\U0001F600\\n\\e\\0"', '"aéA😀\\n\\u001b\\u0000"')
  means("'it''s'", '"it\'s"')
  means("a: |\n  one\n   two\n\nb: >-\n  three\n  four\n\n  five\nc: |+\n  six\n\n", [[{"a":"one\n two\n",]]
    .. [["b":"three four\nfive","c":"six\n\n"}]])
  means("- plain\n  over lines\n- - nested\n  - 2\n-\n- k: v\n  l: w\n", '["plain over lines",["nested",2],null,'
    .. '{"k":"v","l":"w"}]')
  means("? a\n: 1\n? b\n", '{"a":1,"b":null}')
  means("a: 1 # comment\n#b: 2\nc: x#y\n", '{"a":1,"c":"x#y"}')
end)

test("a text without quotes is read by the core schema of YAML 1.2", function()
  means("[0, -1, +5, 0o17, 0x1F, 1.0, .5, 5., -.5, 1e3, 1E-2]", "[0,-1,5,15,31,1,0.5,5,-0.5,1000,0.01]")
  means("[~, null, Null, NULL, true, True, TRUE, false]", "[null,null,null,null,true,true,true,false]")
  means("[0755, 1_000, 1:30, 2001-01-01, Yes, no, on, 1.2.3, 0b1, 1e, e1, .]",
    '["0755","1_000","1:30","2001-01-01","Yes","no","on","1.2.3","0b1","1e","e1","."]')
  t.equal(tostring(data.from_yaml("9007199254740993")), "9007199254740993")
  t.equal(tostring(data.from_yaml("18446744073709551615")), "18446744073709551615")
  t.equal(tostring(data.from_yaml("-9223372036854775808")), "-9223372036854775808")
  t.equal({ data.from_yaml(".inf"), data.from_yaml("-.INF") }, { math.huge, -math.huge })
  t.equal(tostring(data.from_yaml(".nan")), "nan")
  t.equal(data.from_yaml("1e-400"), 0)
  means("[!!str 1, !!int 2, ! 3, !!str]", '["1",2,"3",""]')
  refused("a: 18446744073709551616", "data.number", 1, 4,
    "an integer of more than 64 bits would lose digits; put it in quotes")
  refused("a: -9223372036854775809", "data.number", 1, 4,
    "an integer of more than 64 bits would lose digits; put it in quotes")
  refused("a: 1e999", "data.number", 1, 4, "the number is too big; put it in quotes")
end)

test("a null is ops.null wherever it stands", function()
  t.equal(data.from_yaml("") == ops.null, true)
  t.equal(data.from_yaml("~") == ops.null, true)
  t.equal(data.from_yaml("a:").a == ops.null, true)
  t.equal(data.from_yaml_all("--- 1\n---\n--- x\n")[2] == ops.null, true)
  t.equal(#data.from_yaml_all("--- 1\n---\n--- x\n"), 3)
  t.equal(#data.from_yaml_all(""), 0)
  t.equal(data.to_yaml(ops.null), "null\n")
end)

test("anchors, aliases and merges", function()
  means("a: &x [1, 2]\nb: *x\n", '{"a":[1,2],"b":[1,2]}')
  means("base: &b {x: 1, y: 2}\nm: {<<: *b, y: 3}\n", '{"base":{"x":1,"y":2},"m":{"x":1,"y":3}}')
  means("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nm: {<<: [*a, *b]}\n",
    '{"a":{"x":1},"b":{"x":2,"z":3},"m":{"x":1,"z":3}}')
  means("a: &x 1\nb: &x 2\nc: *x\n", '{"a":1,"b":2,"c":2}')
  means("'<<': 5", '{"<<":5}')
  refused("<<: 5", "data.syntax", 1, 5, "<< takes a map or a list of maps")
  refused("a: *x", "data.syntax", 1, 5, "there is no anchor &x")
  refused("a: &x [*x]", "data.syntax", 1, 9, "the alias *x stands inside of what it means")
end)

test("what is no YAML is refused at its line and column", function()
  refused("a: 1\na: 2\n", "data.duplicate_key", 2, 1, 'the name "a" stands in this map already')
  refused("a: \"\\q\"", "data.syntax", 1, 5, "invalid escape 'q' in double-quoted string")
  refused("a: [1, 2\nb: 3", "data.syntax", 3, 1, "flow sequence without a closing bracket")
  refused("\tx: 1", "data.syntax", 1, 1, "invalid tab as indendation in a mapping")
  refused("a: b: c", "data.syntax", 1, 5, "invalid nested block mapping on the same line")
  refused("? [1]\n: 2", "data.syntax", 1, 3, "a name has to be a text")
  refused("a: !!binary aGk=", "data.syntax", 1, 13, 'the tag "!!binary" is not known here')
  refused("a: !mine [1]", "data.syntax", 1, 10, 'the tag "!mine" is not known here')
  refused("--- 1\n--- 2\n", "data.syntax", 2, 5, "a second document begins here; from_yaml_all reads all of them")
  refused("a: \255", "data.syntax", 1, 4, "this byte is no UTF-8, and YAML has nothing else")
  refused("a: é\0", "data.syntax", 1, 5, "YAML has no NUL byte")
  local failure = t.raises("data.syntax", "site.yml:1:4: the tag \"!x\" is not known here", function()
    data.from_yaml("!x 1", { file = "site.yml" })
  end)
  t.equal(failure.detail.file, "site.yml")
end)

test("a text made to do harm is refused before it does", function()
  refused(("["):rep(200), "data.limit", 1, 61, "nested deeper than 60 levels")
  refused(("- "):rep(200) .. "x", "data.limit", 1, 121, "nested deeper than 60 levels")
  local lines = { "a: &a [x, x, x, x, x, x, x, x, x]" }
  for i = 1, 9 do
    local before, name = string.char(96 + i), string.char(97 + i)
    lines[#lines + 1] = name .. ": &" .. name .. " [" .. ("*" .. before .. ","):rep(9) .. "]"
  end
  refused(table.concat(lines, "\n"), "data.limit", 1, 8, "its aliases make more than 1000000 values of it")
  local long = "a: &a " .. ("x"):rep(1000000) .. "\nb: [" .. ("*a,"):rep(100) .. "]"
  refused(long, "data.limit", 1, 7, "its aliases make it longer by more than 64MiB")
  refused("[" .. ("1,"):rep(1000001) .. "]", "data.limit", 1, 2000000, "there are more than 1000000 values")
end)

test("merging big maps takes no longer than reading them", function()
  local lines = {}
  for i = 1, 20000 do lines[i] = "  k" .. i .. ": " .. i end
  local map = table.concat(lines, "\n")
  local document = data.from_yaml("a: &a\n" .. map .. "\nb:\n  <<: *a\n" .. map:gsub("  k", "  j") .. "\n")
  t.equal({ document.b.k20000, document.b.j20000 }, { 20000, 20000 })
  -- CPU seconds, the best of three: others use the machine, too.
  local function cost(text)
    local best = math.huge
    for _ = 1, 3 do
      local began = os.clock()
      data.from_yaml(text)
      best = math.min(best, os.clock() - began)
    end
    return best
  end
  local function merged(count)
    local entries = {}
    for i = 1, count do entries[i] = "  k" .. i .. ": " .. i end
    local text = table.concat(entries, "\n")
    return "a: &a\n" .. text .. "\nb:\n  <<: *a\n" .. text:gsub("  k", "  j") .. "\n"
  end
  -- Eight times the names; looking for each among all of them would take 64 times as long.
  local ratio = cost(merged(24000)) / cost(merged(3000))
  t.truthy(ratio < 30, "eight times the names cost " .. ratio .. " times as much, which")
end)

test("what is written reads back as the same", function()
  local values = {
    "", " lead", "trail ", "a: b", "# c", "-", "- a", "a\nb\n", "a\nb", "a\n\n", "\n", " a\nb", "a\tb", "a\r\nb", "é😀",
    "a\0b", "?", "1.2.3.4", "1e3", "2001-01-01", "0x1F", "off", "=", "<<", "---", "...", "'", '"', "it's", "\\", "a #b",
    "multi\n  indented\nlast", "trailing \nspace", "{", "]", ",", "&a", "*a", "!t", "|", ">", "%", "@", "`", "null",
    "~",
    ".inf", "+.inf", "-.INF", ".nan", ".NaN", "1.0e-05", "2001-01-01 10:00:00", "2001-1-1T10:00:00Z", "12:30:45",
    "Null", "TRUE", "0o17", "+1", "-1.5", ".5", "1.", "1e", "0x", "0b11",
    "1_000", "0755", "key: |\n  text\n", "a:", ":a", "\u{feff}", "\226\128\168", "\127",
  }
  for _, value in ipairs(values) do
    t.equal(data.from_yaml(data.to_yaml(value)), value)
    t.equal(data.from_yaml(data.to_yaml({ [value] = value }))[value], value)
    t.equal(data.from_yaml(data.to_yaml({ { value, { value } }, { a = value, b = { c = value } } })),
      { { value, { value } }, { a = value, b = { c = value } } })
  end
  for _, number in ipairs {
    0, -1, 0.1, 1111111001111111111, 111111100111111111102, 1e22, 5e-324, 1.7976931348623157e308, math.huge, -math.huge,
  } do
    t.equal(data.from_yaml(data.to_yaml(number)), number)
  end
end)

test("what a reader of YAML 1.1 takes for something else is quoted", function()
  for _, text in ipairs {
    ".inf", "+.inf", ".nan", "yes", "Off", "2001-01-01", "2001-01-01 10:00:00", "2001-1-1T10:00:00Z", "12:30", "1_000",
    "1e5", "0755", "~", "null", "1.5", "0o17", "0b11",
  } do t.equal(data.to_yaml(text), "'" .. text .. "'\n") end
  for _, text in ipairs { "web-1", "10.0.0.1", "1.2.3", "a.b", "2001 a space odyssey", "infinity", "v1" } do
    t.equal(data.to_yaml(text), text .. "\n")
  end
  t.equal({ data.to_yaml(1e-5), data.to_yaml(1e22), data.to_yaml(1.5e300) },
    { "1.0e-05\n", "1.0e+22\n", "1.5e+300\n" })
end)

test("the closing bracket of a list or map may stand at the line's beginning", function()
  t.equal(data.from_yaml("a: [\n  1,\n  2\n]\nb: {\n  c: 3\n}\n"), { a = { 1, 2 }, b = { c = 3 } })
end)

test("a thousand blank lines are read, more are refused", function()
  t.equal(data.from_yaml("a: 1\n" .. (" \n"):rep(1000) .. "b: 2\n"), { a = 1, b = 2 })
  t.raises("data.limit", "line 1002, column 1: there are more than 1000 blank lines one behind the other",
    function() data.from_yaml("a: 1\n" .. ("\n"):rep(50000) .. "b: 2\n") end)
end)

test("it is written in block style, names sorted", function()
  local list = { 1, { x = 2, y = { 3 } } }
  t.equal(data.to_yaml({ b = list, a = data.list {}, c = {}, d = "two\nlines\n", e = ops.null }), [[
a: []
b:
  - 1
  - x: 2
    y:
      - 3
c: {}
d: |
  two
  lines
e: null
]])
end)

test("what YAML has no word for is refused with its place", function()
  local function unwritable(value, problem)
    t.raises("data.unwritable", problem, function() data.to_yaml(value) end)
  end
  unwritable({ a = { print } }, "the value.a[1] is function")
  unwritable({ [1] = 1, [3] = 3 },
    "the value has the key number 3, which is neither a name nor in a list without holes")
  unwritable({ 1, a = 2 }, "the value is list and map at once")
  unwritable({ "\255" }, 'the text "\\xff" is no UTF-8, and YAML has nothing else')
  local loop = {}
  loop.a = { loop }
  unwritable(loop, "the value.a[1] contains itself")
end)
