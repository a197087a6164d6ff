-- The shortest way from one list of lines to another (Myers' O(ND) algorithm), and how `diff -u` writes it.
local native = ...

local plain_text = native.internal("plain_text")

local diff = {}

-- Beyond this many differing lines the search costs more than its answer is worth: the rest is replaced as a whole.
local MOST_CHANGES = 1000

local function common_prefix(before, after)
  local length = 0
  while length < #before and length < #after and before[length + 1] == after[length + 1] do length = length + 1 end
  return length
end

local function common_suffix(before, after, from)
  local length = 0
  local most = math.min(#before, #after) - from
  while length < most and before[#before - length] == after[#after - length] do length = length + 1 end
  return length
end

-- How far one more change gets on diagonal k (x - y) from the round before: to which x, and whether by going down (a
-- line came) rather than right (a line went). nil: out of both texts.
local function step(previous, k, width, height)
  local down, right = previous[k + 1], previous[k - 1]
  if down and down - k > height then down = nil end
  right = right and right < width and right + 1 or nil
  if down and (not right or down >= right) then return down, true end
  return right, false
end

-- Rounds of one more change each, with how far each diagonal gets. nil: there are too many changes.
local function search(before, after, first, width, height)
  local trace, previous = {}, { [1] = 0 }
  for changes = 0, math.min(width + height, MOST_CHANGES) do
    local round = {}
    for k = -changes, changes, 2 do
      local x = step(previous, k, width, height)
      if x then
        while x < width and x - k < height and before[first + x + 1] == after[first + x - k + 1] do x = x + 1 end
        round[k] = x
      end
    end
    trace[changes] = round
    if round[width - height] == width then return trace, changes end
    previous = round
  end
  return nil
end

-- From the end back: which lines went and which came.
local function backtrack(trace, changes, width, height, first, removed, added)
  local k = width - height
  for round = changes, 1, -1 do
    local x, down = step(trace[round - 1], k, width, height)
    if down then
      added[first + x - k] = true
      k = k + 1
    else
      removed[first + x] = true
      k = k - 1
    end
  end
end

--- Which lines of `before` are not in `after`, and the other way round: two sets of line numbers.
local function changed_lines(before, after)
  local removed, added = {}, {}
  local first = common_prefix(before, after)
  local last = common_suffix(before, after, first)
  local width, height = #before - last - first, #after - last - first
  local trace, changes = search(before, after, first, width, height)
  if trace then
    backtrack(trace, changes, width, height, first, removed, added)
  else
    for i = first + 1, first + width do removed[i] = true end
    for i = first + 1, first + height do added[i] = true end
  end
  return removed, added
end

-- One entry a line in order: " ", "-" or "+", the text, and where it stands in both.
local function edit_script(before, after)
  local removed, added = changed_lines(before, after)
  local script, x, y = {}, 1, 1
  while x <= #before or y <= #after do
    if removed[x] then
      script[#script + 1] = { "-", before[x], x, y }
      x = x + 1
    elseif added[y] then
      script[#script + 1] = { "+", after[y], x, y }
      y = y + 1
    else
      script[#script + 1] = { " ", before[x], x, y }
      x, y = x + 1, y + 1
    end
  end
  return script
end

-- The parts of the script with a change in them and `context` lines around; near ones are one.
local function hunks_of(script, context)
  local hunks = {}
  for i, entry in ipairs(script) do
    if entry[1] ~= " " then
      local from, to = math.max(1, i - context), math.min(#script, i + context)
      local hunk = hunks[#hunks]
      if hunk and from <= hunk[2] + 1 then hunk[2] = to else hunks[#hunks + 1] = { from, to } end
    end
  end
  return hunks
end

-- "3,7", "3" for one line; an empty range stands before its line.
local function range(start, count)
  if count == 1 then return tostring(start) end
  return (count == 0 and start - 1 or start) .. "," .. count
end

local function append_hunk(out, script, hunk)
  local before_count, after_count = 0, 0
  for i = hunk[1], hunk[2] do
    if script[i][1] ~= "+" then before_count = before_count + 1 end
    if script[i][1] ~= "-" then after_count = after_count + 1 end
  end
  local start = script[hunk[1]]
  out[#out + 1] = "@@ -" .. range(start[3], before_count) .. " +" .. range(start[4], after_count) .. " @@\n"
  for i = hunk[1], hunk[2] do
    local text = script[i][2]
    out[#out + 1] = script[i][1] .. text
    if text:sub(-1) ~= "\n" then out[#out + 1] = "\n\\ No newline at end of file\n" end
  end
end

-- With their line breaks: a last line without one differs from the same with one.
local function whole_lines(text)
  local lines = {}
  plain_text.each_line(text, function(line, is_ended) lines[#lines + 1] = is_ended and line .. "\n" or line end)
  return lines
end

--- The unified diff; empty where both are the same.
function diff.unified(before, after, before_name, after_name, context)
  if before == after then return "" end
  local script = edit_script(whole_lines(before), whole_lines(after))
  local out = { "--- ", before_name, "\n+++ ", after_name, "\n" }
  for _, hunk in ipairs(hunks_of(script, context)) do append_hunk(out, script, hunk) end
  return table.concat(out)
end

return diff
