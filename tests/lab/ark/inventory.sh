# The inventory of the site for opshost.

write_inventory() {
  local machine
  {
    cat <<YAML
# The Ark site of the lab '$LAB_NAME'.
all:
  vars:
    user: admin
    key: $ARK_DIR/keys/user_ed25519
    known_hosts: $ARK_DIR/known_hosts
  children:
    ark:
      vars:
        vlan: $ARK_VLAN
        task: $ARK_TASK
        swarm: ${ARK_ADDRESS[ark1]}:4000
        control_host: $ARK_CONTROL_HOST
        run_scripts: $ARK_SCRIPTS
        docker_cert_path: $ARK_DIR/tls
      hosts:
YAML
    for machine in "${ARK_MACHINES[@]}"; do
      printf '        %s:\n          address: %s\n          docker_endpoint: tcp://%s:2376\n' \
        "$machine" "${ARK_ADDRESS[$machine]}" "${ARK_ADDRESS[$machine]}"
    done
  } >"$ARK_DIR/inventory.yml"
}
