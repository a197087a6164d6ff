#!/usr/bin/env bash
# --inventory and --limit, and hosts of an inventory where connections are opened.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
export OPSHOST_STATE=$PWD/state

umask 022
cat >site.ini <<'INI'
[db]
db[1-3] address=10.0.0.1 port=2222 user=admin mysql_port=3307 mysql_user=app mysql_password=env:DB_PASSWORD
[web]
web1 via=gw known_hosts=/etc/site/known_hosts
[jump]
gw address=gw.lan
INI
export DB_PASSWORD=not-for-eyes

show='for _, host in ipairs(require("ops").inventory.hosts()) do print(host.name) end'
run eval --inventory site.ini --limit 'db*,!db2,@web' "$show"
exits 0 "--limit"
prints $'db1\ndb3\nweb1'
run eval --inventory site.ini "$show"
exits 0 "all of them"
prints $'db1\ndb2\ndb3\nweb1\ngw'
run eval "$show"
exits 2 "no inventory"
says <<'END'
opshost: eval:1: no inventory was chosen; run it with --inventory FILE [inventory.not_chosen]
What to do: run it with --inventory FILE.
END
run eval --inventory site.ini --limit 'bd1' "$show"
exits 2 "a host that is not there"
says <<'END'
opshost: Inventory:hosts: there is no host "bd1"; did you mean "db1"? [inventory.unknown_host]
What to do: correct the name; the message shows the nearest one, if any is near.
END
run eval --inventory stie.ini "$show"
exits 2 "an inventory that is not there"

# The choice is read before the script begins, which may never ask for it.
touches='require("local").write_file("begun", "")'
run eval --inventory site.ini --limit 'db1,!db*' "$touches"
exits 2 "a selection of nothing"
says <<'END'
opshost: the limit "db1,!db*" selects none of the hosts of site.ini [inventory.limit]
What to do: write terms with commas between: 'db*,!db3,@group'.
END
run eval --limit db1 "$touches"
exits 1 "--limit without --inventory"
says <<'END'
opshost: --limit selects from an inventory; name it with --inventory FILE
`opshost eval --help` shows what there is.
END
run eval --inventory stie.ini "$touches"
exits 2 "an inventory that is not there, unasked"
echo "$touches" >touches.lua
run run --inventory site.ini --limit bd1 touches.lua
exits 2 "a selection that cannot be read, unasked"
run plan --inventory site.ini --limit bd1 touches.lua
exits 2 "the same in a plan"
holds "no script began" test ! -e begun
run run --inventory site.ini --limit db1 touches.lua
exits 0 "a choice that is right"
holds "the script ran" test -e begun

# In a procedure the selection is a fact: a resume works on the hosts the run began with.
cat >work.lua <<'LUA'
local procedure, ops, machine = require "ops.procedure", require "ops", require "local"
return procedure.define {
  summary = "On every host", api = 1, uses = { ["local"] = "destroy" },
  run = function(ctx)
    local hosts = ctx:fact("hosts", ops.inventory.hosts)
    ctx:each(hosts, {}, function(host)
      ctx:step("work", { run = function() machine.write_file(host.name .. ".done", host.address) end })
    end)
    ctx:step("end", { run = function() machine.run({ "test", "-e", "mended" }) end })
  end,
}
LUA
run run work.lua --inventory site.ini --limit @db
exits 2 "a procedure that fails at its end"
holds "it worked on the selected hosts" test "$(echo ./*.done)" = "./db1.done ./db2.done ./db3.done"
rm -- *.done
sed -i 's/db\[1-3\]/db[1-9]/' site.ini
touch mended
run resume last --in-doubt=retry
exits 0 "resumed, without the options"
holds "what was done is not done again, on the same hosts" test -z "$(find . -name '*.done')"

# Without a fact of its own: the hosts are in the first record, details and all.
cat >plain.lua <<'LUA'
local procedure, ops, machine = require "ops.procedure", require "ops", require "local"
return procedure.define {
  summary = "Names its hosts", api = 1, uses = { ["local"] = "change" },
  run = function(ctx)
    for _, host in ipairs(ops.inventory.hosts()) do print(host.name, host.address, host.password) end
    ctx:step("end", { run = function() machine.run({ "test", "-e", "mended2" }) end, repeatable = true })
  end,
}
LUA
runs_before=$(find state/runs -mindepth 1 -maxdepth 1)
run run plain.lua --inventory none.ini
exits 2 "a procedure whose inventory is not there"
run run plain.lua --inventory site.ini --limit bd1
exits 2 "a procedure whose hosts are not there"
run run plain.lua --limit db1
exits 1 "a procedure with --limit alone"
holds "none of them is a run" test "$(find state/runs -mindepth 1 -maxdepth 1)" = "$runs_before"
sed -i 's/user=admin/password=env:DB_PASSWORD/' site.ini
run run plain.lua --inventory site.ini --limit '!db[2-9],@db'
exits 2 "a run with hosts"
prints $'db1\t10.0.0.1\tenv:DB_PASSWORD'
sed -i 's/10.0.0.1/10.0.0.9/; s/^db\[1-9\]/db[7-9]/' site.ini
run_ids=(state/runs/*)
run resume last --inventory site.ini --limit db7
exits 5 "a resume on other hosts"
says <<END
opshost: the run ${run_ids[-1]##*/} began with --inventory $PWD/site.ini --limit '!db[2-9],@db' and goes on with the hosts it began with; leave --inventory and --limit away, or begin a new run [procedure.refused]
What to do: the message says why.
END
touch mended2
run resume last --inventory site.ini --limit '!db[2-9],@db'
exits 0 "a resume with the inventory it began with, which is another by now"
prints $'db1\t10.0.0.1\tenv:DB_PASSWORD'
holds "it says so" grep -qF "the inventory $PWD/site.ini is not what it was when the run began; it goes on with the hosts it began with" "$TMPDIR/stderr"
sed -i 's/10.0.0.9/10.0.0.1/; s/^db\[7-9\]/db[1-9]/' site.ini
run plan work.lua --inventory site.ini --limit 'db9,gw'
exits 10 "a plan of the selected hosts"
holds "it names them" test "$(grep -c '"db9.done"\|"gw.done"' "$TMPDIR/stdout")" = 2

# Where connections are opened. None is: each handle says where it would go.
opened() {
  run eval "${@:2}" "local inventory = require 'ops.inventory' local site = inventory.load('site.ini')
    local db, web = site:host('db1'), site:host('web1') print($1)"
}
opened 'require("ssh").connect(db)'
exits 0 "ssh"
prints '<host 10.0.0.1>'
opened 'require("mysql").connect(db)'
exits 0 "mysql, by its own variables"
prints '<mysql app@10.0.0.1:3307>'
opened 'require("mysql").connect({ host = db, user = "root", port = 3306 })'
exits 0 "mysql, where the script says more"
prints '<mysql root@10.0.0.1:3306>'
opened 'require("mysql").connect(web)'
exits 0 "mysql through another host"
prints "<mysql $(id -un)@web1:3306 via gw.lan>"
opened 'require("zk").connect({ hosts = { db, "10.0.0.7:2182" } })'
exits 0 "zk, with a server by name beside it"
prints '<ensemble 10.0.0.1:2181,10.0.0.7:2182>'
opened 'require("zk").connect({ hosts = db })'
exits 0 "zk, one host"
prints '<ensemble 10.0.0.1:2181>'
opened 'require("zk").connect({ hosts = { web, web } })'
exits 0 "zk, through the host that all are behind"
prints '<ensemble web1:2181,web1:2181 via gw.lan>'
opened 'require("zk").connect({ hosts = { db, web } })'
exits 1 "zk, servers that are reached in different ways"
says <<'END'
opshost: eval:2: zk.connect: the inventory reaches db1 directly and web1 through gw; a session goes one way to all its servers: say which with `via` [usage.argument]
What to do: correct the call.
END
opened 'require("docker").connect(db)'
exits 0 "docker, through ssh"
opened 'require("ssh").connect(web)'
exits 0 "ssh through another host"
unset DB_PASSWORD
opened 'require("mysql").connect(db)'
exits 2 "a secret that is not where the inventory says"
says <<'END'
opshost: eval:2: site.ini:2:92: mysql_password of the host "db1": the environment has no variable DB_PASSWORD [secret.not_found]
What to do: put it there, or correct the name.
END

finish
