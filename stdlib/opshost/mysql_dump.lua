-- Dumps, by MySQL's own programs: on this machine, or on the one behind the connection's `via`.
local native = ...

local declare = native.internal("declare")

local module = declare.module("mysql", "MySQL and MariaDB: queries, changes, replication")
local hidden = native.hidden("mysql")
local client_options, database_of = hidden["Database:client_options"], hidden["Database:database"]

-- The password goes over stdin into a file that nobody else may read and that has no name any more when the program
-- begins. Their own exit codes are below 64.
local BEGIN = [[
set -eu
umask 077
LC_ALL=C
export LC_ALL
# What ends it by a signal cleans up too; not every shell runs the trap of EXIT then.
trap 'exit 143' HUP INT TERM
options=$(mktemp "${TMPDIR:-/tmp}/opshost-options.XXXXXXXX")
trap 'rm -f "$options"' EXIT
cat >"$options"
exec 9<"$options"
rm "$options"
trap - EXIT
report() { while :; do sleep 1 >/dev/null 2>&1 8<&- 9<&-; echo "at $(place)"; done; }
is_complete() { tail -c 256 "$1" | grep -q '^-- Dump completed'; }
]]

-- FILE, then what mysqldump gets.
local DUMP = BEGIN .. [[
client=$(command -v mysqldump || command -v mariadb-dump) || exit 69
file=$1 part=$1.part
shift
place() { stat -c %s "$part" 2>/dev/null || echo 0; }
report &
reporter=$!
trap 'kill "$reporter" 2>/dev/null || :; rm -f "$part"' EXIT
"$client" --defaults-file=/dev/fd/9 --result-file="$part" "$@" </dev/null
is_complete "$part" || exit 65
sum=$(sha256sum <"$part")
size=$(stat -c %s "$part")
sync "$part"
mv -f "$part" "$file"
echo "done $size ${sum%% *}"
]]

-- FILE SIZE SHA256, then what mysql gets; an empty SIZE or SHA256 is not compared.
local RESTORE = BEGIN .. [[
client=$(command -v mysql || command -v mariadb) || exit 69
file=$1 size=$2 sum=$3
shift 3
exec 8<"$file" || exit 66
seen=$(stat -Lc %s "$file")
[ -z "$size" ] || [ "$seen" = "$size" ] || { echo "size $seen"; exit 70; }
is_complete "$file" || exit 65
if [ -n "$sum" ]; then
  read=$(sha256sum <"$file")
  [ "${read%% *}" = "$sum" ] || { echo "sum ${read%% *}"; exit 71; }
fi
place() { sed -n "s/^pos:[^0-9]*\\([0-9]*\\)/\\1 $seen/p" /proc/self/fdinfo/8; }
report &
trap 'kill $! 2>/dev/null || :' EXIT
"$client" --defaults-file=/dev/fd/9 "$@" <&8
echo "done $seen"
]]

local NO_CLIENT, INCOMPLETE, UNREADABLE, OTHER_SIZE, OTHER_SUM = 69, 65, 66, 70, 71

module.record("DumpOptions", "What to dump", {
  { "tables", "string[]", "only these, of the connection's database", default = {} },
  { "databases", "string[]", "these, in place of the connection's; restored, they are made where they are missing",
    default = {} },
  { "ca", "string", "certificates to trust, a file of the machine behind `via`; needed with `tls` there" },
  { "timeout", "duration", "how long the whole of it may take", default = "1h" },
  { "on_progress", "function", "called with the bytes written, about once a second" },
})
module.record("DumpResult", "A dump that is complete", {
  { "path", "string", "the file, on this machine or on that behind `via`", required = true },
  { "size", "integer", "bytes", required = true },
  { "sha256", "string", "its checksum", required = true },
  { "duration", "duration", "how long it took", required = true },
})
module.record("RestoreOptions", "How to restore", {
  { "database", "string", "where tables without a database of their own go; the connection's unless given" },
  { "size", "integer", "bytes the dump has to have, as its DumpResult says" },
  { "sha256", "string", "the checksum it has to have" },
  { "ca", "string", "certificates to trust, a file of the machine behind `via`; needed with `tls` there" },
  { "timeout", "duration", "how long the whole of it may take", default = "1h" },
  { "repeatable", "boolean", "restored again it ends in the same state: it drops each table first, as dumps do",
    default = false },
  { "on_progress", "function", "called with the bytes read and the bytes in all, about once a second" },
})
module.record("RestoreResult", "What was restored", {
  { "size", "integer", "bytes of the dump", required = true },
  { "duration", "duration", "how long it took", required = true },
})
module.record("ClientFailure", "What mysql or mysqldump said", {
  { "exit_code", "integer", "its exit code" },
  { "errno", "integer", "the server's error number, where it names one" },
  { "sqlstate", "string", "the server's SQLSTATE" },
  { "line", "integer", "of the dump, where its statement begins" },
  { "message", "string", "all it said", required = true },
})

module.error("mysql.dump", "mysqldump could not dump, and nothing was left behind", "the message has its words",
  "ClientFailure")
module.error("mysql.restore", "mysql stopped in the middle of a dump",
  "err.detail says where; what stands before that line was done", "ClientFailure")
module.error("mysql.incomplete_dump", "a dump is not whole, or not the one it should be; nothing was sent",
  "take the dump again, or copy it again")
module.error("mysql.dump_file", "a dump cannot be read", "correct the path; it is one of the machine behind `via`")
module.error("mysql.no_client", "MySQL's own programs are not where the dump is made or read",
  "install the package of the client (default-mysql-client, mariadb-client)")

-- Where the programs run ---------------------------------------------------------------------------------------------

local way_of = setmetatable({}, { __mode = "k" })

--- What `connect` does, and remembers of each database the machine it is reached through.
local function remembering_way(connect)
  return function(options, ...)
    local db = connect(options, ...)
    if type(options) == "table" then way_of[db] = options.via end
    return db
  end
end

local TIMEOUTS = { ["local.timeout"] = true, ["ssh.timeout"] = true }

local function fail(db, code, message, more)
  more = more or {}
  more.target = tostring(db)
  error(native.new_error(code, message, more), 0)
end

local function shell(db, program, script, arguments, options)
  local argv = { "sh", "-c", script, "sh" }
  for _, argument in ipairs(arguments) do argv[#argv + 1] = argument end
  local settings = {
    stdin = client_options(db, options.ca), accept = "any", timeout = options.timeout,
    repeatable = options.repeatable, max_output = 65536,
  }
  local notify = options.on_progress
  if notify then
    settings.on_line = function(line, stream)
      local at, whole = line:match("^at (%d+) ?(%d*)$")
      if stream == "stdout" and at then notify(tonumber(at), tonumber(whole)) end
    end
  end
  local via = way_of[db]
  local ok, result = native.pcall(function()
    if via then return via:run(argv, settings) end
    return native.globals.require("local").run(argv, settings)
  end)
  if ok then return result end
  if not native.is_error(result) or not TIMEOUTS[result.code] then error(result, 0) end
  fail(db, "mysql.timeout", ("%s did not end within %s and was told to"):format(program,
    native.duration_text(options.timeout)), { maybe_applied = result.maybe_applied, cause = result })
end

local function check_client(db, result, program)
  if result.exit_code ~= NO_CLIENT then return end
  local via = way_of[db]
  fail(db, "mysql.no_client", "there is no " .. program .. " on " .. (via and tostring(via) or "this machine"))
end

-- "ERROR 1050 (42S01) at line 25: Table 't' already exists"; "mysqldump: Got error: 1045: ..."
local function failure_of(result)
  -- Before its error the client repeats the statement.
  local said = result.stderr:gsub("%s+$", ""):gsub("^.*\n(ERROR %d+ )", "%1")
  local errno, sqlstate, line = said:match("ERROR (%d+) %((%w+)%) at line (%d+)")
  if not errno then errno, sqlstate = said:match("ERROR (%d+) %((%w+)%)") end
  errno = errno or said:match("[Ee]rror:? (%d+):")
  return { exit_code = result.exit_code, errno = tonumber(errno), sqlstate = sqlstate, line = tonumber(line),
    message = said }
end

local function how_it_ended(result)
  if result.signal then return "was ended by " .. result.signal end
  return "ended with exit code " .. result.exit_code
end

-- Dump ---------------------------------------------------------------------------------------------------------------

local function dump_arguments(db, options)
  local arguments = {
    "--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob", "--no-tablespaces",
    "--default-character-set=utf8mb4", "--max-allowed-packet=1G",
  }
  local database = database_of(db)
  if #options.databases > 0 then
    if #options.tables > 0 then fail(db, "usage.argument", "give `tables`, or `databases`: not both") end
    arguments[#arguments + 1] = "--databases"
  elseif database == "" then
    fail(db, "usage.argument", "what shall be dumped? Give `databases`, or connect with a `database`")
  end
  arguments[#arguments + 1] = "--"
  if #options.databases == 0 then arguments[#arguments + 1] = database end
  for _, list in ipairs { options.databases, options.tables } do
    for _, name in ipairs(list) do arguments[#arguments + 1] = name end
  end
  return arguments
end

module.fn { "dump",
  params = {
    { "db", "Database", "the server" },
    { "path", "string", "the file to write; one that is there is replaced when the dump is complete" },
    { "options", "DumpOptions?", "what to dump" },
  },
  returns = "DumpResult", effect = "change", repeatable = true, touches = "the dump", waits = true, timeout = "1h",
  raises = { "mysql.dump", "mysql.incomplete_dump", "mysql.no_client", "mysql.timeout" },
  doc = "Dump databases or tables by mysqldump, as of one moment where their engine has transactions; where the "
    .. "connection has a `via`, the dump is made and kept on that machine",
  run = function(db, path, options)
    local settings = {
      ca = options.ca, timeout = options.timeout, on_progress = options.on_progress, repeatable = true,
    }
    local arguments = { path }
    for _, argument in ipairs(dump_arguments(db, options)) do arguments[#arguments + 1] = argument end
    local result = shell(db, "mysqldump", DUMP, arguments, settings)
    if native.is_plan() then return native.unknown("the dump") end
    check_client(db, result, "mysqldump")
    if result.exit_code == INCOMPLETE then
      fail(db, "mysql.incomplete_dump", ("mysqldump wrote no end of the dump (%q); it was deleted"):format(path))
    elseif result.exit_code ~= 0 then
      local failure = failure_of(result)
      fail(db, "mysql.dump", "mysqldump " .. how_it_ended(result) .. ": " .. failure.message, { detail = failure })
    end
    local size, sum = result.stdout:match("done (%d+) (%x+)\n$")
    return { path = path, size = tonumber(size), sha256 = sum, duration = result.duration }
  end,
}

-- Restore ------------------------------------------------------------------------------------------------------------

local function check_whole(db, path, result, options)
  local code = result.exit_code
  local named = ("the dump %q "):format(path)
  if code == UNREADABLE or code == 2 and result.stderr:find("cannot open", 1, true) then
    fail(db, "mysql.dump_file", named .. "cannot be read: " .. result.stderr:gsub("%s+$", ""))
  elseif code == INCOMPLETE then
    fail(db, "mysql.incomplete_dump", named .. "has no end: its last line is not mysqldump's \"-- Dump completed\"; "
      .. "nothing was sent")
  elseif code == OTHER_SIZE then
    fail(db, "mysql.incomplete_dump", ("%shas %s bytes, and should have %d; nothing was sent"):format(named,
      result.stdout:match("size (%d+)"), options.size))
  elseif code == OTHER_SUM then
    fail(db, "mysql.incomplete_dump", ("%shas the SHA-256 %s, and should have %s; nothing was sent"):format(named,
      result.stdout:match("sum (%x+)"), options.sha256))
  end
end

module.fn { "restore",
  params = {
    { "db", "Database", "the server" },
    { "path", "string", "the dump, on this machine or on that behind `via`" },
    { "options", "RestoreOptions?", "where to, and what the dump has to be" },
  },
  returns = "RestoreResult", effect = "change", touches = "the server", waits = true, timeout = "1h",
  raises = { "mysql.restore", "mysql.incomplete_dump", "mysql.dump_file", "mysql.no_client", "mysql.timeout" },
  doc = "Run a dump by the mysql client, up to its first error; one that is not complete is refused before",
  run = function(db, path, options)
    local database = options.database or database_of(db)
    local arguments = { path, options.size and ("%d"):format(options.size) or "", options.sha256 or "",
      "--default-character-set=utf8mb4", "--binary-mode", "--batch", "--max-allowed-packet=1G" }
    if database ~= "" then arguments[#arguments + 1] = "--database=" .. database end
    local result = shell(db, "mysql", RESTORE, arguments, options)
    if native.is_plan() then return native.unknown("what was restored") end
    check_client(db, result, "mysql")
    check_whole(db, path, result, options)
    if result.exit_code ~= 0 then
      local failure = failure_of(result)
      local begun = failure.line ~= nil or failure.errno == nil
      fail(db, "mysql.restore", ("mysql %s in the dump %q: %s"):format(how_it_ended(result), path, failure.message),
        { detail = failure, maybe_applied = begun })
    end
    return { size = tonumber(result.stdout:match("done (%d+)\n$")), duration = result.duration }
  end,
}

return { remembering_way = remembering_way, dump = module.exports.dump, restore = module.exports.restore }
