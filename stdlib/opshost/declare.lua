-- How opshost's own Lua declares itself: one table a function gives its argument checks, help, editor stubs and
-- reference, exactly as a C++ binding's registration does.
--
--   local module = declare.module("ops.example", "What it is for")
--   module.record("Options", "How", { { "every", "duration", "pause between looks", default = "1s" } })
--   module.fn { "look", params = { { "what", "string", "what to look at" }, { "options", "Options?", "how" } },
--     returns = "integer", doc = "Look at it", run = function(what, options) ... end }
--   return module.seal()
--
-- A function that `waits` on others' behalf says as `timeout` how long the longest of its calls does; one of which all
-- changes are repeatable says `repeatable = true`.
--
-- `run` gets checked arguments in their normal form: durations in seconds, sizes in bytes, option records with their
-- defaults, absent options as a record of defaults.
local native = ...

local declare = {}

local function checked(check, run)
  return function(...)
    return run(check(...))
  end
end

--- Begins (or adds to) the module `name`. `about` may have `doc` (Markdown paragraphs) and `example` (a short script).
function declare.module(name, summary, about)
  about = about or {}
  local module = { exports = native.declare_module(name, summary, about.doc, about.example) }

  function module.record(record, doc, fields)
    native.declare_record(name, record, doc, fields)
  end

  function module.error(code, meaning, advice, detail)
    native.declare_error(name, code, meaning, advice, detail)
  end

  function module.fn(spec)
    local check = native.declare_function(name, spec)
    module.exports[spec[1]] = checked(check, spec.run)
    return module.exports[spec[1]]
  end

  --- A method of a handle type that C++ declares; `run` gets self, then the checked arguments.
  function module.method(type_name, spec)
    local check = native.declare_method(name, type_name, spec)
    native.methods(name, type_name)[spec[1]] = function(self, ...)
      return spec.run(self, check(self, ...))
    end
  end

  --- The one object of a kind: returns the function that declares its methods, and their table.
  function module.object(object, doc)
    native.declare_handle(name, object, doc)
    local methods = setmetatable({}, { __index = function(known, field)
      local names = {}
      for known_name in pairs(known) do names[#names + 1] = known_name end
      table.sort(names)
      error(native.new_error("usage.unknown_method", object .. " has no method " .. native.describe(field)
        .. native.nearest(tostring(field), names)), 0)
    end })
    local function method(spec)
      spec.owner = object
      local check = native.declare_function(name, spec)
      local run = spec.run
      methods[spec[1]] = function(self, ...)
        if self ~= methods then
          error(native.new_error("usage.argument", "call it with a colon: " .. object .. ":" .. spec[1]), 0)
        end
        return run(check(...))
      end
    end
    return method, methods
  end

  --- `parts` are modules of their own that are also fields of this one, loaded when first touched.
  function module.seal(parts)
    local is_part = {}
    for _, part in ipairs(parts or {}) do is_part[part] = true end
    return native.seal_module(module.exports, name, parts and function(field)
      if is_part[field] then return native.globals.require(name .. "." .. field) end
    end)
  end

  return module
end

return declare
