# The root file system of a machine: Debian with systemd, sshd, sudo, MariaDB, keepalived, Java, ZooKeeper and a
# Docker engine. It is the only artefact that needs a Debian mirror; everything else is made from installed packages.
# The versions of those packages are not in its key: only the mirror knows them, and apt's lists may be old, gone or newer
# than those of yesterday. With them in it, a machine without a mirror would lose the artefact at "apt-get update". Who
# wants newer packages removes LAB_CACHE/machine-rootfs-* and calls prepare.
# Every service but sshd is disabled: the group that starts a machine enables what this machine is for.

# What the groups use in it; debootstrap's own resolver is too simple for these, apt installs them.
MACHINE_PACKAGES=(
  systemd systemd-sysv dbus libpam-systemd kmod sudo
  openssh-server iproute2 iputils-ping procps psmisc curl ca-certificates netcat-openbsd rsync
  mariadb-server keepalived docker.io iptables
  default-jre-headless zookeeper libslf4j-java busybox-static python3
)

# Where Debian comes from: LAB_MIRROR, else what this machine's apt uses for Debian 12.
debian_mirror() {
  if [[ -n ${LAB_MIRROR:-} ]]; then
    echo "$LAB_MIRROR"
    return
  fi
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
    awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
  echo "${mirror:?apt has no source for the main part of Debian 12 (bookworm); name a mirror in LAB_MIRROR}"
}

# Java's installer wants a mounted /proc.
machine_chroot() {
  unshare --pid --fork --mount-proc="$1/proc" chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "${@:2}"
}

install_machine_packages() {
  local root=$1
  # No maintainer script may start a server in the chroot.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 0755 "$root/usr/sbin/policy-rc.d"
  mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
  printf '%s\n' 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
    'path-exclude=/usr/share/locale/*' >"$root/etc/dpkg/dpkg.cfg.d/lab"
  mkdir -p "$root/usr/share/man/man1"
  machine_chroot "$root" apt-get update -q
  machine_chroot "$root" apt-get install -q -y --no-install-recommends "${MACHINE_PACKAGES[@]}"
  rm "$root/usr/sbin/policy-rc.d"
}

strip_machine() {
  local root=$1
  machine_chroot "$root" apt-get clean
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/lib/mysql/* "$root"/usr/share/{doc,man,locale,info}/* \
    "$root"/var/cache/* "$root"/var/log/*.log "$root"/etc/ssh/ssh_host_* "$root"/etc/machine-id
  touch "$root/etc/machine-id"
}

configure_machine() {
  local root=$1
  machine_chroot "$root" systemctl disable mariadb.service mariadb.socket keepalived docker.service docker.socket containerd
  machine_chroot "$root" systemctl mask getty.target console-getty.service systemd-logind.service \
    systemd-networkd.service systemd-resolved.service systemd-timesyncd.service apt-daily.timer \
    apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
  machine_chroot "$root" systemctl enable ssh
  # An operator account as sites have it: sudo without a password, login by key only.
  machine_chroot "$root" useradd --create-home --shell /bin/bash admin
  echo 'admin ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/admin"
  chmod 0440 "$root/etc/sudoers.d/admin"
  printf '%s\n' 'UseDNS no' 'PermitRootLogin prohibit-password' 'MaxSessions 200' 'MaxStartups 200' \
    >"$root/etc/ssh/sshd_config.d/lab.conf"
}

inputs() { echo "package debootstrap"; }

# Leaves rootfs.tar.zst, and the user and group of MariaDB in it in mysql-ids.
make_it() {
  local out=$1 root=$1/root
  local mirror
  mirror=$(debian_mirror) || return
  debootstrap --variant=minbase bookworm "$root" "$mirror"
  install_machine_packages "$root"
  configure_machine "$root"
  strip_machine "$root"
  awk -F: '$1 == "mysql" { print $3 ":" $4 }' "$root/etc/passwd" >"$out/mysql-ids"
  tar -C "$root" --numeric-owner --one-file-system -c . | zstd -q -3 -T2 -o "$out/rootfs.tar.zst"
  rm -rf "$root"
}
