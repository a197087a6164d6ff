-- luacheck's settings. Every global a script may use is LuaJIT's; all the rest comes through require.
std = "luajit"
max_line_length = 120
codes = true
ignore = {
  "212/self",  -- a method that does not need its object is still a method
  "212/_.*",
}
