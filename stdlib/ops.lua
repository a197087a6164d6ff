-- The root module: many things at once, waiting, deadlines, errors, commands.
local native = ...

local declare = native.internal("declare")
local fan_out = native.internal("fan_out")
local waiting = native.internal("waiting")

local module = declare.module("ops", "The root module: many things at once, waiting, deadlines, errors", {
  doc = [[
Calls look synchronous; while one waits, other fibers run. `ops.each` runs a function for many items at once,
`ops.deadline` bounds a block, `ops.wait_until` waits for a condition, `ops.try` catches named errors.

`ops.args` is the list of the script's own command-line arguments: whatever follows its name. `ops.null` is the null of
documents (`data`): compare with it, since it counts as true.]],
  example = [[
local ops = require "ops"
local results = ops.each({ "a", "b", "c" }, { parallel = 2 }, function(item)
  ops.sleep("10ms")
  return item:upper()
end)
for _, result in ipairs(results) do print(result.item, result.value) end]],
})

module.error("group.failed", "items of a fan-out failed", "look at err.detail.items; each has its own error")
module.error("wait.timeout", "the awaited condition did not come about in time",
  "err.detail.seen is what was last observed; give it more time or repair the cause")
module.error("wait.not_boolean", "a condition returned something else than a boolean",
  "return true or false, and what was seen")
module.error("ops.unknown_code", "ops.try was given an error code nobody declares", "use the code the message suggests")

module.record("ItemResult", "What became of one item", {
  { "item", "any", "the item" },
  { "ok", "boolean", "true: the function returned" },
  { "value", "any", "what it returned" },
  { "error", "any", "what it raised" },
  { "skipped", "boolean", "true: not begun, or stopped, because another item failed" },
})
module.record("EachOptions", "How a fan-out runs", {
  { "parallel", "integer", "how many items are worked on at once", default = 32 },
  { "on_error", '"stop"|"collect"',
    "stop: the first error ends the fan-out and is raised; collect: go on, look at .failed", default = "stop" },
})
module.record("GroupOptions", "How a group runs", {
  { "on_error", '"stop"|"collect"',
    "stop: the first error ends the group and is raised; collect: go on, look at .failed", default = "stop" },
})
module.record("WaitOptions", "How to wait for a condition", {
  { "timeout", "duration", "how long to wait before wait.timeout is raised", default = "60s" },
  { "every", "duration", "pause between looks", default = "1s" },
  { "what", "string", "what is awaited, for the error", default = "the condition" },
})
module.record("RetryOptions", "How often to try again", {
  { "times", "integer", "attempts in all", default = 3 },
  { "wait", "duration", "pause after the first failure; doubles each time, with jitter", default = "1s" },
  { "max_wait", "duration", "longest pause", default = "30s" },
  { "repeatable", "boolean", "true: also after a change whose reply was lost (sending it twice ends in the same state)",
    default = false },
})

module.record("PrintOptions", "What to print", {
  { "columns", "string[]", "the fields in order; all of them unless given" },
})

module.fn { "print",
  params = { { "value", "any", "a list of records, a record, or anything" },
    { "options", "PrintOptions?", "which fields" } },
  doc = "Print a table of records, aligned; under --json, a line of JSON",
  example = [[
local ops = require "ops"
ops.print({ { name = "web-1", state = "running" }, { name = "db", state = "exited" } })]],
  run = function(value, options) native.internal("printer").print(value, options) end,
}

module.fn { "sleep",
  params = { { "time", "duration", "how long" } },
  waits = true,
  doc = "Let other fibers run for a time",
  run = native.sleep,
}

module.fn { "each",
  params = {
    { "list", "any[]", "the items" },
    { "options", "EachOptions?", "how many at once, and what an error does" },
    { "fn", "function", "called as fn(item, index), each in a fiber of its own" },
  },
  returns = "ItemResult[]",
  returns_doc = "in the order of the items, with .failed, .succeeded and [name]",
  waits = true,
  raises = { "group.failed" },
  doc = "Run a function for every item, many at once",
  example = [[
local ops = require "ops"
local results = ops.each({ "alpha", "beta" }, { on_error = "collect" }, function(name)
  if name == "beta" then error("down") end
  return #name
end)
print(results["alpha"].value, #results.failed)]],
  run = fan_out.each,
}

module.fn { "group",
  params = {
    { "fn", "function", "called as fn(group); group:spawn(fn, ...) begins a fiber" },
    { "options", "GroupOptions?", "what an error does" },
  },
  returns = "ItemResult[]",
  returns_doc = "one for each fiber, in the order they were begun",
  waits = true,
  raises = { "group.failed" },
  doc = "Run several fibers and wait until all of them have ended",
  example = [[
local ops = require "ops"
local results = ops.group(function(group)
  group:spawn(function() return "one" end)
  group:spawn(function() return "two" end)
end)
print(results[1].value, results[2].value)]],
  run = fan_out.group,
}

module.fn { "deadline",
  params = {
    { "time", "duration", "how long the block may take" },
    { "fn", "function", "the block; further arguments go to it" },
    { "arguments", "any", "for fn" },
  },
  variadic = true,
  returns = "any",
  returns_doc = "what the block returned",
  waits = true,
  raises = { "deadline.exceeded" },
  doc = "Bound a block: whatever it waits for ends when the time is up",
  example = [[
local ops = require "ops"
local _, err = ops.try(function()
  ops.deadline("20ms", function() ops.sleep("1h") end)
end, { "deadline.exceeded" })
print(err.code)]],
  run = waiting.deadline,
}

module.fn { "wait_until",
  params = {
    { "fn", "function", "returns true when it is so, and what it saw" },
    { "options", "WaitOptions?", "how long, how often" },
  },
  returns = "any",
  returns_doc = "what the function saw last",
  waits = true,
  raises = { "wait.timeout", "wait.not_boolean" },
  doc = "Look again and again until a condition holds",
  run = waiting.wait_until,
}

module.fn { "retry",
  params = {
    { "options", "RetryOptions?", "how often" },
    { "fn", "function", "called as fn(attempt)" },
  },
  returns = "any",
  returns_doc = "what the function returned",
  waits = true,
  doc = "Try again after errors that may pass; never after a change that may have been applied, unless repeatable",
  run = waiting.retry,
}

module.fn { "try",
  params = {
    { "fn", "function", "what may fail" },
    { "codes", "string[]", "the error codes to catch; \"mysql.*\" is every one of mysql" },
  },
  returns = "any",
  returns_doc = "what the function returned; or nil and the error, where its code is listed",
  waits = true,
  raises = { "ops.unknown_code" },
  doc = "Catch the named errors; every other goes on",
  example = [[
local ops = require "ops"
local files = require "local"
local text, err = ops.try(function() return files.read_file("/no/such/file") end, { "local.not_found" })
print(text, err.code)]],
  run = waiting.try,
}

module.fn { "with",
  params = {
    { "handle", "any", "something with a close method" },
    { "fn", "function", "called as fn(handle)" },
  },
  returns = "any",
  returns_doc = "what the function returned",
  waits = true,
  doc = "Use a handle and close it, whatever happens",
  run = waiting.with,
}

module.fn { "int64",
  params = { { "text", "string", "decimal digits" } },
  returns = "any",
  returns_doc = "compares and prints; nil where the text is no 64-bit integer",
  doc = "An integer of 64 bits, beyond the 2^53 a Lua number holds exactly",
  example = [[
local ops = require "ops"
print(ops.int64("9007199254740993"))]],
  run = native.int64,
}

module.fn { "seconds",
  params = { { "duration", "duration", "\"1m30s\", or seconds as a number" } },
  returns = "number",
  doc = "A duration in seconds",
  example = [[
local ops = require "ops"
print(ops.seconds("1m30s"), ops.duration_text(90))]],
  run = function(seconds) return seconds end,
}

module.fn { "duration_text",
  params = { { "duration", "duration", "seconds as a number, or \"90s\"" } },
  returns = "string",
  returns_doc = "the shortest exact spelling, which is read back everywhere: \"1m30s\"",
  doc = "A duration as a person writes it",
  run = native.duration_text,
}

module.fn { "bytes",
  params = { { "size", "size", "\"70GiB\", or bytes as a number" } },
  returns = "integer",
  doc = "A size in bytes",
  example = [[
local ops = require "ops"
print(ops.bytes("1GiB"), ops.size_text(1536 * 1024))]],
  run = function(bytes) return bytes end,
}

module.fn { "size_text",
  params = { { "size", "size", "bytes as a number, or \"1024KiB\"" } },
  returns = "string",
  returns_doc = "the shortest exact spelling, which is read back everywhere: \"1MiB\"",
  doc = "A size as a person writes it",
  run = native.size_text,
}

-- The script's own command-line arguments.
module.exports.args = native.args or {}
-- What a document has where Lua has nothing: true, equal to itself alone, prints "null".
module.exports.null = native.null

return module.seal { "inventory", "secret", "text", "version" }
