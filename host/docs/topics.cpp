#include "host/cli/exit_codes.hpp"
#include "host/docs/help.hpp"
#include "host/docs/words.hpp"
#include "host/lua/globals.hpp"

namespace opshost::docs {
namespace {

constexpr const char* kCommands =
    R"(Commands are lists: each word reaches the program as it is, no shell reads it, and nothing needs quoting.

    local machine = require "local"
    local result = machine.read({"df", "-h", "/var"})
    print(result.stdout)

- `read` is for programs that only look. It runs in a plan too.
- `run` is for programs that change something. A plan shows it and does not run it.

Where a shell has to read the line (pipes, redirections, globs), say so:

    local ops = require "ops"
    machine.read(ops.shell "ps aux | grep '[m]ysqld'")

A program that exits with a code other than 0 raises an error that carries its output. Give `accept` for the codes that are fine:

    local found = machine.read({"grep", "-q", "ready", "/var/log/app.log"}, {accept = {0, 1}})
    if found.exit_code == 0 then print("ready") end

The same two words, with the same options, work wherever a program can run: this machine, an ssh host, a container.
)";

constexpr const char* kDurations = R"(A duration is text with units or a number of seconds.

    "30s"   "1m30s"   "250ms"   "2d"   "0.5s"   30   0.5

- Units: `d`, `h`, `m`, `s`, `ms`, `us`, `ns`, largest first.
- Text without a unit ("90") is refused: write 90 or "90s".
- A result holds durations as seconds, a number.

`timeout` is always how long we wait before an error is raised. `grace` is the time something gets to exit by itself before it is killed. `every` is the pause between two looks.
)";

constexpr const char* kSizes = R"(A size is text with a unit or a number of bytes.

    "70GiB"   "1.5MB"   "512B"   1048576

- Binary units: `KiB`, `MiB`, `GiB`, `TiB` (1024 each). Decimal ones: `kB`, `MB`, `GB`, `TB` (1000 each).
- A result holds sizes as bytes, a number.
)";

constexpr const char* kIntegers =
    R"(Lua numbers hold every integer up to 2^53 exactly. Beyond that opshost gives an `ops.int64`: it prints all its digits, compares, and concatenates. As the key of a table use `tostring(value)`.

Identifiers that may pass 2^53 and are not for counting (a transaction id, a resource version) are strings.

Strings are bytes: a NUL or text that is no UTF-8 goes through unchanged.
)";

constexpr const char* kDocuments =
    R"(JSON and YAML become tables, and tables become JSON and YAML.

    local data = require "data"
    local document = data.from_yaml("image: web:1\nports: [80]\n")
    document.ports[2] = 443
    print(data.to_json(document))

- A null is `ops.null`, so that it is not lost; it is how null is written, too.
- Integers beyond 2^53 are `ops.int64`; texts are kept byte for byte.
- A document that is broken, or made to do harm, raises `data.syntax`, `data.duplicate_key`, `data.number` or `data.limit`, with line and column.

A YAML file that people look after is changed in place: comments, order and quotes stay.

    local text = "# the web\nimage: web:1  # pinned\n"
    local yaml = data.edit_yaml(text)
    yaml:set("image", "web:2")
    print(yaml:text())

`edit` of `local`, of an ssh host or of a container takes such a function for a file, and shows what differs.
)";

constexpr const char* kInventory =
    R"(An inventory says which hosts a site has and how to reach them: a YAML or INI file as Ansible has them.

    [db]
    db[1-3] user=admin password=env:DB_LOGIN
    [web]
    web1 address=10.0.0.9 via=gw
    [jump]
    gw

`--inventory FILE` names it, `--limit 'db*,!db3,@web'` selects of it: hosts, patterns, ranges, groups (`@`); `!` takes away, `&` keeps what is in both. In a procedure it is in the journal, so that a resume works on the same hosts:

    local hosts = ops.inventory.hosts()
    for _, host in ipairs(hosts) do ssh.connect(host) end

Every `connect` takes such a host. A password only says where it is: `env:NAME`, `file:PATH`, `command:PROGRAM` or `input`.
)";

constexpr const char* kSecrets =
    R"(A secret is a value that scripts hand on and cannot look into.

    local ops = require "ops"
    local password = ops.secret.env("DB_PASSWORD")
    local other = ops.secret.file("/etc/site/token")

- Sources: `ops.secret.env`, `.file` (mode 0600 or less, ours or root's), `.command`, `.input` (a person types it unseen).
- Only a binding opens one: `mysql.connect({ host = "db1", password = password })`.
- In output, logs, errors, plans and the journal `***` stands in its place: for the value from 6 characters on, also base64, URL- or JSON-escaped, and for what nobody said is one but is written like one: `IDENTIFIED BY '...'`, `name:...@host` in an address, and `DB_PASSWORD=...`, `password = "..."` or `"password": "..."` with a secret's name. What stands otherwise, as in `password: ...` of YAML, is known only if it came from `ops.secret`.
- A journal has no secret, so none comes back from it: a fact, a parameter or an answer with one in it is refused, and a step's value or a run's result with one is not kept. Keep where the secret is (`env:NAME`, `file:PATH`, `command:PROGRAM`), and take it from there when it is needed: `ops.secret.from(reference)`; of a file with secrets in it, keep where its backup is.
- An unfinished line of output waits for its end as long as the script does not wait, and an end of it that a secret begins with waits on, so that no half of a secret is shown.
)";

constexpr const char* kErrors = R"(What fails raises an error; no call returns one. An error is an object:

- `err.code`: compare this, never the text. `opshost help error CODE` explains it.
- `err.message`: what was seen and what to do.
- `err.target` and `err.op`: what was spoken to, and the operation.
- `err.retryable`: the same call may well succeed later.
- `err.maybe_applied`: a change whose answer was lost. It may have happened, so it is never repeated in silence.
- `err.detail`: the facts of this code, a table.
- `err.cause`: the error underneath, or nil.

`tostring(err)` is one line a person can act on. "Not there" is an answer (nil, false or an empty list); "could not ask" is an error.

To go on after an error you expect, name its codes with `ops.try` (`"local.*"` stands for all of a module). `pcall` works too, but neither of them holds up a stop: Ctrl-C, an outer deadline and the cancellation of a group pass through.
)";

constexpr const char* kFanOut =
    R"(`ops.each` calls a function for every item of a list, many at once, and waits for all of them.

    local ops = require "ops"
    ops.each({"db1", "db2", "db3"}, {parallel = 2}, function(name)
      print(name)
    end)

- `parallel` is how many run at once.
- The results are a list in the order of the items: `item`, `ok`, `value`, `error`, `skipped`. `results.failed` and `results.succeeded` are the two halves; `results["db2"]` is that item's.
- On the first error no new item begins, waits and reads are cancelled, changes in flight end; then one error names every item. `on_error = "collect"` goes on instead and leaves the errors in the results.

`ops.group` does the same for different functions. A group ends when all its functions have ended, so nothing is left running behind your back.

What an item's function calls looks like an ordinary, blocking call; while it waits, the others go on. Only Lua code that never calls anything holds up the rest.
)";

constexpr const char* kDeadlines =
    R"(Nothing waits for ever. Every operation has a `timeout` of its own; `opshost help NAME` says how long.

    local ops = require "ops"
    ops.deadline("2m", function()
      -- everything in here together gets two minutes
    end)

- An enclosing deadline shortens the timeouts inside it and never lengthens one.
- The error says what was waited for, what was last seen, and which deadline it was.
- Time a person takes to answer a question counts against none.
- Ctrl-C: no new step begins, reads and waits end at once, changes in flight get up to 10 s, clean-ups run. A second Ctrl-C stops now.
)";

constexpr const char* kPlan =
    R"(`opshost plan FILE` runs the script against the real world, lets everything that only reads happen, and records changes instead of making them.

- Each change is shown with its target.
- The result of a change that was not made is unknown. You may pass it on and print it; comparing it, counting it or deciding by it ends the plan of that part, listed as "unknown from here, because ...".
- Two uses of it Lua lets nobody see: as the key of a table it finds nothing there, and as the limit of `for i = 1, limit` it is an ordinary error.
- A plan without such a line is exact, and its last line says so.
- Clean-ups of a procedure are named; what they change is neither shown nor counted.
- Exit code 0: nothing to change. 10: there are changes or unknowns.

`opshost help NAME` says of every function whether it reads ("observe"), changes, or destroys what cannot be put back.
)";

constexpr const char* kGlobals =
    R"(Globals are strict: reading or writing one that nobody declared is an error that names it. A misspelt name is found, and two files never share a variable by accident.

- Say `local` for your own variables and functions.
- Modules come from `require`; they are read-only: `local ops = require "ops"`.
- What a file gives to others is what it returns.

`opshost check FILE` finds unknown globals, and misspelt functions and options of modules, without running anything. What is called on `ctx` is found when it runs.
)";

constexpr const char* kProcedures =
    R"(A procedure is a file that returns `procedure.define{...}`. It can be planned, killed anywhere and taken on again.

    local procedure = require "ops.procedure"
    local machine = require "local"
    local param = procedure.param

    return procedure.define {
      summary = "Turn maintenance mode on", api = 1,
      params = { file = param.string { default = "/tmp/mode", doc = "where the mode is kept" } },
      uses = { ["local"] = "change" },
      run = function(ctx, p)
        ctx:step("mode on", {
          done = function() return machine.exists(p.file) ~= nil end,
          run = function() machine.write_file(p.file, "maintenance\n") end,
        })
      end,
    }

    opshost run mode.lua --file /tmp/mode

- `uses` names the modules it calls and the most it may do with each. What touches nothing (`ops` and its parts, `data`) needs no entry.
- `opshost plan FILE` shows what it would change; `describe` its parameters and steps. `preflight` looks at what it needs: room for the journal, and of every host the connection, host key, credentials and clock.
- `opshost runs` lists the runs, `show RUN` what one did, step by step.
- A run that was interrupted or failed: `opshost resume RUN` goes on, `resume RUN --rollback` takes back what it did, `cleanup RUN` only puts back what is owed, `abandon RUN --reason TEXT` gives it up. RUN is its id, the end of it, or "last".

What is in the journal comes back when a run is taken on; everything else is read anew:

- `ctx:fact(name, fn)` reads once. Whatever decides which steps there are must be a fact.
- `ctx:step(name, {done, run, verify, undo, ...})` is the unit of change. Changes outside of a step are refused. `done` says whether it is so already: it is asked before `run`, and after it until it is so. Each is called with `s`: `s.attempt`, `s.in_doubt`, `s.began`.
- `ctx:require` is a precondition, asked once; `ctx:guard(name, fn, body)` is asked before every change in its body.
- `ctx:cleanup(name, fn)` is put back at the end of its group, whatever happens, and owed until it was. Register it before the step whose effect it takes away: what began after it is looked at again by a resume, what was done before it counts as done. Its changes have to be repeatable.
- `undo` of a step takes its change back when the run is rolled back; what has none stays, and is named.
- `ctx:group`, `ctx:each`, `ctx:rolling`, `ctx:call` give the names in them their path, which has to be the same in every run.
- `ctx:confirm`, `choose`, `input`, `manual` ask a person. Answers can come from `--answers FILE`; `--yes` answers `confirm`. A question is asked again on resume unless a step behind it in its group has been done; what was typed at `input` stays.

When a step was cut off, its changes decide. Nothing sent, or only what may be sent again: it runs again. `run` had returned: its goal is awaited. Anything else: `done` decides, and where it cannot, you do (or `--in-doubt=retry|skip|stop`). So give a step a `done`, and say `repeatable = true` where sending again ends in the same state.

A host (`param.host`) belongs to one run at a time: a run that is not finished, or owes a clean-up, refuses the next one on that host and says how to deal with it.
)";

std::string sandbox_text() {
  std::string text =
      "Scripts are trusted code, but what would hide its effects from a plan and from the journal, or could not be "
      "stopped, is absent:\n\n";
  for (const RemovedName& name : removed_names()) {
    text += "- `" + std::string(name.name) + "`: use " + std::string(name.instead) + "\n";
  }
  return text +
         "\nOf `debug` only `traceback` is there. `--unsafe-lua` brings these back, and the journal says so. It is no "
         "security boundary: run only scripts you trust. Files that anyone on the machine may write to are refused.\n"
         "\nThe JIT compiler is off, because compiled loops ignore Ctrl-C and deadlines; `--jit` turns it on.\n";
}

std::string exit_code_text() {
  std::string text = "The exit code of every command, a stable interface for scripts around opshost:\n\n";
  for (const ExitCodeInfo& info : kExitCodes) {
    text += "- " + std::to_string(static_cast<int>(info.code)) + ": " + sentence(info.meaning);
    if (!info.advice.empty()) text += ' ' + sentence(info.advice);
    text += '\n';
  }
  return text +
         "\nThe code is that of the first unhandled error's cause (3, 4, 5 or 124), else 2. Where several hosts failed "
         "for different reasons it is 2. An interruption wins over all of them.\n";
}

}  // namespace

std::span<const Topic> builtin_topics() {
  static const std::array<Topic, 15> topics{
      Topic{"commands", "running programs, here and elsewhere", kCommands},
      Topic{"deadlines", "how long things wait, and Ctrl-C", kDeadlines},
      Topic{"documents", "JSON and YAML", kDocuments},
      Topic{"durations", "\"30s\", \"1m30s\", or seconds", kDurations},
      Topic{"errors", "what an error holds, and how to go on after one", kErrors},
      Topic{"exit-codes", "what opshost's exit code says", exit_code_text()},
      Topic{"fan-out", "many hosts at once", kFanOut},
      Topic{"globals", "why a global has to be declared", kGlobals},
      Topic{"integers", "big numbers and byte strings", kIntegers},
      Topic{"inventory", "which hosts there are, and how to reach them", kInventory},
      Topic{"plan", "seeing changes before they happen", kPlan},
      Topic{"procedures", "runbooks that are planned, resumed, rolled back", kProcedures},
      Topic{"sandbox", "what Lua has and has not here", sandbox_text()},
      Topic{"secrets", "passwords, tokens, keys", kSecrets},
      Topic{"sizes", "\"70GiB\", \"1.5MB\", or bytes", kSizes},
  };
  return topics;
}

}  // namespace opshost::docs
