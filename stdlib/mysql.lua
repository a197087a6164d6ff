-- What `mysql` has beside its C++ part.
local native = ...

local declare = native.internal("declare")

local module = declare.module("mysql", "MySQL and MariaDB: queries, changes, replication")
local fetch_more, close_cursor = native.hidden("mysql").fetch_more, native.hidden("mysql").close_cursor

local dumps = native.internal("mysql_dump")
module.exports.connect = native.internal("inventory_host").mysql(dumps.remembering_way(module.exports.connect))
module.exports.dump, module.exports.restore = dumps.dump, dumps.restore

local function new_error(code, message)
  error(native.new_error(code, message), 0)
end

local function check_column(rows, name)
  local columns = rows.columns
  for _, column in ipairs(columns) do
    if column == name then return end
  end
  new_error("usage.argument", ("`json_columns` has %q, and the columns are %s"):format(name,
    table.concat(columns, ", ")))
end

-- `before`: rows of earlier parts.
local function with_tables(rows, options, before)
  local names = options and options.json_columns or {}
  for _, name in ipairs(names) do
    if before == 0 then check_column(rows, name) end
    local from_json = native.globals.require("data").from_json
    for i, row in ipairs(rows) do
      local text = rawget(row, name)
      if text ~= nil then row[name] = from_json(text, { file = ("column %q of row %d"):format(name, before + i) }) end
    end
  end
  return rows
end

-- The rows after `part`, which has a cursor. Each part may take as long as the first.
local function next_part(part, options, before)
  local limit = { timeout = options and options.timeout or part.timeout }
  return with_tables(fetch_more(part.more, limit), options, before)
end

-- A large answer comes in parts, so that other fibers run in between.
local function whole(query)
  return function(self, sql, values, options)
    local rows = with_tables(query(self, sql, values, options), options, 0)
    if not rows.more then return rows end
    local count, last = #rows, rows
    while last.more do
      last = next_part(last, options, count)
      for i = 1, #last do rows[count + i] = last[i] end
      count = count + #last
    end
    getmetatable(rows).__index.more = nil
    return rows
  end
end

native.declare_handle("mysql", "Rows", "Rows of a query, from rows(): for row in rows do ... end")
local check_close = native.declare_function("mysql", { "close", owner = "Rows", params = {},
  doc = "Give up the rows that were not read, and their connection: of use after a `break`; otherwise that waits until "
    .. "the iterator is collected as garbage. A session or transaction is of no use after rows that were not read "
    .. "to their end" })

-- Iterates a query part by part: what was read is garbage by the time the next part comes.
local function each_row(query)
  return function(self, sql, values, options)
    local part, i, before = with_tables(query(self, sql, values, options), options, 0), 0, 0
    local function step()
      i = i + 1
      local row = part and part[i]
      while row == nil do
        if not (part and part.more) then
          part = nil
          return nil
        end
        before = before + #part
        part, i = next_part(part, options, before), 1
        row = part[1]
      end
      return row
    end
    local function close(...)
      check_close(...)
      if part and part.more then close_cursor(part.more) end
      part = nil
    end
    return setmetatable({}, { __call = step, __index = { close = function(_, ...) close(...) end },
      __tostring = function() return "rows of " .. tostring(self) end, __metatable = "Rows" })
  end
end

local function only_row(query)
  return function(self, sql, values, options)
    local rows = query(self, sql, values, options)
    if #rows > 1 then
      new_error("mysql.many_rows",
        "the query has " .. #rows .. " rows, and one() takes none or one; add a WHERE or LIMIT 1")
    end
    return rows[1]
  end
end

module.error("mysql.many_rows", "`one` was given a query with several rows", "make it find one, or use `query`")

local QUERY_PARAMS = {
  { "sql", "string", "one SELECT, SHOW, DESCRIBE, EXPLAIN or WITH ... SELECT" },
  { "values", "any", "a list with one for each ? in it" },
  { "options", "QueryOptions?", "how to query" },
}
local RAISES = {
  "mysql.not_a_query", "mysql.unreachable", "mysql.access", "mysql.lost", "mysql.timeout", "mysql.statement",
  "data.syntax",
}

local function add_queries(type_name)
  local methods = native.methods("mysql", type_name)
  local first_rows = methods.query
  methods.query = whole(first_rows)
  module.method(type_name, { "one", params = QUERY_PARAMS, returns = "any", waits = true, raises = RAISES,
    returns_doc = "the row; nil where there is none",
    doc = "Ask for one row", run = only_row(methods.query) })
  module.method(type_name, { "rows", params = QUERY_PARAMS, returns = "Rows", waits = true, raises = RAISES,
    returns_doc = "an iterator: for row in db:rows(...) do ... end",
    doc = "Ask for rows one after the other, however many: what was read does not stay in memory",
    run = each_row(first_rows) })
end

add_queries("Database")
add_queries("Session")
add_queries("Transaction")

-- A connection of the block's own -----------------------------------------------------------------------------------

local hidden = native.hidden("mysql")
local open_session, begin = hidden["Database:open_session"], hidden["Database:begin"]
local commit, rollback = hidden["Transaction:commit"], hidden["Transaction:rollback"]
local statements_of = hidden["Transaction:statements"]

-- Gives what fn returned; however it ends, `finish(handle, ok)` runs.
local function use(handle, fn, finish)
  local function ended(ok, ...)
    finish(handle, ok, (...))
    if not ok then error((...), 0) end
    return ...
  end
  return ended(native.pcall(fn, handle))
end

module.method("Database", { "session",
  params = { { "fn", "function", "called as fn(session); the connection is closed when it returns" } },
  returns = "any", returns_doc = "what fn returned",
  waits = true, raises = { "mysql.unreachable", "mysql.access", "mysql.busy", "mysql.session_ended" },
  doc = "Use one connection for several statements: temporary tables, variables and locks last between them",
  run = function(self, fn)
    return use(open_session(self), fn, function(session) session:close() end)
  end,
})

module.error("mysql.not_rolled_back", "a transaction failed, and not all of it could be rolled back",
  "look at what it did to tables without transactions; err.cause is what failed")

-- What fn raised, and that something of it stays. Errors keep their code.
local function with_remains(transaction, failure, kept)
  local known = native.is_error(failure)
  local message = (known and failure.message or tostring(failure)) .. "; not all of the transaction was rolled back: "
    .. kept
  return native.new_error(known and failure.code or "mysql.not_rolled_back", message, {
    target = known and failure.target or tostring(transaction), detail = known and failure.detail or nil,
    maybe_applied = true, cause = native.to_error(failure),
  })
end

module.method("Database", { "transaction",
  params = { { "fn", "function", "called as fn(transaction)" } },
  returns = "any", returns_doc = "what fn returned", effect = "change",
  waits = true,
  raises = { "mysql.unreachable", "mysql.access", "mysql.deadlock", "mysql.lock_timeout", "mysql.lost",
    "mysql.busy", "mysql.not_transactional",
    "mysql.not_rolled_back", "mysql.session_ended" },
  doc = "Run statements that take effect together: committed when fn returns, rolled back when it raises. What a "
    .. "function that `query` calls in it writes is part of it",
  run = function(self, fn)
    return use(begin(self, native.is_plan()), fn, function(transaction, ok, failure)
      if ok then
        local statements = statements_of(transaction)
        if #statements > 0 then commit(transaction, statements) else transaction:close() end
        return
      end
      -- A fiber that was told to stop waits for nothing more: the server rolls back when the connection closes.
      local rolled_back, kept
      if not native.is_stop(failure) then rolled_back, kept = native.pcall(rollback, transaction) end
      transaction:close()
      if rolled_back and kept then error(with_remains(transaction, failure, kept), 0) end
    end)
  end,
})

native.internal("mysql_replication")
module.exports.topology = native.internal("mysql_topology")

return module.seal()
