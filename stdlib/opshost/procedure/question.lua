-- People: ctx:confirm, ctx:choose, ctx:input, ctx:manual. Answers come from the journal, --answers, --yes, a terminal.
local native = ...

local run = native.internal("procedure/run")
local frames = native.internal("procedure/frame")

local raw_pcall, raw_error = native.pcall, error
local fail = frames.fail

local question = {}

-- One question at a time, and the time it takes counts against no deadline.
local asking
local function at_terminal(ask)
  while asking do native.wait_latch(asking) end
  asking = native.latch()
  local began = native.now()
  local ok, answer = raw_pcall(ask)
  local latch = asking
  asking = nil
  native.open_latch(latch)
  native.move_deadlines(native.now() - began)
  if not ok then raw_error(answer, 0) end
  return answer
end

local MOST_TRIES = 3

-- `read` gives the answer's value, or nil where the line is none.
local function ask_until(text, prompt, read, path)
  return at_terminal(function()
    native.show(text .. "\n")
    for _ = 1, MOST_TRIES do
      native.show(prompt)
      local line = native.read_line()
      if line == nil then break end
      local answer = read(line)
      if answer ~= nil then return answer end
      native.show("That is no answer to it.\n")
    end
    fail("procedure.refused", 'the question "' .. path .. '" was not answered; nothing was begun that depends on it')
  end)
end

local function choice_reader(choices)
  return function(line)
    for _, choice in ipairs(choices) do
      if line == choice then return choice end
    end
  end
end

function question.choose_at_terminal(text, choices)
  return ask_until(text, table.concat(choices, "/") .. "? ", choice_reader(choices), "what to do")
end

local function yes_or_no(line)
  line = line:lower()
  if line == "y" or line == "yes" then return "yes" end
  if line == "n" or line == "no" or line == "" then return "no" end
end

-- What a resume asks again: an answer on which nothing was done yet. A value that was typed stays.
local function recorded_answer(path, kind)
  local record = native.answer(path)
  if not record then return nil end
  if kind == "input" or record.acted_upon or not run.resuming or frames.settling() then return record end
end

local function given_answer(path, kind, read)
  local answers = run.options.answers
  if answers and answers[path] ~= nil then
    local text = tostring(answers[path])
    local answer = read(text)
    if answer == nil then
      fail("procedure.refused", 'the answer "' .. text .. '" given for "' .. path
        .. '" is none; nothing was begun that depends on it')
    end
    return answer, "--answers"
  end
  if kind == "confirm" and run.options.yes then return "yes", "--yes" end
end

local function answer_of(path, kind, text, prompt, read)
  frames.claim("question", path)
  local record = recorded_answer(path, kind)
  if record then return record.value end
  if frames.settling() then frames.unwind(path) end
  local answer, by = given_answer(path, kind, read)
  if answer == nil then
    if not native.has_terminal() then
      raw_error(native.new_error("answer.needed", 'the question "' .. path .. '" has to be answered: ' .. text
        .. "\nNobody is at a terminal; give the answer in the file of --answers ({\"" .. path .. "\": ...})"
        .. (kind == "confirm" and ", or say --yes" or "") .. ", and resume"), 0)
    end
    answer, by = ask_until(text, prompt, read, path), "terminal"
  end
  return native.record_value("answer", { path = path, kind = kind, text = text, by = by }, answer)
end

local function planned(path, kind, text, taken)
  native.plan_remark(path, "question (" .. kind .. "): " .. text
    .. (taken == nil and "" or "; taken as " .. native.describe(taken)))
end

local function path_of(name)
  local path = frames.path(name)
  frames.refuse_where_looking("the question", path)
  return path
end

function question.confirm(name, options)
  local path = path_of(name)
  if run.mode == "plan" then
    planned(path, "confirm", options.text, "yes")
    return true
  end
  local answer = answer_of(path, "confirm", options.text, "[y/N] ", yes_or_no)
  if answer == "yes" then return true end
  fail("procedure.refused", 'the answer to "' .. path .. '" was no; nothing was begun that depends on it')
end

function question.choose(name, options)
  local path = path_of(name)
  if run.mode == "plan" then
    planned(path, "choose", options.text, options.assume)
    if options.assume ~= nil then return options.assume end
    return native.unknown('answer to "' .. path .. '"')
  end
  return answer_of(path, "choose", options.text, table.concat(options.choices, "/") .. "? ",
    choice_reader(options.choices))
end

local function any_line(line)
  if line ~= "" then return line end
end

function question.input(name, options)
  local path = path_of(name)
  if native.is_secret_name((name:gsub("%s+$", ""):gsub("%s+", "_"))) then
    fail("procedure.not_data", 'the answer to "' .. path .. '" is a secret, and no secret is written down for a resume;'
      .. " ask for it with ops.secret.input")
  end
  if run.mode == "plan" then
    planned(path, "input", options.text)
    return native.unknown('answer to "' .. path .. '"')
  end
  return answer_of(path, "input", options.text, "> ", any_line)
end

-- An act of a person, or of the site's hook in their place; a machine looks where it can.
local function by_hook(name, options, hook)
  native.internal("procedure/step").step(name, { done = options.done, timeout = options.timeout, every = options.every,
    run = function() return hook(options.args) end })
end

local function await_done(path, options)
  local give_up = native.now() + options.timeout
  while true do
    local reached, seen = frames.reading(options.done)
    if type(reached) ~= "boolean" then
      fail("procedure.not_boolean", '`done` of "' .. path .. '" returned ' .. type(reached) .. ", not a boolean")
    end
    if reached then return end
    if native.now() >= give_up then
      fail("procedure.goal", 'the manual step "' .. path .. '" was said to be done, but ' .. native.duration_text(
        options.timeout) .. " later it does not show; last seen: " .. native.describe(seen))
    end
    native.sleep(math.min(options.every, give_up - native.now()))
  end
end

local function is_done(path, options)
  if not options.done then return false end
  local ok, reached, seen = raw_pcall(frames.reading, options.done)
  if not ok and not (run.mode == "plan" and native.is_stop(reached)) then raw_error(reached, 0) end
  if not ok or reached ~= true then return false end
  if run.mode == "plan" then
    native.plan_remark(path, "already so" .. (seen == nil and "" or " (" .. native.describe(seen) .. ")"))
  end
  return true
end

function question.manual(name, options)
  local path = path_of(name)
  local hook = options.hook and run.hooks[options.hook]
  if hook then return by_hook(name, options, hook) end
  if is_done(path, options) then return end
  if run.mode == "plan" then return planned(path, "manual", options.text) end
  answer_of(path, "manual", options.text .. '\nWhen it is done, type: ' .. options.answer, "> ",
    choice_reader({ options.answer }))
  if options.done then await_done(path, options) end
end

return question
