local machine = require "local"
local ops = require "ops"
local text = require "ops.text"
local t = require "testing"
local test = t.test

test("lines", function()
  t.equal(text.lines(""), {})
  t.equal(text.lines("a"), { "a" })
  t.equal(text.lines("a\n"), { "a" })
  t.equal(text.lines("a\r\n\nb\0c\n\n"), { "a", "", "b\0c", "" })
end)

test("fields", function()
  t.equal(text.fields("  tcp   0\t127.0.0.1:22  "), { "tcp", "0", "127.0.0.1:22" })
  t.equal(text.fields(""), {})
  t.equal(text.fields("a b  c  d ", { most = 3 }), { "a", "b", "c  d" })
  t.equal(text.fields("root:x::0", { separator = ":" }), { "root", "x", "", "0" })
  t.equal(text.fields("a=b=c", { separator = "=", most = 2 }), { "a", "b=c" })
  t.equal(text.fields("a.b", { separator = "." }), { "a", "b" })
  t.raises("usage.argument", 'argument 2 "options.separator": an empty text separates nothing',
    function() text.fields("a", { separator = "" }) end)
  t.raises("usage.argument", 'argument 2 "options.most": expected at least 1, got 0',
    function() text.fields("a", { most = 0 }) end)
end)

test("trim", function()
  t.equal(text.trim(" \t a b \r\n"), "a b")
  t.equal(text.trim("  "), "")
end)

test("columns by place: titles of several words, empty and wide cells", function()
  local rows = text.columns(
    "CONTAINER ID   IMAGE      STATUS       PORTS     NAMES\n"
    .. "abcdef123456   busybox    Up 2 hours             web-1\n"
    .. "012345678901   网站/镜像  Up 3 days    80/tcp    db\n"
    .. "\n")
  t.equal(rows, {
    { container_id = "abcdef123456", image = "busybox", status = "Up 2 hours", ports = "", names = "web-1" },
    { container_id = "012345678901", image = "网站/镜像", status = "Up 3 days", ports = "80/tcp", names = "db" },
  })
end)

test("columns by place with given titles", function()
  local rows = text.columns("NAME READY STATUS\nweb  1/1   Running\n", { names = { "NAME", "READY", "STATUS" } })
  t.equal(rows, { { name = "web", ready = "1/1", status = "Running" } })
  t.raises("text.columns", 'the header "NAME READY" has no column "AGE"', function()
    text.columns("NAME READY\n", { names = { "NAME", "AGE" } })
  end)
end)

test("given titles are words of their own", function()
  t.equal(text.columns("NAMESPACE   NAME   READY\nkube        web    1/1\n", { names = { "NAME", "READY" } }),
    { { name = "web", ready = "1/1" } })
  t.raises("text.columns", 'the header "NAMESPACE  READY" has no column "NAME"', function()
    text.columns("NAMESPACE  READY\n", { names = { "NAME" } })
  end)
end)

test("columns by place: a header with wide characters", function()
  t.equal(text.columns("名称    状态\nweb     Up\n数据库  Down\n", { names = { "名称", "状态" } }),
    { { ["名称"] = "web", ["状态"] = "Up" }, { ["名称"] = "数据库", ["状态"] = "Down" } })
end)

test("columns by place refuse what does not stand below its titles", function()
  local hint = '; where numbers stand to the right, read it by = "fields"'
  local function misplaced(table_text, problem)
    t.raises("text.columns", problem .. hint, function() text.columns(table_text) end)
  end
  misplaced("Filesystem     1K-blocks     Used Available Use% Mounted on\n"
    .. "/dev/vda1       41152812 12345678  26694012  32% /\n",
    'the line "/dev/vda1       41152812 12345678  26694012  32% /" does not stand below the titles: text reaches into'
    .. ' the column "Used Available Use% Mounted on"')
  misplaced("Filesystem     1K-blocks     Used Available Use% Mounted on\n"
    .. "/dev/vda1       41152812        8  26694012  32% /\n",
    'the line "/dev/vda1       41152812        8  26694012  32% /" does not stand below the titles: there are two cells'
    .. ' below "Used Available Use% Mounted on"')
  misplaced("               total        used        free\nMem:        16265864     4028236     8123456\n",
    'the line "Mem:        16265864     4028236     8123456" does not stand below the titles: text reaches into the'
    .. ' column "used"')
  misplaced("              total        used\nMem:           15Gi         3Gi\n",
    'the line "Mem:           15Gi         3Gi" does not stand below the titles: there are two cells below "total"')
  t.equal(text.columns("  PID  CMD\n    1  init\n12345  sh\n"), { { pid = "1", cmd = "init" },
    { pid = "12345", cmd = "sh" } })
end)

-- Seconds of CPU; the best of three, since others use the machine too.
local function cost(fn)
  local best = math.huge
  for _ = 1, 3 do
    local began = os.clock()
    fn()
    best = math.min(best, os.clock() - began)
  end
  return best
end

test("long lines cost what they are long", function()
  local function grows(what, make, fn)
    local short, long = make(10000), make(80000)
    local ratio = cost(function() fn(long) end) / math.max(cost(function() fn(short) end), 0.0005)
    -- Eight times the length: the square of it would be 64 times as much.
    t.truthy(ratio < 32, what .. " costs " .. ratio .. " times as much for 8 times the text, which")
  end
  local function word(n) return ("x"):rep(n) end
  local function blanks(n) return "a" .. (" "):rep(n) .. "b" end
  local function titles(n) return ("a  "):rep(n / 100) .. "\n" .. ("b  "):rep(n / 100) .. "\n" end
  grows("lines", word, text.lines)
  grows("trim", blanks, text.trim)
  grows("fields", blanks, function(line) return text.fields(line, { most = 1 }) end)
  grows("columns", titles, text.columns)
  grows("diff", word, function(line) return text.diff(line, line .. "y") end)
  local path = machine.temp({ type = "file" })
  grows("edit", word, function(line)
    machine.write_file(path, line)
    machine.edit(path, function(before) return before .. "y" end)
  end)
end)

test("columns by fields: numbers to the right, the last keeps the rest", function()
  local rows = text.columns("  PID USER     TIME COMMAND\n    1 root     0:03 /sbin/init splash\n"
    .. " 4711 www-data 1:00 nginx\n", { by = "fields" })
  t.equal(rows, {
    { pid = "1", user = "root", time = "0:03", command = "/sbin/init splash" },
    { pid = "4711", user = "www-data", time = "1:00", command = "nginx" },
  })
  rows = text.columns("Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/vda1 100 50 50 50% /\n",
    { by = "fields", names = { "filesystem", "blocks", "used", "available", "use", "mounted on" } })
  t.equal(rows, { { filesystem = "/dev/vda1", blocks = "100", used = "50", available = "50", use = "50%",
    mounted_on = "/" } })
  t.raises("text.columns", 'the header "" is empty', function() text.columns("") end)
end)

-- What `diff -u` says, but for the names' time stamps.
local function as_diff_says(before, after)
  local folder = machine.temp()
  machine.write_file(folder .. "/a", before)
  machine.write_file(folder .. "/b", after)
  local said = machine.read({ "diff", "-u", "--label", "before", "--label", "after", folder .. "/a", folder .. "/b" },
    { accept = { 0, 1 } })
  return said.stdout
end

test("diff says what diff -u says", function()
  local pairs_of_texts = {
    { "", "" }, { "a\n", "a\n" }, { "", "a\n" }, { "a\n", "" }, { "a", "a\n" }, { "a\nb", "a\nc" },
    { "a\nb\nc\n", "a\nx\nc\n" }, { "a\nb\nc\n", "b\nc\nd\n" },
    { "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n", "1\n2\n3\nx\n5\n6\n7\n8\n9\n10\n11\n" },
  }
  for _, pair in ipairs(pairs_of_texts) do t.equal(text.diff(pair[1], pair[2]), as_diff_says(pair[1], pair[2])) end
end)

-- Applies a unified diff with patch(1).
local function patched(before, difference)
  local folder = machine.temp()
  machine.write_file(folder .. "/a", before)
  machine.read({ "patch", "-s", "-d", folder, "a" }, { stdin = difference })
  return machine.read_file(folder .. "/a")
end

test("a diff of random texts makes the new one of the old one", function()
  math.randomseed(7)
  for _ = 1, 15 do
    local before, after = {}, {}
    for i = 1, math.random(0, 60) do before[i] = "line " .. math.random(1, 12) end
    for _, line in ipairs(before) do
      local chance = math.random()
      if chance < 0.15 then after[#after + 1] = "new " .. math.random(1, 5) end
      if chance > 0.2 then after[#after + 1] = line end
    end
    before, after = table.concat(before, "\n") .. "\n", table.concat(after, "\n") .. "\n"
    local difference = text.diff(before, after, { context = math.random(0, 3) })
    if before ~= after then t.equal(patched(before, difference), after) end
  end
end)

test("a diff of texts that have nothing in common ends soon", function()
  local before, after = {}, {}
  for i = 1, 5000 do before[i], after[i] = "a" .. i, "b" .. i end
  local difference = text.diff(table.concat(before, "\n") .. "\n", table.concat(after, "\n") .. "\n")
  t.equal(difference:match("@@[^\n]*"), "@@ -1,5000 +1,5000 @@")
  -- Ten times the lines: the whole search would take a hundred times as long.
  local function lines_of(letter, count)
    local list = {}
    for i = 1, count do list[i] = letter .. i end
    return table.concat(list, "\n") .. "\n"
  end
  local ratio = cost(function() text.diff(lines_of("a", 50000), lines_of("b", 50000)) end)
    / cost(function() text.diff(lines_of("a", 5000), lines_of("b", 5000)) end)
  t.truthy(ratio < 40, "ten times the lines cost " .. ratio .. " times as much, which")
end)

test("durations and sizes, both ways", function()
  t.equal({ ops.seconds("1m30s"), ops.seconds(2.5), ops.duration_text(90), ops.duration_text("120s") },
    { 90, 2.5, "1m30s", "2m" })
  t.equal({ ops.bytes("1GiB"), ops.bytes("1.5kB"), ops.size_text(1536 * 1024), ops.size_text("1024KiB") },
    { 1073741824, 1500, "1536KiB", "1MiB" })
  t.raises("usage.argument",
    'argument 1 "duration": expected duration ("30s", or seconds as a number), got string "soon"',
    function() ops.seconds("soon") end)
end)
