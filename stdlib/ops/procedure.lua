-- Procedures: runbooks that can be planned, resumed and rolled back.
local native = ...

local declare = native.internal("declare")
local main = native.internal("procedure/main")
local params = native.internal("procedure/params")
local recorded = native.internal("procedure/recorded")
local steps = native.internal("procedure/step")
local group = native.internal("procedure/group")
local cleanup = native.internal("procedure/cleanup")
local question = native.internal("procedure/question")
local frames = native.internal("procedure/frame")

local module = declare.module("ops.procedure", "Runbooks that can be planned, resumed and rolled back", {
  doc = [[
A file that returns `procedure.define{...}` is a procedure: `opshost run` gives it flags and a journal, `opshost plan`
shows what it would change, and killed anywhere it is taken on by `opshost resume`. `opshost help procedures` is the
introduction.]],
  example = [[
local procedure = require "ops.procedure"
local machine = require "local"
local param = procedure.param

return procedure.define {
  summary = "Write a greeting",
  api = 1,
  params = { path = param.string { default = "greeting", doc = "the file" } },
  uses = { ["local"] = "change" },
  run = function(ctx, p)
    ctx:step("write the greeting", {
      done = function() return machine.exists(p.path) ~= nil end,
      run = function() machine.write_file(p.path, "hello\n") end,
    })
  end,
}]],
})

-- Errors ------------------------------------------------------------------------------------------------------------

for _, entry in ipairs {
  { "definition", "a procedure is declared wrongly", "correct the field the message names" },
  { "outside", "a method of ctx was called where no procedure runs", "call it from the procedure's `run`" },
  { "name", "a name a resume could not find again", "make names of what stays the same from run to run" },
  { "path_used", "two names lead to one path", "give one of them another name or key" },
  { "step_in_step", "a step or group inside of a step", "put one after the other" },
  { "step_in_look", "a step, clean-up or question inside of a function that only looks",
    "put it beside the fact, guard or step" },
  { "not_boolean", "a question's function returned something else than a boolean",
    "return true or false, and what was seen" },
  { "not_data", "a value that cannot be kept for a resume", "keep data: names and numbers, not handles or functions" },
  { "secret", "a value to be kept for a resume has a secret in it",
    "keep what decides: a digest, a version, where a backup is; ask a person by ops.secret.input" },
  { "no_value", "the value of a step that has none", "return it from `run`, or take it from a fact" },
  { "value_too_long", "a value too long to be kept for a resume", "keep what decides" },
  { "goal", "a step's goal did not come about in time", "look at what was seen; resume waits for it again" },
  { "require", "a precondition does not hold", "put right what it asks for, then resume or run again" },
  { "guard", "a guard does not allow the next change", "put right what it asks for, then resume" },
  { "refused", "the procedure or a person refused to go on", "the message says why" },
  { "failed", "the procedure found something wrong", "the message says what; repair it, then resume" },
  { "tolerated", "some hosts failed, not more than max_fail allows", "repair them, then resume" },
  { "unvisited", "a resumed run did not come by a step that has been done",
    "what decides the road must be a fact; correct the script, then resume" },
  { "unfinished", "the target has an unfinished run, or one that owes a clean-up",
    "resume that run, settle it with `opshost cleanup`, or `opshost abandon` it" },
  { "target_busy", "another run works on the target", "wait until it has ended" },
  { "run_busy", "another process works on the run", "wait until it has ended" },
  { "nothing_to_do", "there is nothing left of the run to go on with", "`opshost show RUN` tells what became of it" },
  { "never_began", "a command that an earlier process was about to send never began",
    "nothing: it counts as not sent" },
  { "goes_on", "a job that an earlier process began is there under its name", "nothing: the step finds it there" },
  { "edited", "files of the run were edited since", "look at the differences; resume with --edited" },
} do
  module.error("procedure." .. entry[1], entry[2], entry[3])
end
for _, entry in ipairs {
  { "journal.not_writable", "the journal's folder cannot be used", "make room, or name another with OPSHOST_STATE" },
  { "journal.not_readable", "a run's journal cannot be read", "read it as whoever began the run, or as root" },
  { "journal.full", "the journal's disk is full; nothing was sent", "make room there, then resume" },
  { "journal.broken", "the journal could not be written; no further change is sent", "repair the disk, then resume" },
  { "journal.damaged", "a journal is not what was written", "restore it, or abandon the run" },
  { "usage.parameter", "a procedure's parameter is missing or wrong", "`opshost describe PROCEDURE` shows them" },
  { "usage.option", "an option of the command line is wrong", "`opshost COMMAND --help` shows them" },
  { "usage.procedure", "what was named is no procedure", "let its file return procedure.define{...}" },
} do
  module.error(entry[1], entry[2], entry[3])
end

-- Parameters --------------------------------------------------------------------------------------------------------

module.record("ParamOptions", "One parameter", {
  { "doc", "string", "what it is, for help" },
  { "default", "any", "its value where none is given" },
  { "optional", "boolean", "true: without a value it is nil", default = false },
  { "choices", "string[]", "for param.choice: what it may be" },
})

local KINDS = {
  { "host", "the name of a host; a run has it to itself" },
  { "hosts", "names of hosts, comma separated or repeated" },
  { "string", "text" },
  { "strings", "several texts, comma separated or repeated" },
  { "integer", "a whole number" },
  { "number", "a number" },
  { "boolean", "a flag: --name or --no-name" },
  { "duration", "\"30s\"; the procedure sees seconds" },
  { "size", "\"70GiB\"; the procedure sees bytes" },
  { "choice", "one of `choices`" },
}
local param_method, param_methods = module.object("Params", "The kinds of parameters: `procedure.param`")
for _, kind in ipairs(KINDS) do
  param_method { kind[1],
    params = { { "options", "ParamOptions?", "its description and default" } },
    returns = "any",
    returns_doc = "for the field `params` of procedure.define",
    doc = "Declare a parameter: " .. kind[2],
    run = function(options) return params.new(kind[1], options) end,
  }
  -- `param.host{...}`, without a colon: there is nothing to call it on.
  local method = param_methods[kind[1]]
  local all = param_methods
  param_methods[kind[1]] = function(...) return method(all, ...) end
end
module.exports.param = param_methods

-- Definition --------------------------------------------------------------------------------------------------------

module.record("Procedure", "A procedure", {
  { "summary", "string", "one line, for lists", required = true },
  { "source", "string", "the manual and chapter it comes from" },
  { "api", "integer", "the version of this interface it is written for: 1", required = true },
  { "params", "any", "name -> parameter: what it is told on the command line" },
  { "uses", "any", 'module -> "observe", "change" or "destroy": the most it may do; enforced', required = true },
  { "on_failure", '"stop"|"ask"|"rollback"',
    "what follows a failure: stop, to be resumed; ask; take back what was done", default = "stop" },
  { "run", "function", "the procedure itself, called as run(ctx, p)", required = true },
})

local API = 1

local function check_definition(definition)
  if definition.api ~= API then
    frames.fail("procedure.definition", "it is written for api " .. definition.api .. ", and this opshost has api "
      .. API .. "; use an opshost that fits, or bring the procedure up to date")
  end
  definition.params = definition.params or {}
  for name, param in pairs(definition.params) do
    params.check_name(name)
    if not params.is_param(param) then
      frames.fail("procedure.definition", 'the parameter "' .. name .. '" is ' .. type(param)
        .. ", expected param.string{...} or another kind of procedure.param")
    end
  end
  native.push_scope { uses = definition.uses }
  native.pop_scope()
  return definition
end

module.fn { "define",
  params = { { "definition", "Procedure", "what it is and does" } },
  returns = "any",
  returns_doc = "the procedure, for its file to return",
  doc = "Define a procedure; its name is the path of its file",
  run = function(definition)
    local procedure = native.mark_procedure({})
    main.keep(procedure, check_definition(definition))
    return procedure
  end,
}

-- The context -------------------------------------------------------------------------------------------------------

module.record("RetryPolicy", "How often a step's `run` is tried", {
  { "times", "integer", "attempts in all", default = 3 },
  { "wait", "duration", "pause after the first failure; doubles each time", default = "1s" },
  { "max_wait", "duration", "longest pause", default = "30s" },
})
module.record("StepOptions", "A step", {
  { "key", "string", "its name in the journal, where the name itself is not the same in every run" },
  { "done", "function", "called as done(s), returns boolean, seen and perhaps a value: is it so already?" },
  { "run", "function", "called as run(s): makes the change; what it returns is the step's value", required = true },
  { "verify", "function", "called as verify(s), returns boolean, seen: the goal beyond `done`" },
  { "undo", "function", "called as undo(value, s) when the run is rolled back" },
  { "timeout", "duration", "how long the goal may take to come about after `run`", default = "60s" },
  { "every", "duration", "pause between two looks at it", default = "1s" },
  { "retry", "RetryPolicy", "try `run` again after a failure that left nothing in doubt" },
  { "repeatable", "boolean", "true: every change in it, sent again, ends in the same state", default = false },
  { "assume", "any", "its value in a plan" },
  { "sensitive", "boolean", "true: what its changes say and answer is not written down", default = false },
})
module.record("StepResult", "What became of a step", {
  { "changed", "boolean", "a change was sent, or may have been, in this or an earlier process", required = true },
  { "seen", "any", "what `done` or `verify` saw last" },
  { "value", "any", "what `run` returned, or `done`; reading one that nobody gave raises" },
})
module.record("FactOptions", "A fact", { { "assume", "any", "its value in a plan that cannot know it" } })
module.record("CleanupOptions", "A clean-up", { { "timeout", "duration", "how long it may take", default = "60s" } })
module.record("GroupOptions", "How a group runs", {
  { "on_error", '"stop"|"collect"', "what the first error of a fiber does", default = "stop" },
})
module.record("EachOptions", "How a fan-out runs", {
  { "parallel", "integer", "how many items are worked on at once", default = 32 },
  { "on_error", '"stop"|"collect"',
    "stop: the first error ends the fan-out and is raised; collect: go on, look at .failed", default = "stop" },
})
module.record("RollingOptions", "How batches go", {
  { "serial", "any", "hosts of a batch: a number, or \"25%\" of them", default = 1 },
  { "max_fail", "integer", "hosts that may fail while the others go on", default = 0 },
})
module.record("ConfirmOptions", "A question for a yes", { { "text", "string", "the question", required = true } })
module.record("InputOptions", "A question for a value", { { "text", "string", "the question", required = true } })
module.record("ChooseOptions", "A question for one of several", {
  { "text", "string", "the question", required = true },
  { "choices", "string[]", "what may be answered", required = true },
  { "assume", "string", "the answer a plan goes on with" },
})
module.record("ManualOptions", "An act of a person", {
  { "text", "string", "exactly what to do", required = true },
  { "answer", "string", "what to type when it is done", default = "done" },
  { "done", "function", "returns boolean, seen: a machine's look at it" },
  { "hook", "string", "the site's function that replaces the person: `hooks[...]` of site.lua" },
  { "args", "any", "what the hook is called with" },
  { "timeout", "duration", "how long `done` may take to show after the answer", default = "60s" },
  { "every", "duration", "pause between two looks", default = "1s" },
})
module.record("LastOptions", "Which runs count", { { "target", "string", "only runs on this host" } })

local method, context = module.object("Context", "What a procedure's `run` is given: everything that is journaled")
main.context = context

method { "fact",
  params = { { "name", "string", "its name" }, { "fn", "function", "reads it" },
    { "options", "FactOptions?", "what a plan takes" } },
  returns = "any", returns_doc = "its value, as it was written down", waits = true,
  raises = { "procedure.not_data", "procedure.path_used" },
  doc = "Read something once that decides what follows; a resume has the same value",
  run = recorded.fact }
method { "try",
  params = { { "name", "string", "its name" }, { "fn", "function", "what may fail" },
    { "codes", "string[]", "the error codes to catch" } },
  returns = "any", returns_doc = "what fn returned; or nil and the error, where its code is listed", waits = true,
  raises = { "ops.unknown_code", "procedure.not_data" },
  doc = "Catch the named errors and record which way it went; a resume goes the same way",
  run = recorded.try }
method { "require",
  params = { { "name", "string", "what has to hold" }, { "fn", "function", "returns boolean, seen" } },
  waits = true, raises = { "procedure.require", "procedure.not_boolean" },
  doc = "A precondition, asked once",
  run = recorded.require }
method { "guard",
  params = { { "name", "string", "what has to hold" }, { "fn", "function", "returns boolean, seen" },
    { "body", "function", "what is done under it" } },
  returns = "any", returns_doc = "what body returned", waits = true,
  raises = { "procedure.guard", "procedure.not_boolean" },
  doc = "An invariant, asked before every change in the body; those go out one after the other",
  run = recorded.guard }
method { "step",
  params = { { "name", "string", "what is done" }, { "options", "StepOptions", "how" } },
  returns = "StepResult", waits = true,
  raises = { "procedure.goal", "procedure.not_boolean", "procedure.step_in_step", "procedure.path_used",
    "procedure.refused", "answer.needed" },
  doc = "The unit of change: skipped where it is so already, else run, verified and recorded",
  run = steps.step }
method { "group",
  params = { { "name", "string", "its name" },
    { "fn", "function", "called as fn(group); group:spawn(fn) begins a fiber" },
    { "options", "GroupOptions?", "what an error does" } },
  returns = "any", returns_doc = "what fn returned", waits = true, raises = { "group.failed" },
  doc = "A part of the procedure: names in it begin with its name, its clean-ups run at its end",
  run = group.group }
method { "each",
  params = { { "list", "any[]", "the items; their names must last" },
    { "options", "EachOptions?", "how many at once, and what an error does" },
    { "fn", "function", "called as fn(item, index)" } },
  returns = "any", returns_doc = "as of ops.each", waits = true, raises = { "group.failed" },
  doc = "Do something for every item, many at once, each in a group of its own",
  run = group.each }
method { "rolling",
  params = { { "hosts", "any[]", "the hosts" },
    { "options", "RollingOptions?", "how large a batch, how many may fail" },
    { "fn", "function", "called as fn(host)" } },
  returns = "any", returns_doc = "as of ops.each", waits = true, raises = { "group.failed" },
  doc = "Do something host by host, in batches",
  run = group.rolling }
method { "call",
  params = { { "name", "string", "the procedure" }, { "params", "any", "its parameters" } },
  returns = "any", returns_doc = "what its `run` returned",
  raises = { "gate.undeclared", "usage.parameter", "usage.procedure" },
  doc = "Run another procedure as a part of this one",
  run = function(name, given) return group.call(name, given or {}) end }
method { "cleanup",
  params = { { "name", "string", "its name" }, { "fn", "function", "puts back; its changes must be repeatable" },
    { "options", "CleanupOptions?", "how long it may take" } },
  waits = true, raises = { "procedure.path_used" },
  doc = "Put something back at the end of the group, whatever happens; owed until it succeeded",
  run = cleanup.register }
method { "confirm",
  params = { { "name", "string", "its name" }, { "options", "ConfirmOptions", "the question" } },
  returns = "boolean", returns_doc = "true", raises = { "procedure.refused", "answer.needed" },
  doc = "Ask a person for a yes; a no ends the run",
  run = question.confirm }
method { "choose",
  params = { { "name", "string", "its name" }, { "options", "ChooseOptions", "the question and its answers" } },
  returns = "any", returns_doc = "the choice", raises = { "procedure.refused", "answer.needed" },
  doc = "Ask a person for one of several",
  run = question.choose }
method { "input",
  params = { { "name", "string", "its name" }, { "options", "InputOptions", "the question" } },
  returns = "any", returns_doc = "what was typed", raises = { "procedure.refused", "answer.needed" },
  doc = "Ask a person for a value",
  run = question.input }
method { "manual",
  params = { { "name", "string", "its name" },
    { "options", "ManualOptions", "what to do, and how to see that it was done" } },
  waits = true, raises = { "procedure.refused", "procedure.goal", "answer.needed" },
  doc = "Have a person do something, and look whether it was done where a machine can",
  run = question.manual }
method { "last",
  params = { { "name", "string", "the procedure" }, { "options", "LastOptions?", "which runs count" } },
  returns = "any", returns_doc = "{state, result, facts}, or nil",
  doc = "What became of the latest run that sent a change",
  run = function(name, options) return native.last_run(name, options.target) end }
method { "log",
  params = { { "text", "string", "what to tell" } },
  doc = "A line for the journal and the person",
  run = function(text) native.internal("procedure/talk").log(text) end }
method { "fail",
  params = { { "text", "string", "what is wrong" }, { "seen", "any", "what was observed" } },
  raises = { "procedure.failed" },
  doc = "End the run as failed (exit code 2)",
  run = function(text, seen) native.internal("procedure/talk").stop("procedure.failed", text, seen) end }
method { "refuse",
  params = { { "text", "string", "why not" }, { "seen", "any", "what was observed" } },
  raises = { "procedure.refused" },
  doc = "End the run because it must not be (exit code 5)",
  run = function(text, seen) native.internal("procedure/talk").stop("procedure.refused", text, seen) end }

return module.seal()
