local ops = require "ops"
print "ready"
ops.sleep("1h")
