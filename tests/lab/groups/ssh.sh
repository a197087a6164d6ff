# OpenSSH: one server answering on 200 addresses, one that throttles new connections, one that still accepts SHA-1 RSA
# signatures, one with narrow limits (two sessions a connection, two attempts to log in, three seconds for it, no sftp,
# no forwarding), one with a single session a connection, one that closes a command's channel once it is silent for a
# second, and one that takes a password only as the answer to its question.

SSH_PORT=12222 SSH_THROTTLED_PORT=12224 SSH_LEGACY_PORT=12225 SSH_LIMITED_PORT=12226
SSH_SINGLE_PORT=12227 SSH_ASKING_PORT=12228 SSH_IMPATIENT_PORT=12229
SSH_ADDRESSES=200
SSH_PASSWORD=lab-password

group_summary() { echo "sshd on 127.9.0.1-$SSH_ADDRESSES:$SSH_PORT, throttled :$SSH_THROTTLED_PORT, legacy RSA :$SSH_LEGACY_PORT, limited :$SSH_LIMITED_PORT, single :$SSH_SINGLE_PORT; sftp, keys, users"; }
group_after() { :; }
group_artefacts() { echo ssh-keys; }

# add_user NAME UID: into the lab's own copy of the user files. -: no password, keys only.
add_user() {
  local name=$1 uid=$2 hash='*' home=$LAB_DIR/ssh/home/$1
  [[ $3 == - ]] || hash=$(openssl passwd -6 "$3")
  mkdir -p "$home"
  echo "$name:x:$uid:$uid::$home:/bin/bash" >>/etc/passwd
  echo "$name:x:$uid:" >>/etc/group
  echo "$name:$hash:20000:0:99999:7:::" >>/etc/shadow
  chown "$uid:$uid" "$home"
}

# sshd_config NAME PORT EXTRA_LINE...
sshd_config() {
  local name=$1 port=$2
  shift 2
  cat >"$LAB_DIR/ssh/$name.conf" <<CONF
$(printf '%s\n' "$@")
Port $port
ListenAddress 0.0.0.0
HostKey $LAB_DIR/ssh/keys/host_rsa
HostKey $LAB_DIR/ssh/keys/host_ecdsa
HostKey $LAB_DIR/ssh/keys/host_ed25519
PidFile none
AuthorizedKeysFile $LAB_DIR/ssh/keys/authorized_keys
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin yes
PasswordAuthentication yes
CONF
}

# What users leave in /tmp ends with the lab.
start_sshd() {
  start_daemon "$1" unshare --mount bash -c 'mount --bind "$1" /tmp && exec "${@:2}"' with_tmp "$LAB_DIR/ssh/tmp" \
    /usr/sbin/sshd -D -e -f "$LAB_DIR/ssh/$1.conf"
}

# What the users left: processes, connections and files.
group_mend() {
  (($# == 0)) || die "the users of ssh are mended together, not '$1' alone"
  wait_until 20 "the end of the users' processes" end_user_processes
  find "$LAB_DIR"/ssh/home/* "$LAB_DIR/ssh/tmp" "$LAB_DIR/ssh/disk" -mindepth 1 ! -name .disk -delete
}

# Not zombies: these have ended.
end_user_processes() { ! pkill -KILL --runstates DRSTt -u lab,keyonly; }

write_known_hosts() {
  local i key keys
  mapfile -t keys < <(cut -d' ' -f1,2 "$LAB_DIR"/ssh/keys/host_*.pub)
  for ((i = 1; i <= SSH_ADDRESSES; i++)); do
    for key in "${keys[@]}"; do printf '[127.9.0.%d]:%d %s\n' "$i" "$SSH_PORT" "$key"; done
  done
}

group_up() {
  mkdir -p "$LAB_DIR/ssh"
  cp -a "$(artefact ssh-keys)" "$LAB_DIR/ssh/keys"
  add_user lab 7001 "$SSH_PASSWORD"
  add_user keyonly 7002 -
  printf '%s\n' 'lab ALL=(ALL) ALL' 'keyonly ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers
  local sftp="Subsystem sftp internal-sftp" name
  make_disk ssh 64m "$LAB_DIR/ssh/disk"
  mkdir -p "$LAB_DIR/ssh/tmp"
  chmod 1777 "$LAB_DIR/ssh/disk" "$LAB_DIR/ssh/tmp"
  sshd_config sshd "$SSH_PORT" "$sftp" "MaxSessions 200" "MaxStartups 500:30:1000"
  sshd_config sshd-throttled "$SSH_THROTTLED_PORT" "$sftp" "MaxStartups 10:30:20" "LoginGraceTime 20"
  sshd_config sshd-legacy "$SSH_LEGACY_PORT" "$sftp" "PubkeyAcceptedAlgorithms +ssh-rsa" "HostKeyAlgorithms +ssh-rsa"
  sshd_config sshd-limited "$SSH_LIMITED_PORT" "MaxSessions 2" "MaxAuthTries 2" "LoginGraceTime 3" "AllowTcpForwarding no"
  sshd_config sshd-single "$SSH_SINGLE_PORT" "$sftp" "MaxSessions 1"
  sshd_config sshd-impatient "$SSH_IMPATIENT_PORT" "$sftp" "ChannelTimeout session:command=1s"
  sshd_config sshd-asking "$SSH_ASKING_PORT" "$sftp" "UsePAM yes" "PasswordAuthentication no" "KbdInteractiveAuthentication yes"
  for name in sshd sshd-throttled sshd-legacy sshd-limited sshd-single sshd-impatient sshd-asking; do start_sshd "$name"; done
  write_known_hosts >"$LAB_DIR/ssh/known_hosts"
  wait_ready sshd port_open 127.9.0.1 "$SSH_PORT"
  wait_ready sshd-throttled port_open 127.0.0.1 "$SSH_THROTTLED_PORT"
  wait_ready sshd-legacy port_open 127.0.0.1 "$SSH_LEGACY_PORT"
  wait_ready sshd-limited port_open 127.0.0.1 "$SSH_LIMITED_PORT"
  wait_ready sshd-single port_open 127.0.0.1 "$SSH_SINGLE_PORT"
  wait_ready sshd-impatient port_open 127.0.0.1 "$SSH_IMPATIENT_PORT"
  wait_ready sshd-asking port_open 127.0.0.1 "$SSH_ASKING_PORT"

  publish LAB_SSH_PORT "$SSH_PORT"
  publish LAB_SSH_THROTTLED_PORT "$SSH_THROTTLED_PORT"
  publish LAB_SSH_LEGACY_PORT "$SSH_LEGACY_PORT"
  publish LAB_SSH_LIMITED_PORT "$SSH_LIMITED_PORT"
  publish LAB_SSH_SINGLE_PORT "$SSH_SINGLE_PORT"
  publish LAB_SSH_IMPATIENT_PORT "$SSH_IMPATIENT_PORT"
  publish LAB_SSH_ASKING_PORT "$SSH_ASKING_PORT"
  publish LAB_SSH_DISK "$LAB_DIR/ssh/disk"
  publish LAB_SSH_ADDRESS_PREFIX 127.9.0.
  publish LAB_SSH_ADDRESS_COUNT "$SSH_ADDRESSES"
  publish LAB_SSH_KNOWN_HOSTS "$LAB_DIR/ssh/known_hosts"
  publish LAB_SSH_KEYS "$LAB_DIR/ssh/keys"
  publish LAB_SSH_KEY "$LAB_DIR/ssh/keys/user_ed25519"
  publish LAB_SSH_PASSPHRASE "$(cat "$LAB_DIR/ssh/keys/passphrase")"
  publish LAB_SSH_PASSWORD_USER lab
  publish LAB_SSH_PASSWORD "$SSH_PASSWORD"
  publish LAB_SSH_KEY_USER keyonly
}
