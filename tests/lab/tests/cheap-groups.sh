#!/bin/bash
# Each cheap group comes up and can be reached as its env file says.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
trap '"$LAB" down >/dev/null' EXIT

prepared engine pki ssh-keys mysql-datadir
began=$EPOCHREALTIME
up net docker ssh mysql zk keepalived
check_within 20 "$began" "the cheap groups are up"
check "status lists them" bash -c '"$1" status | grep -c " ready " | grep -x 6' status "$LAB"
check_sh "the env file names this lab" "[[ \$LAB_NAME == $LAB_NAME && \$LAB_GROUPS == 'docker keepalived mysql net ssh zk' ]]"

# From outside, where a test program may stay: sockets by their path, addresses in the lab's network namespace.
check "outside: the engine's socket" bash -c 'source "$("$1" env)" && curl -sf --max-time 5 --unix-socket "$LAB_DOCKER_SOCKET" http://x/_ping' outside "$LAB"
check "outside: a MariaDB socket" bash -c 'source "$("$1" env)" && mariadb --no-defaults -u "$LAB_MYSQL_USER" -p"$LAB_MYSQL_PASSWORD" -S "$LAB_MYSQL_REPLICA_SOCKET" -e "SELECT 1"' outside "$LAB"
check "outside: only the network entered" bash -c 'source "$("$1" env)" && nsenter -t "$LAB_PID" -n ssh -o BatchMode=yes -o UserKnownHostsFile="$LAB_SSH_KNOWN_HOSTS" -i "$LAB_SSH_KEY" -p "$LAB_SSH_PORT" "$LAB_SSH_KEY_USER@127.9.0.200" true' outside "$LAB"

# --- Docker
DOCKER="docker -H unix://\$LAB_DOCKER_SOCKET"
TLS="docker -H tcp://\$LAB_DOCKER_TLS_ADDRESS --tlsverify --tlscacert \$LAB_DOCKER_CERT_PATH/ca.pem"
check_sh "docker: a container on the network" "$DOCKER run --rm --network \$LAB_DOCKER_NETWORK --ip 10.94.0.60 \$LAB_DOCKER_IMAGE ip addr | grep 'inet 10.94.0.60/24'"
check_sh "docker: programs of this machine in the host image" "$DOCKER run --rm -v /usr:/usr:ro \$LAB_DOCKER_HOST_IMAGE mariadbd --version | grep MariaDB"
check_sh "docker: a negative OOM score does not keep a container from starting" "$DOCKER run --rm --oom-score-adj=-900 \$LAB_DOCKER_IMAGE true"
check_sh "docker: TLS with the client's certificate" "$TLS --tlscert \$LAB_DOCKER_CERT_PATH/cert.pem --tlskey \$LAB_DOCKER_CERT_PATH/key.pem version"
check_not_sh "docker: TLS without a certificate is refused" "$TLS version"
# --- SSH
SSH="ssh -o BatchMode=yes -o ConnectTimeout=10 -o UserKnownHostsFile=\$LAB_SSH_KNOWN_HOSTS -o IdentitiesOnly=yes -p \$LAB_SSH_PORT"
check_sh "ssh: all addresses answer" '
  for ((i = 1; i <= LAB_SSH_ADDRESS_COUNT; i++)); do
    exec 3<>"/dev/tcp/$LAB_SSH_ADDRESS_PREFIX$i/$LAB_SSH_PORT"
    IFS= read -r -t 10 banner <&3
    [[ $banner == SSH-2.0-* ]] || { echo "$i said: $banner"; exit 1; }
  done'
for key in user_ed25519 user_ecdsa user_rsa user_rsa_pem user_ed25519_alone; do
  check_sh "ssh: login with $key" "[[ \$($SSH -i \$LAB_SSH_KEYS/$key \$LAB_SSH_KEY_USER@127.9.0.77 whoami) == keyonly ]]"
done
check_not_sh "ssh: an unknown key is refused" "$SSH -i \$LAB_SSH_KEYS/user_unknown \$LAB_SSH_KEY_USER@127.9.0.77 true"
ASKPASS='export DISPLAY=x SSH_ASKPASS_REQUIRE=force SSH_ASKPASS=$LAB_DIR/askpass; umask 077; printf "#!/bin/sh\necho \"\$ANSWER\"\n" >$SSH_ASKPASS; chmod 700 $SSH_ASKPASS;'
check_sh "ssh: login with a password" "$ASKPASS export ANSWER=\$LAB_SSH_PASSWORD; [[ \$(ssh -o PreferredAuthentications=password -o UserKnownHostsFile=\$LAB_SSH_KNOWN_HOSTS -p \$LAB_SSH_PORT \$LAB_SSH_PASSWORD_USER@127.9.0.9 whoami) == lab ]]"
check_sh "ssh: a key with a passphrase" "$ASKPASS export ANSWER=\$LAB_SSH_PASSPHRASE; ssh -o IdentitiesOnly=yes -o UserKnownHostsFile=\$LAB_SSH_KNOWN_HOSTS -i \$LAB_SSH_KEYS/user_ed25519_passphrase -p \$LAB_SSH_PORT \$LAB_SSH_KEY_USER@127.9.0.9 true"
check_sh "ssh: sftp" "echo 'ls /' | sftp -b - -o UserKnownHostsFile=\$LAB_SSH_KNOWN_HOSTS -i \$LAB_SSH_KEY -P \$LAB_SSH_PORT \$LAB_SSH_KEY_USER@127.9.0.3 | grep etc"
check_sh "ssh: the throttled server turns connections away" '
  refused=0
  for ((i = 0; i < 40; i++)); do
    exec {connection}<>"/dev/tcp/127.0.0.1/$LAB_SSH_THROTTLED_PORT"
    IFS= read -r -t 10 line <&"$connection" || line=
    [[ $line != Exceeded* ]] || refused=$((refused + 1))
  done
  echo "refused: $refused"
  ((refused >= 20 && refused < 40))'
check_sh "ssh: the legacy server takes SHA-1 RSA signatures" "ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAcceptedAlgorithms=ssh-rsa -o HostKeyAlgorithms=ssh-rsa -i \$LAB_SSH_KEYS/user_rsa -o IdentitiesOnly=yes -p \$LAB_SSH_LEGACY_PORT \$LAB_SSH_KEY_USER@127.0.0.1 true"

# --- MariaDB
APP="mariadb --no-defaults -h \$LAB_MYSQL_HOST -u \$LAB_MYSQL_USER -p\$LAB_MYSQL_PASSWORD -N -B \$LAB_MYSQL_DATABASE"
check_sh "mysql: what the primary writes arrives at the replica" "
  $APP -P \$LAB_MYSQL_PRIMARY_PORT -e 'CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (42)'
  for i in \$(seq 200); do [[ \$($APP -P \$LAB_MYSQL_REPLICA_PORT -e 'SELECT a FROM t' 2>/dev/null) != 42 ]] || exit 0; sleep 0.05; done
  exit 1"
check_sh "mysql: the replica refuses writes" "
  if said=\$($APP -P \$LAB_MYSQL_REPLICA_PORT -e 'INSERT INTO t VALUES (43)' 2>&1); then exit 1; fi
  [[ \$said == *'ERROR 1290 (HY000)'* ]]"
check_sh "mysql: TLS" "mariadb --no-defaults -h 127.0.0.1 -P \$LAB_MYSQL_TLS_PORT -u \$LAB_MYSQL_TLS_USER -p\$LAB_MYSQL_PASSWORD --ssl-ca=\$LAB_MYSQL_CA --ssl-verify-server-cert -N -B -e \"SHOW STATUS LIKE 'Ssl_cipher'\" | grep TLS"
check_not_sh "mysql: the TLS user is refused in the clear" "mariadb --no-defaults -h 127.0.0.1 -P \$LAB_MYSQL_TLS_PORT -u \$LAB_MYSQL_TLS_USER -p\$LAB_MYSQL_PASSWORD --skip-ssl -e 'SELECT 1'"
check_not_sh "mysql: another CA is refused" "mariadb --no-defaults -h 127.0.0.1 -P \$LAB_MYSQL_TLS_PORT -u \$LAB_MYSQL_TLS_USER -p\$LAB_MYSQL_PASSWORD --ssl-ca=\$LAB_MYSQL_OTHER_CA --ssl-verify-server-cert -e 'SELECT 1'"

# --- ZooKeeper
check_sh "zk: one leader, two followers" '
  modes=$(for port in $LAB_ZK_PORT_1 $LAB_ZK_PORT_2 $LAB_ZK_PORT_3; do
    exec 3<>"/dev/tcp/127.0.0.1/$port"; printf srvr >&3; sed -n "s/^Mode: //p" <&3
  done | sort | paste -sd,)
  echo "$modes"
  [[ $modes == follower,follower,leader ]]'
check_sh "zk: a client writes and reads" '
  printf "create /lab value\nget /lab\nquit\n" | timeout 30 /usr/share/zookeeper/bin/zkCli.sh -server "$LAB_ZK_CONNECT" 2>&1 | grep -x value'

# --- keepalived
HOST="ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i \$LAB_KEEPALIVED_SSH_KEY"
check_sh "keepalived: the virtual address is on a" "[[ \$($HOST root@\$LAB_KEEPALIVED_VIP hostname) == a ]]"
check_sh "keepalived: it dumps its data where the host's /tmp is" "
  $HOST root@\$LAB_KEEPALIVED_A 'kill -\$(keepalived --signum=DATA) \$(cat /run/keepalived.pid)'
  for i in \$(seq 200); do [[ ! -s \$LAB_KEEPALIVED_A_DIR/tmp/keepalived.data ]] || exit 0; sleep 0.05; done
  exit 1"
check_sh "keepalived: the address moves to b when a stops, and back" "
  moved() { for i in \$(seq 200); do ip -n vrrp-\$1 -4 addr show dev eth0 | grep -F \$LAB_KEEPALIVED_VIP/ && return; sleep 0.05; done; return 1; }
  $HOST root@\$LAB_KEEPALIVED_A 'touch /etc/keepalived/down'
  moved b
  $HOST root@\$LAB_KEEPALIVED_A 'rm /etc/keepalived/down'
  moved a"
VRRP_STATE_TEXT='state() { for host in a b; do ip -n vrrp-$host -4 addr show dev eth0 | grep -qF "$LAB_KEEPALIVED_VIP/" && printf %s "$host"; done; echo; }
  reaches() { for i in $(seq 200); do [[ $(state) != "$1" ]] || return 0; sleep 0.05; done; echo "on: $(state)"; return 1; };'
check_sh "keepalived: one that was killed is started until it runs and the address is served" "
  $VRRP_STATE_TEXT
  \$LAB_COMMAND kill keepalived-a
  reaches ab
  \$LAB_COMMAND start keepalived-a
  child=\$(cat \$LAB_KEEPALIVED_A_DIR/run/keepalived-vrrp.pid)
  [[ \$(ps -o ppid= -p \$child | tr -d ' ') == \$(cat \$LAB_DIR/servers/keepalived-a/pid) ]]"
check_sh "keepalived: hosts that are cut off from each other both take the address" "
  $VRRP_STATE_TEXT
  reaches a
  \$LAB_COMMAND cut \$LAB_KEEPALIVED_A
  reaches ab
  \$LAB_COMMAND join \$LAB_KEEPALIVED_A
  reaches a"
check_sh "keepalived: mend" "
  $VRRP_STATE_TEXT
  \$LAB_COMMAND cut \$LAB_KEEPALIVED_B
  touch \$LAB_KEEPALIVED_A_DIR/etc/down
  sed -i 's/priority 90/priority 200/' \$LAB_KEEPALIVED_B_DIR/etc/keepalived.conf
  \$LAB_COMMAND kill keepalived-b
  \$LAB_COMMAND mend
  [[ \$(state) == a ]]
  grep 'priority 90' \$LAB_KEEPALIVED_B_DIR/etc/keepalived.conf"

# --- what a command left behind in the engine
check_sh "docker: mend removes what the lab did not make" "
  $DOCKER run -d --name left --network \$LAB_DOCKER_NETWORK -v left:/data \$LAB_DOCKER_IMAGE sleep 1000
  $DOCKER create --label com.example=left \$LAB_DOCKER_IMAGE
  $DOCKER network create left
  \$LAB_COMMAND mend
  [[ -z \$($DOCKER ps -aq)\$($DOCKER volume ls -q) ]]
  [[ \$($DOCKER network ls --filter type=custom --format '{{.Name}}') == \$LAB_DOCKER_NETWORK ]]"
check "logs of a server" "$LAB" logs mysql-primary
finish
