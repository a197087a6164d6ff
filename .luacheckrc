-- luacheck's settings. What a script sees of Lua is generated (the std "opshost"); all else comes through require.
local generated = loadfile("docs/types/.luacheckrc")
setfenv(generated, getfenv(1))()

max_line_length = 120
codes = true
exclude_files = { "docs/types" }  -- stubs: functions without bodies
ignore = {
  "212/self",  -- a method that does not need its object is still a method
  "212/_.*",
}

-- The Lua half of the host runs before the sandbox is closed.
files["stdlib/opshost"] = { std = "luajit" }
