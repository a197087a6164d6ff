#!/bin/bash
# What a machine of the Ark site does to containers that are not as their run scripts say, with an engine of this test's
# own: one that prints what it is told to have, and notes what it is asked to do. The real one is in ark.sh.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
ON_MACHINE=$TESTS/../ark/on-machine

mkdir "$DIR/scripts" "$DIR/bin"
cat >"$DIR/scripts/web.sh" <<'SH'
#!/bin/sh
exec docker run -d \
  -l aliyun.probe.cmd=sh\ /check.sh \
  -l quota=.\*=40G \
  -e A=1 \
  -v /etc/hostinfo:/etc/hostinfo \
  -v /tls:/tls:ro \
  --restart=always \
  --name=web \
  --net=vlan214 \
  --ip=10.96.14.64 \
  registry/service:1 manage -H :4000
SH
cat >"$DIR/bin/docker" <<SH
#!/bin/sh
case \$1 in
  ps) echo id ;;
  inspect) cat "$DIR/inspect.json" ;;
  *) echo "\$1 \$2" >>"$DIR/asked" ;;
esac
SH
chmod +x "$DIR/bin/docker"

AS_SAID='[{"Name": "/web", "State": {"Status": "running"}, "HostConfig": {"RestartPolicy": {"Name": "always"}},
  "NetworkSettings": {"Networks": {"vlan214": {"IPAMConfig": {"IPv4Address": "10.96.14.64"}}}},
  "Config": {"Image": "registry/service:1", "Cmd": ["manage", "-H", ":4000"], "Env": ["A=1", "PATH=/bin"],
    "Labels": {"quota": ".*=40G", "aliyun.probe.cmd": "sh /check.sh"}},
  "Mounts": [{"Source": "/tls", "Destination": "/tls", "RW": false},
    {"Source": "/etc/hostinfo", "Destination": "/etc/hostinfo", "RW": true}]}]'

# mended CHANGE: what is said and done when a container is as its script says but for this (a program for jq).
mended() {
  jq "$1" <<<"$AS_SAID" >"$DIR/inspect.json"
  : >"$DIR/asked"
  tar -C "$DIR/scripts" -c . -C "$ON_MACHINE" container-states.py | PATH=$DIR/bin:$PATH bash "$ON_MACHINE/mend-containers.sh"
  paste -sd ';' "$DIR/asked"
}
# check_mended WHAT CHANGE EXPECTED
check_mended() { check "$1" bash -c '[[ $1 == "$2" ]] || { echo "$1"; exit 1; }' mended "$(mended "$2")" "$3"; }
made_again() { printf 'web was not as its run script says: %s\nrm -f;run -d' "$1"; }

check_mended "as its run script says" . ""
check_mended "the order of mounts and labels is nothing" '.[0].Mounts |= reverse' ""
check_mended "another image" '.[0].Config.Image = "registry/service:2"' "$(made_again image)"
check_mended "other arguments" '.[0].Config.Cmd = null' "$(made_again arguments)"
check_mended "without its probe" 'del(.[0].Config.Labels["aliyun.probe.cmd"])' "$(made_again labels)"
check_mended "a label more" '.[0].Config.Labels.more = "1"' "$(made_again labels)"
check_mended "without a volume" 'del(.[0].Mounts[1])' "$(made_again mounts)"
check_mended "a volume that can be written" '.[0].Mounts[0].RW = true' "$(made_again mounts)"
check_mended "without a variable" 'del(.[0].Config.Env[0])' "$(made_again variables)"
check_mended "another address" '.[0].NetworkSettings.Networks.vlan214.IPAMConfig = null' "$(made_again address)"
check_mended "another network" '.[0].NetworkSettings.Networks |= {bridge: .vlan214}' "$(made_again network)"
check_mended "no restart policy" '.[0].HostConfig.RestartPolicy.Name = ""' \
  "$(printf 'web had the restart policy \nupdate --restart')"
check_mended "stopped" '.[0].State.Status = "exited"' "$(printf 'web was exited\nstart web')"
check_mended "one that is not of the site" '.[0].Name = "/other"' \
  "$(printf 'other is not of the site\nweb was gone\nrm -f;rm -f;run -d')"
finish
