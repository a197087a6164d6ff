# Building images without a registry and without running a container.

# import_tree DIR TAG [CHANGE...]: a directory as a one-layer image.
import_tree() {
  local dir=$1 tag=$2 change changes=()
  shift 2
  for change; do changes+=(-c "$change"); done
  tar -C "$dir" --numeric-owner -c . | timeout 120 docker import "${changes[@]}" - "$tag"
}

# busybox_tree DIR: the applets as links. The list of applets names busybox itself, so the program is copied last.
busybox_tree() {
  local dir=$1 applet
  mkdir -p "$dir"/{bin,etc,tmp,proc,sys,dev,root,var}
  chmod 1777 "$dir/tmp"
  for applet in $(busybox --list); do ln -sf busybox "$dir/bin/$applet"; done
  rm "$dir/bin/busybox"
  cp "$(command -v busybox)" "$dir/bin/busybox"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$dir/etc/passwd"
}

# What host_tree takes files of.
host_tree_inputs() { printf 'package %s\n' mariadb-server openssh-server default-jre-headless; }

# host_tree DIR: runs the programs of this machine when started with -v /usr:/usr:ro.
host_tree() {
  local dir=$1 link
  mkdir -p "$dir"/{etc,tmp,proc,sys,dev,root,run,usr,var/lib,var/log}
  chmod 1777 "$dir/tmp"
  for link in bin sbin lib lib64; do ln -s "usr/$link" "$dir/$link"; done
  cp -a /etc/alternatives /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache "$dir/etc"
  find /etc -maxdepth 1 -name 'java-*' -exec cp -a {} "$dir/etc" \;
}

# small_images: lab/busybox:1 and lab/host:1, into the engine that DOCKER_HOST names.
small_images() {
  local trees
  trees=$(mktemp -d)
  busybox_tree "$trees/busybox"
  import_tree "$trees/busybox" lab/busybox:1 'ENV PATH=/bin' 'CMD ["sh"]'
  host_tree "$trees/host"
  import_tree "$trees/host" lab/host:1 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin'
  rm -rf "$trees"
}
