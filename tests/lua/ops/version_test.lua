local ops = require "ops"
local version = require "ops.version"
local t = require "testing"
local test = t.test

-- Each is earlier than the next; those in one row are the same.
local ORDER = {
  { "0.9" },
  { "1.0~x" },
  { "1~git20240131" },
  { "1", "1.0", "v1.0.0", "1.0-log", "1.0-g1a2b3c4", "1.0-1a2b3c4d", "1.0-x86" },
  { "1.0.1-dev" },
  { "1.0.1-SNAPSHOT" },
  { "1.0.1-alpha", "1.0.1alpha" },
  { "1.0.1-alpha2", "1.0.1a2", "1.0.1-alpha.2" },
  { "1.0.1-beta" },
  { "1.0.1-rc1", "1.0.1rc1", "1.0.1-RC.1" },
  { "1.0.1-rc10" },
  { "1.0.1", "1.0.1-ubuntu" },
  { "1.0.1-20231231" },
  { "1.0.1-20240131", "1.0.1_20240131", "1.0.1 (20240131)", "1.0.1-b20240131" },
  { "1.0.1-202401311530" },
  { "1.0.2", "1.0.2-release" },
  { "1.0.2-0+deb11u9" },
  { "1.0.2-0+deb12u1" },
  { "1.0.2-0+deb12u2" },
  { "1.0.2-1", "1.0.2-r1" },
  { "1.0.2-2", "1.0.2-r2" },
  { "1.0.2-2ubuntu1" },
  { "1.0.2-2ubuntu10" },
  { "1.0.2-r29" },
  { "1.0.2_p1", "1.0.2p1" },
  { "1.0.2p10" },
  { "1.9.9" },
  { "1.10" },
  { "10.11.4-MariaDB-1:10.11.4+maria~deb12", "5.5.5-10.11.4-MariaDB-1:10.11.4+maria~deb12" },
  { "10.11.6-MariaDB", "5.5.5-10.11.6-MariaDB-log" },
  { "10.11.6-MariaDB-0+deb12u1" },
  { "1:0.9" },
  { "1:10.11.6-0+deb12u1" },
  { "2:0.1" },
}

test("versions are in order", function()
  for i, row in ipairs(ORDER) do
    for _, one in ipairs(row) do
      for _, same in ipairs(row) do
        t.equal({ one, same, version.compare(one, same) }, { one, same, 0 })
        t.equal(version.parse(one) == version.parse(same), true)
      end
      for j = i + 1, #ORDER do
        for _, later in ipairs(ORDER[j]) do
          t.equal({ one, later, version.compare(one, later), version.compare(later, one) }, { one, later, -1, 1 })
          t.equal(version.parse(one) < version.parse(later), true)
          t.equal(version.parse(one) >= version.parse(later), false)
        end
      end
    end
  end
end)

test("a version is a record that prints as it was written", function()
  local parsed = version.parse("v2.5.1-rc2-20240131-7")
  t.equal({ parsed.text, parsed.numbers, parsed.pre_release, parsed.build_date, parsed.revision },
    { "v2.5.1-rc2-20240131-7", { 2, 5, 1 }, "rc2", "20240131", 7 })
  t.equal(tostring(parsed) .. "|" .. parsed .. "|", "v2.5.1-rc2-20240131-7|v2.5.1-rc2-20240131-7|")
end)

test("what a package's version is made of", function()
  local parsed = version.parse("1:2.3p4-5+deb12u6")
  t.equal({ parsed.epoch, parsed.numbers, parsed.patch_level, parsed.revision, parsed.revisions },
    { 1, { 2, 3 }, 4, 5, { 5, 12, 6 } })
  t.equal(version.fits("1:10.11.6-0+deb12u1", ">= 1:10.6"), true)
  t.equal(version.fits("5.5.5-10.11.6-MariaDB", ">= 10.6"), true)
end)

test("a version is found in what programs say", function()
  local said = {
    ["mysql  Ver 15.1 Distrib 10.11.6-MariaDB, for debian-linux-gnu"] = "15.1",
    ["Docker version 20.10.24+dfsg1, build 297e128"] = "20.10.24+dfsg1",
    ["OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.13 30 Jan 2024"] = "9.2p1",
    ["Zookeeper version: 3.8.0--1, built on 2022-02-25"] = "3.8.0--1",
    ["v1.20.4."] = "v1.20.4",
  }
  for text, expected in pairs(said) do t.equal(tostring(version.find_version(text)), expected) end
  t.equal(version.find_version("no digits here"), nil)
  t.equal(version.find_version("7 apples"), nil)
end)

test("ranges", function()
  t.equal(version.fits("8.0.36", ">= 5.7, < 9"), true)
  t.equal(version.fits("8.0.36", ">=5.7,<8"), false)
  t.equal(version.fits("8.0.36", "= 8.0.36"), true)
  t.equal(version.fits("8.0.36-rc1", ">= 8.0.36"), false)
  t.equal(version.fits("8.0.36", "!= 8.0.35"), true)
end)

test("what is no version or range is named", function()
  for _, text in ipairs { "", "latest", "1..2", "1.", ".5", "1.2/3", "1.2\n", "99999999999999999999.1", "v", "-1" } do
    local failure = t.raises("version.syntax", nil, function() version.parse(text) end)
    t.truthy(failure.message:find(" is no version; one begins with digits: 2.5.1, 8.0.36-rc1, 2.5.1-20240131", 1, true),
      failure.message)
  end
  t.raises("version.syntax", '"latest" is no version; one begins with digits: 2.5.1, 8.0.36-rc1, 2.5.1-20240131',
    function() version.compare("1.0", "latest") end)
  t.raises("version.syntax",
    '"about 5" is no range: each condition is <, <=, >, >=, = or != and a version, with commas between them',
    function() version.fits("1.0", "about 5") end)
  t.raises("version.syntax", nil, function() version.fits("1.0", ">= 1,") end)
  t.raises("version.syntax", nil, function() version.compare({}, "1.0") end)
end)

test("it is also a field of ops", function()
  t.equal(ops.version == version, true)
  t.raises("usage.unknown_name", 'ops has no "verison"; did you mean "version"?', function() return ops.verison end)
end)
