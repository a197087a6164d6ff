-- Values that are LuaJIT cdata: 64-bit integers a Lua number cannot hold, and a plan's typed unknowns. Loaded when the
-- first one is made.
local native, ffi = ...

ffi.cdef [[
typedef struct { int64_t bits; bool is_unsigned; } opshost_int64;
typedef struct { uint32_t id; } opshost_unknown;
]]

local raw_error, tostring, tonumber, type = error, tostring, tonumber, type
local unknown_type, int64_type

-- 64-bit integers ---------------------------------------------------------------------------------------------------

local function as_cdata(value)
  if ffi.istype(int64_type, value) then
    if value.is_unsigned then return ffi.cast("uint64_t", value.bits) end
    return value.bits
  end
  return value
end

local function is_integer(value)
  return ffi.istype(int64_type, value) or ffi.istype("int64_t", value) or ffi.istype("uint64_t", value)
    or type(value) == "number"
end

-- Mixed signs compare by value, not by bits.
local function compare(one, other)
  local a, b = as_cdata(one), as_cdata(other)
  local a_negative, b_negative = not ffi.istype("uint64_t", a) and a < 0, not ffi.istype("uint64_t", b) and b < 0
  if a_negative ~= b_negative then return a_negative and -1 or 1 end
  if type(a) == "number" and a ~= math.floor(a) or type(b) == "number" and b ~= math.floor(b) then
    a, b = tonumber(a), tonumber(b)
  end
  if a == b then return 0 end
  return a < b and -1 or 1
end

local function digits(value)
  return (tostring(as_cdata(value)):gsub("U?LL$", ""))
end

local function script_error(message)
  raw_error(native.new_error("script.error", message), 0)
end

local function cannot_order(one, other)
  script_error("attempt to compare an ops.int64 with " .. type(is_integer(one) and other or one))
end

local function ordered(one, other)
  if not is_integer(one) or not is_integer(other) then cannot_order(one, other) end
  return compare(one, other)
end

local function number_only()
  script_error("an ops.int64 is not for arithmetic, which would lose digits: compare it, or print it")
end

int64_type = ffi.metatype("opshost_int64", {
  __tostring = digits,
  __concat = function(one, other)
    if ffi.istype(int64_type, one) then one = digits(one) end
    if ffi.istype(int64_type, other) then other = digits(other) end
    return one .. other
  end,
  __eq = function(one, other)
    return is_integer(one) and is_integer(other) and compare(one, other) == 0
  end,
  __lt = function(one, other) return ordered(one, other) < 0 end,
  __le = function(one, other) return ordered(one, other) <= 0 end,
  __add = number_only, __sub = number_only, __mul = number_only, __div = number_only, __mod = number_only,
  __unm = number_only, __pow = number_only,
})

-- Unknowns ----------------------------------------------------------------------------------------------------------

local labels, types = {}, {}

local function label_of(value)
  return labels[value.id]
end

local function shown(value)
  if ffi.istype(unknown_type, value) then return "<" .. label_of(value) .. ">" end
  return tostring(value)
end

local function stop(one, other)
  local unknown = ffi.istype(unknown_type, one) and one or other
  raw_error(native.new_stop("plan.unknown", label_of(unknown) .. " is not known before the run"), 0)
end

unknown_type = ffi.metatype("opshost_unknown", {
  __tostring = shown,
  __concat = function(one, other) return shown(one) .. shown(other) end,
  __index = function(value, key) return native.unknown_field(types[value.id], label_of(value), key) end,
  __newindex = stop, __eq = stop, __lt = stop, __le = stop, __len = stop, __call = stop,
  __add = stop, __sub = stop, __mul = stop, __div = stop, __mod = stop, __unm = stop, __pow = stop,
  __pairs = stop, __ipairs = stop,
})

local last = 0

return {
  int64 = function(bits, is_unsigned)
    return ffi.new(int64_type, bits, is_unsigned)
  end,
  --- The decimal digits of an ops.int64 or 64-bit literal and whether it is unsigned; nil for anything else.
  int64_digits = function(value)
    if ffi.istype(int64_type, value) then return digits(value), value.is_unsigned end
    if ffi.istype("int64_t", value) or ffi.istype("uint64_t", value) then
      return digits(value), ffi.istype("uint64_t", value)
    end
    return nil
  end,
  --- From digits; nil where they are no 64-bit integer.
  int64_from_digits = function(text, is_unsigned)
    local bits = ffi.new("int64_t[1]")
    local value = ffi.cast(is_unsigned and "uint64_t" or "int64_t", 0)
    local negative = text:sub(1, 1) == "-"
    for digit in text:gmatch("%d") do value = value * 10 + tonumber(digit) end
    if negative then value = -value end
    bits[0] = ffi.cast("int64_t", value)
    return ffi.new(int64_type, bits[0], is_unsigned)
  end,
  unknown = function(type_pointer, label)
    last = last + 1
    labels[last], types[last] = label, type_pointer
    return ffi.new(unknown_type, last)
  end,
  --- What it is of, and its type; nil for anything else.
  unknown_label = function(value)
    if ffi.istype(unknown_type, value) then return label_of(value), types[value.id] end
    return nil
  end,
}
