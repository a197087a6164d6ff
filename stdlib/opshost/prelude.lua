-- What every script finds changed in LuaJIT, and why:
--   pcall, xpcall, coroutine.*   pass on what must not be caught (cancel, outer deadlines) and what waits
--   require, dofile, load*       written in Lua, so that a module's body may wait; text only, strict globals
--   pairs                        honours __pairs, so that it sees through read-only tables
-- Runs once, before any script. `native` holds host functions scripts do not see.
local native, base = ...

local raw_pcall, raw_xpcall, raw_error = pcall, xpcall, error
local raw_resume, raw_yield = coroutine.resume, coroutine.yield
local raw_create = coroutine.create
local raw_next, raw_type = next, type
local raw_getmetatable, raw_getinfo = debug.getmetatable, debug.getinfo
local select, setmetatable, rawget = select, setmetatable, rawget
local is_stop, PARK = native.is_stop, native.park

-- Protected calls of our own -----------------------------------------------------------------------------------------

local function remember_frames(failure)
  if not is_stop(failure) then native.remember_frames_inside(raw_xpcall, failure) end
  return failure
end

--- For errors that are raised again: pcall, but the report still has the frames inside.
local function traced_pcall(fn, ...)
  return raw_xpcall(fn, remember_frames, ...)
end
native.pcall = traced_pcall

-- Waiting calls -----------------------------------------------------------------------------------------------------

local callback_returned = native.callback_returned
local finish

local function run_callback(callback, ...)
  return finish(callback_returned(traced_pcall(callback, ...)))
end

-- What a native start returned, at once or when its fiber was resumed: true and results, false and an error, or a
-- callback of the caller's to run in between.
function finish(status, ...)
  if status == true then return ... end
  if status == false then
    local failure = ...
    native.locate(failure)
    raw_error(failure, 0)
  end
  return run_callback(status, ...)
end

--- Makes a native start function look synchronous. No tail call into it: this frame keeps the arguments, and so the
--- handle, from being collected while the fiber is parked.
local function waits(start)
  return function(...)
    return finish(start(...))
  end
end
native.waits = waits

for _, name in ipairs { "sleep", "yield", "join", "wait_latch", "record", "record_value", "read_line", "write" } do
  native[name] = waits(native[name])
end

-- Errors no script catches ------------------------------------------------------------------------------------------

local function pass_stops(ok, failure, ...)
  if not ok and is_stop(failure) then raw_error(failure, 0) end
  return ok, failure, ...
end

function base.pcall(fn, ...)
  return pass_stops(raw_pcall(fn, ...))
end

function base.xpcall(fn, handler, ...)
  local function handle(failure)
    if is_stop(failure) then return failure end
    return handler(failure)
  end
  return pass_stops(raw_xpcall(fn, handle, ...))
end

-- Coroutines of a script --------------------------------------------------------------------------------------------

-- A coroutine that waits in a call yields PARK through every resume around it, down to its fiber.
local waiting = setmetatable({}, { __mode = "k" })
local go_on

local function after_resume(co, ok, first, ...)
  if ok and first == PARK then
    waiting[co] = true
    return go_on(co, raw_yield(PARK))
  end
  if not ok then
    if is_stop(first) then raw_error(first, 0) end
    native.remember_traceback(co, first)
  end
  return ok, first, ...
end

function go_on(co, ...)
  waiting[co] = nil
  return after_resume(co, raw_resume(co, ...))
end

-- How many blocks (deadlines, clean-ups, steps) its fiber was in when each coroutine was resumed.
local blocks_around = setmetatable({}, { __mode = "k" })

-- A block belongs to the fiber: left by a yield it would bound, or shield, whatever the fiber does next.
function base.coroutine.yield(...)
  local co = coroutine.running()
  local around = co and blocks_around[co]
  if around and native.blocks() ~= around then
    raw_error(native.new_error("script.cannot_yield", "coroutine.yield inside of ops.deadline, a clean-up or a step "
      .. "that the coroutine is in: end the block first, or use ops.group and fibers"), 0)
  end
  return raw_yield(...)
end

local function resume(co, ...)
  if native.c_stack_is_short() then
    return false, "stack overflow: coroutines are nested too deeply"
  end
  if waiting[co] then
    return false, native.new_error("script.coroutine_waits",
      "this coroutine waits in a call of another fiber and cannot be resumed before that call ends")
  end
  blocks_around[co] = native.blocks()
  return after_resume(co, raw_resume(co, ...))
end

local function results_or_error(ok, ...)
  if not ok then raw_error((...), 0) end
  return ...
end

base.coroutine.resume = resume
function base.coroutine.wrap(fn)
  local co = raw_create(fn)
  return function(...)
    return results_or_error(resume(co, ...))
  end
end

-- Tables ------------------------------------------------------------------------------------------------------------

function base.pairs(subject)
  local metatable = raw_getmetatable(subject)
  local iterate = raw_type(metatable) == "table" and rawget(metatable, "__pairs")
  if iterate then return iterate(subject) end
  return raw_next, subject, nil
end

-- Without a comparator a sort runs no Lua, so no deadline could stop a long one.
local raw_sort = table.sort
local LONG = 100000
function base.table.sort(list, before)
  if before == nil and raw_type(list) == "table" and #list > LONG then
    before = function(one, other) return one < other end
  end
  return raw_sort(list, before)
end

-- Modules and chunks ------------------------------------------------------------------------------------------------

local loaded, loading = {}, {}

local function load_text(text, chunk_name, environment)
  local chunk, problem = native.load(text, chunk_name)
  if not chunk then return nil, problem end
  return setfenv(chunk, environment or native.new_environment(chunk_name))
end

-- Lua's own libraries, which portable code also asks `require` for.
local libraries = {
  bit = true, coroutine = true, debug = true, io = true, jit = true,
  math = true, os = true, string = true, table = true,
}
local raw_package = package

local function load_module(name)
  if libraries[name] then return rawget(base, name) end
  local built_in = native.unsafe_lua and (raw_package.preload[name] or raw_package.loaded[name])
  if built_in then return raw_type(built_in) == "function" and built_in(name) or built_in end
  local kind, text, chunk_name = native.find_module(name)
  if kind == "binding" then return text end
  local chunk, problem = load_text(text, chunk_name)
  if not chunk then raw_error(native.new_error("script.syntax", problem), 0) end
  local module = chunk(name)
  if module == nil then return true end
  return module
end

-- The modules each fiber is in the middle of loading, outermost first; and the one it waits for another to load.
local stacks, awaited = {}, {}

-- Fibers that wait for each other's modules, "one -> two", where waiting for `name` would close their circle.
local function circle_of_fibers(fiber, name)
  local names = {}
  while name and loading[name] do
    names[#names + 1] = name
    if loading[name].fiber == fiber then return names end
    name = awaited[loading[name].fiber]
  end
end

--- `names`: who waits for whom, from the module that would be waited for to one that `stack` is in the middle of.
local function fail_circle(names, stack)
  local first = names[#names]
  local from = 1
  while stack[from] ~= first do from = from + 1 end
  local circle = native.new_error("script.require_loop", "module \"" .. first .. "\" requires itself: "
    .. table.concat(stack, " -> ", from) .. " -> " .. table.concat(names, " -> "))
  native.locate(circle)
  raw_error(circle, 0)
end

local function await_loaded(fiber, name)
  local names = circle_of_fibers(fiber, name)
  if names then fail_circle(names, stacks[fiber]) end
  awaited[fiber] = name
  local ok, failure = raw_pcall(native.wait_latch, loading[name].latch)
  awaited[fiber] = nil
  if not ok then raw_error(failure, 0) end
end

local function load_once(name, stack)
  local latch = native.latch()
  loading[name] = { latch = latch, stack = stack, fiber = native.fiber() }
  stack[#stack + 1] = name
  local ok, module = traced_pcall(load_module, name)
  stack[#stack] = nil
  loading[name] = nil
  if ok then loaded[name] = module end
  native.open_latch(latch)
  if not ok then raw_error(module, 0) end
  return module
end

function base.require(name)
  if raw_type(name) ~= "string" then
    raw_error(native.new_error("usage.argument",
      "require: argument 1 \"name\": expected string, got " .. raw_type(name)), 0)
  end
  local fiber = native.fiber()
  while loaded[name] == nil do
    local stack = stacks[fiber] or {}
    if not loading[name] then
      stacks[fiber] = stack
      local module = load_once(name, stack)
      if #stack == 0 then stacks[fiber] = nil end
      return module
    end
    -- Another fiber is at it, and its body waits for something.
    await_loaded(fiber, name)
  end
  return loaded[name]
end

-- That of the script function which called us; plain `getfenv(2)` fails after a tail call, and may find a C function.
local function caller_environment()
  for level = 3, 1000 do
    local frame = raw_getinfo(level, "fS")
    if not frame then break end
    if frame.what ~= "C" and frame.source:sub(1, 10) ~= "=[opshost]" then return getfenv(frame.func) end
  end
end

local function load_file(path, environment)
  local text, problem = native.read_script(path)
  if not text then return nil, problem end
  return load_text(text, "@" .. path, environment)
end

local function check_text(fn, name, value)
  if raw_type(value) == "string" then return end
  raw_error(native.new_error("usage.argument",
    fn .. ': argument 1 "' .. name .. '": expected string, got ' .. raw_type(value)), 0)
end

function base.loadfile(path, _, environment)
  check_text("loadfile", "path", path)
  return load_file(path, environment)
end

function base.dofile(path)
  check_text("dofile", "path", path)
  local chunk, problem = load_file(path)
  if not chunk then raw_error(problem, 0) end
  return chunk()
end

function base.load(source, chunk_name, mode, environment)
  if raw_type(source) == "function" then
    local parts, part = {}, source()
    while part and part ~= "" do
      parts[#parts + 1] = part
      part = source()
    end
    source = table.concat(parts)
  end
  check_text("load", "source", source)
  -- Our own Lua is told by that name: the watchdog and error positions pass it over.
  if raw_type(chunk_name) == "string" and chunk_name:sub(1, 10) == "=[opshost]" then
    raw_error(native.new_error("usage.argument",
      'load: argument 2 "chunk_name": names that begin with "=[opshost]" are for opshost itself'), 0)
  end
  if mode == "b" and not native.unsafe_lua then
    return nil, "attempt to load bytecode: opshost loads text only"
  end
  return load_text(source, chunk_name or ("=" .. source:sub(1, 40)), environment or caller_environment())
end
base.loadstring = base.load

base.package = { loaded = loaded, path = "", cpath = "", preload = {}, config = "/\n;\n?\n!\n-\n" }
if native.unsafe_lua then
  base.package.loadlib, base.package.searchpath = raw_package.loadlib, raw_package.searchpath
end

-- Ends the script where it stands, with its clean-ups.
function base.os.exit(code)
  if code == nil or code == true then code = 0 end
  if code == false then code = 1 end
  if raw_type(code) ~= "number" or code % 1 ~= 0 or code < 0 or code > 255 then
    raw_error(native.new_error("usage.argument",
      'os.exit: argument 1 "code": expected a boolean or an integer from 0 to 255, got ' .. tostring(code)), 0)
  end
  raw_error(native.new_stop("exit", "os.exit(" .. tostring(code) .. ")", { exit_code = code }), 0)
end

-- Output ------------------------------------------------------------------------------------------------------------

local write = native.write
base.io = base.io or {}
function base.io.write(...)
  local parts = { ... }
  for i = 1, select("#", ...) do
    local kind = raw_type(parts[i])
    if kind == "cdata" then
      parts[i] = tostring(parts[i])
    elseif kind ~= "string" and kind ~= "number" then
      raw_error(native.new_error("usage.argument",
        "io.write: argument " .. i .. ": expected string or number, got " .. kind .. " (print shows any value)"), 0)
    end
  end
  write(table.concat(parts))
end
function base.print(...)
  local count = select("#", ...)
  local parts = {}
  for i = 1, count do parts[i] = tostring((select(i, ...))) end
  write(table.concat(parts, "\t", 1, count) .. "\n")
end

-- The libraries scripts see, before they become read-only: for plan_guards.
native.libraries = { bit = base.bit, math = base.math, os = base.os, string = base.string, table = base.table }
