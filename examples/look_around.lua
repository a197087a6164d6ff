-- Run programs that only look, and use what they answer.
local machine = require "local"

local kernel = machine.read({ "uname", "-r" })
print("kernel: " .. kernel.stdout:gsub("\n", ""))

local load = machine.read_file("/proc/loadavg"):match("^%S+")
print("load:   " .. load)
