# shellcheck shell=bash
# Sourced after tests/support/cli.sh by the tests of tracked commands: a login's home, and a folder there in whose file
# `log` each command leaves a line.
# shellcheck disable=SC2034  # what they run
procedure=$OPSHOST_SOURCE/tests/cli/ssh/procedures/one_command.lua
home=$(getent passwd "$LAB_SSH_KEY_USER" | cut -d: -f6)
world=$(mktemp -d "$home/world.XXXXXX")
trap 'rm -rf "$world"' EXIT
chmod 777 "$world"
rm -rf "$home/.opshost"

fresh() {
  rm -rf "${world:?}"/* "$PWD/state"
  export OPSHOST_STATE=$PWD/state
}
count() { [[ -e $world/log ]] && wc -l <"$world/log" || echo 0; }
effects() { [[ $(count) == "$1" ]]; }
