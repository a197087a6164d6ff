-- What `ops.secret` has beside its C++ part: commands, and references that say where a secret is.
local native = ...

local declare = native.internal("declare")
local machine = native.globals.require("local")
local raw_pcall = native.pcall
local own_reads = native.internal("own_reads")
local plain_text = native.internal("plain_text")

local module = declare.module("ops.secret", "Secrets from the environment, a file, a command or a person")
local exports = module.exports

module.error("secret.command", "the command that gives a secret failed, or gave no answer",
  "run it by hand; its own words are in the message")
module.error("secret.reference", "a text does not say where a secret is",
  "write env:NAME, file:PATH, command:PROGRAM ARGUMENT... or input")

module.record("CommandOptions", "How to run the command", {
  { "timeout", "duration", "how long to wait for its answer", default = "30s" },
  { "env", "table<string, string>", "variables it gets beside ours" },
})

-- Of an output.
local LONGEST = "1MiB"

-- The original error has what the command printed, which may be the secret.
local function command_error(command, failure)
  local detail = failure.detail or {}
  local problem = failure.message
  if failure.code == "local.exit" then
    problem = "it ended with exit code " .. detail.exit_code .. " and wrote to its error output: "
      .. (plain_text.last_line(detail.stderr or "") or "nothing")
  elseif failure.code == "local.timeout" then
    problem = "it gave no answer in time and was ended"
  elseif failure.code == "local.signal" then
    problem = "it was ended by a signal"
  end
  return native.new_error("secret.command", native.describe(command) .. ": " .. problem,
    { retryable = failure.retryable, target = native.describe(command) })
end

module.fn { "command",
  params = {
    { "command", "command", "the program and its arguments; what it prints is the secret" },
    { "options", "CommandOptions?", "how to run it" },
  },
  returns = "secret",
  waits = true,
  timeout = "30s",
  touches = "this machine",
  raises = { "secret.command", "secret.empty", "secret.too_large" },
  doc = "Take a secret from what a program prints; a line break at its end is no part of it",
  example = [[
local ops = require "ops"
local password = ops.secret.command({ "printf", "hunter2-example" })
print(password)]],
  run = function(command, options)
    local ok, result = raw_pcall(own_reads, machine.read, command,
      { timeout = options.timeout, env = options.env, max_output = LONGEST })
    if not ok then
      if native.is_stop(result) or not native.is_error(result) then error(result, 0) end
      error(command_error(command, result), 0)
    end
    if result.stdout_dropped > 0 then
      error(native.new_error("secret.too_large", native.describe(command) .. ": it printed more than " .. LONGEST
        .. ", which no secret is", { target = native.describe(command) }), 0)
    end
    return native.new_secret(result.stdout, "command " .. native.describe(command))
  end,
}

module.fn { "from",
  params = { { "reference", "string", "\"env:NAME\", \"file:PATH\", \"command:PROGRAM ARGUMENT...\" or \"input\"" } },
  returns = "secret",
  waits = true,
  timeout = "30s",
  touches = "this machine",
  raises = {
    "secret.reference", "secret.not_found", "secret.not_private", "secret.not_readable", "secret.empty",
    "secret.too_large", "secret.command", "answer.needed",
  },
  doc = "Take a secret from where a text says it is, as inventories do",
  run = function(reference)
    local kind, rest = reference:match("^(%l+):(.+)$")
    if kind == "env" then return exports.env(rest) end
    if kind == "file" then return exports.file(rest) end
    if kind == "command" then
      local words = {}
      for word in rest:gmatch("%S+") do words[#words + 1] = word end
      if #words > 0 then return exports.command(words) end
    end
    if reference == "input" then return exports.input("Secret") end
    -- What was written there may be the secret itself: it is not repeated.
    error(native.new_error("secret.reference",
      "a text does not say where a secret is; write env:NAME, file:PATH, command:PROGRAM ARGUMENT... or input"), 0)
  end,
}

return module.seal()
