-- Versions as products write them: dotted numbers, a pre-release word, a build date.
local native = ...

local declare = native.internal("declare")
local module = declare.module("ops.version", "Versions: read, compare, test against a range", {
  doc = [[
A version is dotted numbers, and may have a pre-release word (`alpha`, `beta`, `rc2`, `SNAPSHOT`, ...), a build date
(`20240131`, `202401311530`) and a package's revision behind them: `3.2.1`, `v1.20.4`, `8.0.36-rc1`, `2.5.1-20240131`,
`1:10.11.6-0+deb12u1`, `1.36.1-r5`, `9.2p1`. An epoch (`1:`) counts before all else. Numbers compare as numbers and
missing ones are 0; a pre-release comes before its release, as does what stands behind a `~`; a patch level comes later,
and so do a later build date and revision. Other words (`-log`, `-generic`, a commit's hash) count for nothing. The
`5.5.5-` that MariaDB puts in front for old clients is no part of its version.]],
  example = [[
local version = require "ops.version"
local installed = version.parse("2.5.1-20240131")
print(installed > version.parse("2.5.1"), version.compare("1.10", "1.9"), version.fits("8.0.36", ">= 5.7, < 9"))]],
})

module.error("version.syntax", "a text is no version, or a range is none", "write it as digits with points: 2.5.1")
module.record("Version", "A version, taken apart", {
  { "text", "string", "as it was written", required = true },
  { "numbers", "integer[]", "the dotted numbers", required = true },
  { "pre_release", "string", "the word that makes it a pre-release: \"rc1\"" },
  { "epoch", "integer", "a Debian package's number before the colon", default = 0 },
  { "patch_level", "integer", "of \"9.2p1\": 1", default = 0 },
  { "build_date", "string", "digits: \"20240131\"" },
  { "revision", "integer", "the first number behind it", default = 0 },
  { "revisions", "integer[]", "all of them: of \"2.3-4+deb12u1\" 4, 12 and 1", required = true },
})

-- Words that come before the release, in this order.
local PRE_RELEASES = { dev = 1, snapshot = 2, alpha = 3, a = 3, beta = 4, b = 4, milestone = 5, m = 5, pre = 6,
  preview = 6, rc = 7, cr = 7 }

-- Words whose number is a package's revision: 4ubuntu1, deb12u1, r5, 513.el8. Of others ("x86", "64k") it is none.
local REVISION_WORDS = { [""] = true, r = true, rev = true, u = true, deb = true, ubuntu = true, el = true, fc = true,
  dfsg = true, bpo = true, build = true, nmu = true }

-- No text has a longer number in it that means something, and doubles hold these exactly.
local LONGEST_NUMBER = 15

local function is_date(digits)
  return #digits >= 8 and #digits <= 14 and digits:find("^[12][09]%d%d[01]%d[0-3]%d") ~= nil
end

local function pre_release_rank(word)
  local name, number = word:lower():match("^(%a+)(%d*)$")
  local rank = name and PRE_RELEASES[name]
  if not rank or #number > LONGEST_NUMBER then return nil end
  -- "b20240131" is a build, and the single letters mean something only with their number.
  if #name == 1 and (number == "" or is_date(number)) then return nil end
  return rank, tonumber(number) or 0
end

local metatable = {}

-- "1a2b3c4", "g1a2b3c4": letters and digits of a commit's hash.
local function is_hash(word)
  local digits = word:match("^g?(%x+)$")
  return digits and #digits >= 7 and digits:find("%a") and digits:find("%d")
end

local function read_revisions(version, word)
  for letters, digits in word:lower():gmatch("(%a*)(%d+)") do
    if not REVISION_WORDS[letters] or #digits > LONGEST_NUMBER then return end
    version.revisions[#version.revisions + 1] = tonumber(digits)
  end
end

local function read_word(version, word)
  local digits = word:match("^%a*(%d+)$")
  local patch = word:match("^[pP](%d+)$") or word:match("^patch(%d+)$")
  if not version.pre_release and pre_release_rank(word) then
    version.pre_release = word
  elseif digits and is_date(digits) then
    version.build_date = version.build_date or digits
  elseif patch and #patch <= LONGEST_NUMBER then
    version.patch_level = tonumber(patch)
  elseif not is_hash(word) then
    read_revisions(version, word)
  end
end

local function read_numbers(dotted)
  local numbers = {}
  for digits in dotted:gmatch("%d+") do
    if #digits > LONGEST_NUMBER then return nil end
    numbers[#numbers + 1] = tonumber(digits)
  end
  return numbers
end

--- nil: it is no version.
local function read(text)
  local epoch, without_epoch = text:match("^(%d+):(%d.*)$")
  local own = without_epoch or text
  -- What MariaDB 10 and later say to clients that look for MySQL 5.5.
  if own:find("^5%.5%.5%-%d+%.%d+[%d.]*%-MariaDB") then own = own:sub(7) end
  local dotted, rest = own:match("^[vV]?(%d[%d.]*)(.*)$")
  if not dotted or dotted:find("..", 1, true) or dotted:sub(-1) == "." then return nil end
  if rest:find("[^%w%-_+.~:() ]") then return nil end
  local numbers = read_numbers(dotted)
  if not numbers or epoch and #epoch > LONGEST_NUMBER then return nil end
  local version = setmetatable({ text = text, epoch = tonumber(epoch) or 0, numbers = numbers, patch_level = 0,
    revisions = {} }, metatable)
  -- "1.2rc1" has no separator before its word; "rc.1" has one within.
  rest = rest:gsub("(%a)%.(%d)", "%1%2")
  for word in rest:gmatch("%w+") do read_word(version, word) end
  version.is_before = rest:sub(1, 1) == "~" and not version.pre_release
  version.revision = version.revisions[1] or 0
  return version
end

local function parsed(value)
  if getmetatable(value) == metatable then return value end
  local version = type(value) == "string" and read(value)
  if version then return version end
  error(native.new_error("version.syntax", native.describe(value) .. " is no version; one begins with digits: 2.5.1,"
    .. " 8.0.36-rc1, 2.5.1-20240131"), 0)
end

local function sign(difference)
  return difference < 0 and -1 or difference > 0 and 1 or 0
end

local function compare_numbers(one, other)
  for i = 1, math.max(#one, #other) do
    local difference = (one[i] or 0) - (other[i] or 0)
    if difference ~= 0 then return sign(difference) end
  end
  return 0
end

-- What is behind a "~" without such a word comes before every pre-release, as Debian orders it.
local function rank_of(version)
  if version.is_before then return 0, 0 end
  if not version.pre_release then return math.huge, 0 end
  return pre_release_rank(version.pre_release)
end

local function compare_pre_releases(one, other)
  local rank, number = rank_of(one)
  local other_rank, other_number = rank_of(other)
  if rank ~= other_rank then return rank < other_rank and -1 or 1 end
  return sign(number - other_number)
end

-- Dates with and without a time of day: by their common digits, then by length.
local function compare_dates(one, other)
  if not one or not other then return (one and 1 or 0) - (other and 1 or 0) end
  local common = math.min(#one, #other)
  local difference = tonumber(one:sub(1, common)) - tonumber(other:sub(1, common))
  return sign(difference ~= 0 and difference or #one - #other)
end

local function compare(one, other)
  local result = sign(one.epoch - other.epoch)
  if result == 0 then result = compare_numbers(one.numbers, other.numbers) end
  if result == 0 then result = compare_pre_releases(one, other) end
  if result == 0 then result = sign(one.patch_level - other.patch_level) end
  if result == 0 then result = compare_dates(one.build_date, other.build_date) end
  if result == 0 then result = compare_numbers(one.revisions, other.revisions) end
  return result
end

metatable.__tostring = function(version) return version.text end
metatable.__concat = function(one, other) return tostring(one) .. tostring(other) end
metatable.__eq = function(one, other) return compare(one, other) == 0 end
metatable.__lt = function(one, other) return compare(parsed(one), parsed(other)) < 0 end
metatable.__le = function(one, other) return compare(parsed(one), parsed(other)) <= 0 end

module.fn { "parse",
  params = { { "text", "string", "a version and nothing else" } },
  returns = "Version",
  returns_doc = "compares with <, == and >, prints as it was written",
  raises = { "version.syntax" },
  doc = "Take a version apart",
  run = parsed,
}

module.fn { "find_version",
  params = { { "text", "string", "what a program says of itself" } },
  returns = "Version?",
  returns_doc = "the first that has a point in it; nil where there is none",
  doc = "Find the version in a program's output",
  example = [[
local version = require "ops.version"
print(version.find_version("mysql  Ver 15.1 Distrib 10.11.6-MariaDB, for debian-linux-gnu"))]],
  run = function(text)
    for before, candidate in text:gmatch("()([vV]?%d+%.%d[%w.%-_+~]*)") do
      local previous = text:sub(before - 1, before - 1)
      if not previous:find("[%w.]") then
        local version = read((candidate:gsub("[.%-_+~]+$", "")))
        if version then return version end
      end
    end
    return nil
  end,
}

module.fn { "compare",
  params = { { "one", "any", "a version or its text" }, { "other", "any", "a version or its text" } },
  returns = "integer",
  returns_doc = "-1: one is the earlier; 0: the same; 1: one is the later",
  raises = { "version.syntax" },
  doc = "Compare two versions",
  run = function(one, other) return compare(parsed(one), parsed(other)) end,
}

local HOLDS = {
  ["<"] = function(result) return result < 0 end,
  ["<="] = function(result) return result <= 0 end,
  [">"] = function(result) return result > 0 end,
  [">="] = function(result) return result >= 0 end,
  ["="] = function(result) return result == 0 end,
  ["=="] = function(result) return result == 0 end,
  ["!="] = function(result) return result ~= 0 end,
  ["~="] = function(result) return result ~= 0 end,
}

module.fn { "fits",
  params = {
    { "version", "any", "a version or its text" },
    { "range", "string", "conditions with commas between: \">= 5.7, < 9\"; all have to hold" },
  },
  returns = "boolean",
  raises = { "version.syntax" },
  doc = "Tell whether a version lies within a range",
  run = function(version, range)
    local subject, fits = parsed(version), true
    for condition in (range .. ","):gmatch("([^,]*),") do
      local operator, limit = condition:match("^%s*([<>=!~]+)%s*(.-)%s*$")
      local holds = HOLDS[operator]
      if not holds then
        error(native.new_error("version.syntax", native.describe(range) .. " is no range: each condition is <, <=, >,"
          .. " >=, = or != and a version, with commas between them"), 0)
      end
      fits = fits and holds(compare(subject, parsed(limit)))
    end
    return fits
  end,
}

return module.seal()
