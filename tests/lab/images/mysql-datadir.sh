# An empty MariaDB data directory; each server of the lab starts on a copy of it.

inputs() { echo "package mariadb-server"; }

make_it() {
  local dir
  # The user mysql may not pass the directories above the cache.
  dir=$(mktemp -d /var/tmp/opshost-lab.XXXXXX)
  chmod 0755 "$dir"
  install -d -o mysql -g mysql "$dir/data"
  mariadb-install-db --no-defaults --user=mysql --datadir="$dir/data" --skip-test-db \
    --auth-root-authentication-method=normal --innodb-log-file-size=8M --skip-name-resolve
  cp -a "$dir/data" "$1/data"
  rm -rf "$dir"
}
