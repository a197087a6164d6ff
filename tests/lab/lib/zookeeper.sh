# ZooKeeper: the options of its JVM and questions to it.

# Small and quick to start. The fastleader limits keep an election below a second; by default the pause between
# notifications grows to a minute.
ZOOKEEPER_JVM=(
  java -Xms16m -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xss256k
  -Djava.net.preferIPv4Stack=true -Dzookeeper.forceSync=no -Dzookeeper.preAllocSize=1024
  -Dzookeeper.jmx.log4j.disable=true -Dzookeeper.admin.enableServer=false
  -Dzookeeper.fastleader.minNotificationInterval=100 -Dzookeeper.fastleader.maxNotificationInterval=400
  -Dzookeeper.cnxTimeout=500
  -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.showShortLogName=true
  -cp /usr/share/java/slf4j-simple.jar:/usr/share/java/zookeeper.jar
  org.apache.zookeeper.server.quorum.QuorumPeerMain
)

# zookeeper_common_conf: lines of zoo.cfg that do not depend on the ensemble. A tick of 500 ms rides out the pauses
# of a busy machine; sessions may be as short as 400 ms for tests of their expiry.
zookeeper_common_conf() {
  cat <<'CONF'
tickTime=500
initLimit=20
syncLimit=10
admin.enableServer=false
4lw.commands.whitelist=*
minSessionTimeout=400
maxSessionTimeout=60000
maxClientCnxns=0
autopurge.purgeInterval=0
CONF
}

# four_letters HOST PORT WORD: the answer of one of ZooKeeper's four-letter commands.
four_letters() { timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf %s "$2" >&3 && cat <&3' "$1" "$2" "$3" 2>/dev/null; }

# zookeeper_mode HOST PORT: leader or follower; nothing without a quorum.
zookeeper_mode() { four_letters "$1" "$2" srvr | awk -F': ' '$1 == "Mode" { print $2 }'; }
zookeeper_serves() { [[ $(zookeeper_mode "$1" "$2") =~ ^(leader|follower)$ ]]; }

# install_zookeeper_defaults ROOT: the two above as files, for servers inside machines and containers.
install_zookeeper_defaults() {
  mkdir -p "$1/etc/lab"
  zookeeper_common_conf >"$1/etc/lab/zookeeper.cfg"
  printf '%s\n' "${ZOOKEEPER_JVM[@]}" >"$1/etc/lab/zookeeper.jvm"
}
