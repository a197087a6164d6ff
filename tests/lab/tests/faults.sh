#!/bin/bash
# Each fault that any server, address or disk can be given: really there, and gone after its opposite and after "mend".
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
trap '"$LAB" down >/dev/null' EXIT

prepared pki ssh-keys mysql-datadir
up net ssh mysql zk

# --- servers
ZK='mode() { timeout 2 bash -c '\''exec 3<>"/dev/tcp/127.0.0.1/$0"; printf srvr >&3; sed -n "s/^Mode: //p" <&3'\'' "$1"; };'
check_sh "freeze: a frozen server takes connections and says nothing" "
  \$LAB_COMMAND freeze zk1
  exec 3<>/dev/tcp/127.0.0.1/\$LAB_ZK_PORT_1
  printf srvr >&3
  ! read -r -t 1 <&3"
check_sh "freeze: status says so" "\$LAB_COMMAND status | grep -x 'lab: frozen: zk1'"
check_sh "freeze: the others have a quorum" "$ZK
  for i in \$(seq 100); do [[ -n \$(mode \$LAB_ZK_PORT_2) ]] && exit 0; sleep 0.1; done; exit 1"
check_sh "thaw: it answers again" "$ZK \$LAB_COMMAND thaw zk1
  for i in \$(seq 100); do [[ -n \$(mode \$LAB_ZK_PORT_1) ]] && exit 0; sleep 0.1; done; exit 1"
check_sh "freeze: what a server started stands still as well" "
  coproc ssh -o BatchMode=yes -o UserKnownHostsFile=\$LAB_SSH_KNOWN_HOSTS -i \$LAB_SSH_KEY -p \$LAB_SSH_PORT \$LAB_SSH_KEY_USER@127.9.0.4 cat
  echo before >&\${COPROC[1]}; read -r -t 20 line <&\${COPROC[0]}; [[ \$line == before ]]
  \$LAB_COMMAND freeze sshd
  echo during >&\${COPROC[1]}
  if read -r -t 1 line <&\${COPROC[0]}; then exit 1; fi
  \$LAB_COMMAND thaw sshd
  read -r -t 20 line <&\${COPROC[0]}; [[ \$line == during ]]"
ROOT='mariadb --no-defaults -uroot -N -B -S'
STATUS="mariadb --no-defaults -uroot -S \$LAB_MYSQL_REPLICA_SOCKET -e 'SHOW SLAVE STATUS\G'"
check_sh "kill: the server has ended" "
  \$LAB_COMMAND kill mysql-primary
  ! $ROOT \$LAB_MYSQL_PRIMARY_SOCKET -e 'SELECT 1' && \$LAB_COMMAND status | grep 'ended since: mysql-primary '"
check_sh "start: it answers, with its data, and the replica is back" "
  \$LAB_COMMAND start mysql-primary
  $ROOT \$LAB_MYSQL_PRIMARY_SOCKET -e 'SHOW DATABASES' | grep -x app
  for i in \$(seq 100); do $STATUS | grep 'Slave_IO_Running: Yes' && exit 0; sleep 0.1; done; exit 1"
check_sh "stop: as its service would" "
  \$LAB_COMMAND stop mysql-tls
  grep 'Shutdown complete' \$LAB_DIR/log/mysql-tls.log"
check_sh "restart: one that has ended" "\$LAB_COMMAND restart mysql-tls && $ROOT \$LAB_MYSQL_TLS_SOCKET -e 'SELECT 1'"
check_sh "kill: twice is once" "\$LAB_COMMAND kill sshd-legacy && \$LAB_COMMAND kill sshd-legacy"
# A killed JVM is such a process for a moment: its first thread is gone, the others still hold its port.
check_sh "kill: what has lost its first thread has not ended, killed it has" "
  source \${LAB_COMMAND%/lab}/lib/servers.sh
  python3 -c 'import ctypes, threading, time
threading.Thread(target=time.sleep, args=(50,)).start()
ctypes.CDLL(None).syscall(60, 0)' &
  for i in \$(seq 200); do [[ \$(ps -o stat= -p \$!) != Z* ]] || break; sleep 0.05; done
  [[ \$(ps -o stat= -p \$!) == Z* ]]
  start=\$(start_of \$!)
  [[ -n \$start ]] && ! have_ended \$! \$start
  kill -KILL \$!
  for i in \$(seq 200); do ! have_ended \$! \$start || exit 0; sleep 0.05; done; exit 1"
check_sh "freeze: not what has ended" "[[ \$(\$LAB_COMMAND freeze sshd-legacy 2>&1) == 'lab: sshd-legacy has ended, it cannot be frozen' ]]"
check_sh "a server that is not there" "[[ \$(\$LAB_COMMAND kill zk9 2>&1) == \"lab: there is no server 'zk9'; there are: dns \"*' zk3' ]]"
check "from outside as well" "$LAB" start sshd-legacy

# --- network
reach() { echo "timeout 3 bash -c 'exec 3<>/dev/tcp/127.9.0.$1/12222' 2>&1"; }
check_sh "cut: packets are lost, others arrive" "\$LAB_COMMAND cut 127.9.0.5:12222; code=0
  $(reach 5) || code=\$?; [[ \$code == 124 ]] && $(reach 6)"
check_sh "cut: refused" "\$LAB_COMMAND cut 127.9.0.6:12222 refused; said=\$($(reach 6) || true); [[ \$said == *'Connection refused'* ]]"
check_sh "cut: unreachable" "\$LAB_COMMAND cut 127.9.0.7 unreachable; said=\$($(reach 7) || true); [[ \$said == *'No route to host'* ]]"
check_sh "join: reached again, the other cuts hold" "\$LAB_COMMAND join 127.9.0.5:12222; $(reach 5) && ! $(reach 6)"
check_sh "join: what is not cut off" "[[ \$(\$LAB_COMMAND join 127.9.0.5:12222 2>&1) == 'lab: 127.9.0.5:12222 is not cut off' ]]"
check_sh "cut: another way" "[[ \$(\$LAB_COMMAND cut 127.9.0.5 softly 2>&1) == \"lab: 'softly' is no way to cut a connection; there are: silent refused unreachable\" ]]"

# --- disks
check_sh "fill: no byte is free, and writing says so" "
  \$LAB_COMMAND fill ssh
  said=\$(echo x 2>&1 >\$LAB_SSH_DISK/x || true)
  [[ \$said == *'No space left on device'* ]]"
check_sh "empty: it can be written again" "\$LAB_COMMAND empty ssh && echo x >\$LAB_SSH_DISK/x"
check_sh "fill: what a server meets" "
  \$LAB_COMMAND fill mysql-primary
  said=\$($ROOT \$LAB_MYSQL_PRIMARY_SOCKET -e 'CREATE TABLE app.full (a INT)' 2>&1 || true)
  [[ \$said == *'No space left on device'* ]]"

# --- names and misbehaving servers
check_sh "dns: a name" "getent hosts host9 | grep '^127.9.0.9 '"
check_sh "dns: a name that a test adds" "echo 'mine.lab.test 127.9.0.33' >>\$LAB_DNS_NAMES && getent hosts mine.lab.test | grep '^127.9.0.33 '"
check_sh "dns: a line that cannot be understood is skipped" "
  printf 'bad.lab.test 127.0.0.999\n\xff.lab.test 127.9.0.1\nafter.lab.test 127.9.0.34\n' >>\$LAB_DNS_NAMES
  code=0; getent hosts bad.lab.test || code=\$?; [[ \$code == 2 ]]
  getent hosts after.lab.test | grep '^127.9.0.34 '
  grep 'line [0-9]* is skipped: .*127.0.0.999' \$LAB_DIR/log/dns.log
  grep 'line [0-9]* is skipped: .*ascii' \$LAB_DIR/log/dns.log"
check_sh "dns: none" "code=0; getent hosts nothing.lab.test || code=\$?; [[ \$code == 2 ]]"
check_sh "dns: silence" "code=0; timeout 2 getent hosts silent.lab.test || code=\$?; [[ \$code == 124 ]]"
check_sh "rude: garbage" "exec 3<>/dev/tcp/\$LAB_RUDE_ADDRESS/\$LAB_RUDE_GARBAGE_PORT && head -c 100 <&3 | grep -a -o -m1 garbage"
check_sh "rude: silence" "exec 3<>/dev/tcp/\$LAB_RUDE_ADDRESS/\$LAB_RUDE_SILENT_PORT; code=0; read -r -t 1 <&3 || code=\$?; ((code > 128))"
check_sh "rude: half a banner" "exec 3<>/dev/tcp/\$LAB_RUDE_ADDRESS/\$LAB_RUDE_HALF_PORT; read -r -n 5 -t 5 said <&3; [[ \$said == SSH-2 ]]"
check_sh "ssh: the limited server has no sftp" "
  said=\$(echo ls | sftp -b - -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i \$LAB_SSH_KEY -P \$LAB_SSH_LIMITED_PORT \$LAB_SSH_KEY_USER@127.0.0.1 2>&1 || true)
  [[ \$said == *'subsystem request failed'* ]]"

# --- everything
check_sh "many faults at once" "
  for server in mysql-replica zk2 zk3 sshd; do \$LAB_COMMAND kill \$server; done
  \$LAB_COMMAND freeze zk1; \$LAB_COMMAND freeze dns; \$LAB_COMMAND cut 127.0.0.1:\$LAB_MYSQL_PRIMARY_PORT"
check_sh "mend" "\$LAB_COMMAND mend"
check_sh "mend: nothing is wrong any more" "
  said=\$(\$LAB_COMMAND status)
  [[ \$said == *'is up: supervisor'* && ! \$said =~ (ended since|frozen|cut off) ]] || { echo \"\$said\"; exit 1; }"
check_sh "mend: networks, disks, servers and replication are well" "$ZK
  $(reach 6)
  $(reach 7)
  getent hosts host9
  $ROOT \$LAB_MYSQL_PRIMARY_SOCKET -e 'CREATE TABLE app.after (a INT)'
  $STATUS | grep 'Slave_SQL_Running: Yes'
  for i in 1 2 3; do port=LAB_ZK_PORT_\$i; [[ -n \$(mode \${!port}) ]]; done"

# --- what a command left behind, with every server running
check_sh "left behind: roles, replication, databases, nodes, names, files and processes" "
  $ROOT \$LAB_MYSQL_PRIMARY_SOCKET -e 'CREATE DATABASE left_primary; SET GLOBAL read_only = 1'
  $ROOT \$LAB_MYSQL_REPLICA_SOCKET -e 'SET GLOBAL read_only = 0; STOP SLAVE; CREATE DATABASE \`left\`\`replica\`'
  $ROOT \$LAB_MYSQL_TLS_SOCKET -e 'CREATE DATABASE left_tls; DROP DATABASE app'
  printf 'create /left value\nsetquota -n 5 /left\nquit\n' | timeout 30 /usr/share/zookeeper/bin/zkCli.sh -server \$LAB_ZK_CONNECT
  echo 'left.lab.test 127.9.0.1' >>\$LAB_DNS_NAMES
  ssh -n -o BatchMode=yes -o UserKnownHostsFile=\$LAB_SSH_KNOWN_HOSTS -i \$LAB_SSH_KEY -p \$LAB_SSH_PORT \$LAB_SSH_KEY_USER@127.9.0.4 \
    'touch ~/.bashrc /tmp/left; setsid sleep 1000 >/dev/null 2>&1 &'
  for i in \$(seq 100); do ! pgrep -u \$LAB_SSH_KEY_USER -x sleep || break; sleep 0.05; done
  pgrep -u \$LAB_SSH_KEY_USER -x sleep
  \$LAB_COMMAND mend"
check_sh "mend: roles" "
  [[ \$($ROOT \$LAB_MYSQL_PRIMARY_SOCKET -e 'SELECT @@read_only')\$($ROOT \$LAB_MYSQL_REPLICA_SOCKET -e 'SELECT @@read_only') == 01 ]]"
check_sh "mend: replication" "$STATUS | grep 'Seconds_Behind_Master: 0'"
check_sh "mend: no database but the lab's, and those" "
  for socket in \$LAB_MYSQL_PRIMARY_SOCKET \$LAB_MYSQL_REPLICA_SOCKET \$LAB_MYSQL_TLS_SOCKET; do
    [[ \$($ROOT \$socket -e 'SHOW DATABASES' | grep -vxE 'information_schema|performance_schema|mysql|sys') == app ]]
  done"
check_sh "mend: what was in app is still there" "$ROOT \$LAB_MYSQL_REPLICA_SOCKET -e 'SELECT * FROM app.after'"
check_sh "mend: no node but ZooKeeper's" "
  said=\$(printf 'ls /\nls /zookeeper/quota\nquit\n' | timeout 30 /usr/share/zookeeper/bin/zkCli.sh -server \$LAB_ZK_CONNECT 2>/dev/null)
  grep -x '\[zookeeper\]' <<<\"\$said\"
  grep -x '\[\]' <<<\"\$said\""
check_sh "mend: no name" "code=0; getent hosts left.lab.test || code=\$?; [[ \$code == 2 ]]"
check_sh "mend: no files and processes of users" "
  [[ -z \$(find \$LAB_DIR/ssh/home/\$LAB_SSH_KEY_USER \$LAB_DIR/ssh/tmp -mindepth 1) ]]
  code=0; pgrep -u \$LAB_SSH_KEY_USER || code=\$?; [[ \$code == 1 ]]"
check_sh "left behind: an applier that stopped at an error" "
  $ROOT \$LAB_MYSQL_PRIMARY_SOCKET -e 'CREATE TABLE app.twice (a INT PRIMARY KEY)'
  for i in \$(seq 100); do ! $ROOT \$LAB_MYSQL_REPLICA_SOCKET -e 'SET sql_log_bin = 0; INSERT INTO app.twice VALUES (1)' || break; sleep 0.05; done
  $ROOT \$LAB_MYSQL_PRIMARY_SOCKET -e 'INSERT INTO app.twice VALUES (1)'
  for i in \$(seq 100); do ! $STATUS | grep 'Slave_SQL_Running: No' || break; sleep 0.05; done
  $STATUS | grep 'Slave_SQL_Running: No'
  \$LAB_COMMAND mend"
check_sh "mend: the replica is made again from what the primary has" "
  [[ \$($ROOT \$LAB_MYSQL_REPLICA_SOCKET -e 'SELECT a FROM app.twice') == 1 ]]
  $STATUS | grep 'Seconds_Behind_Master: 0'"
finish
