# SSH keys of the lab: host keys of three types, and user keys of every kind a site has.

inputs() { echo "package openssh-client"; }

# Also published in the env file: it protects nothing but the key that tests open with it.
SSH_PASSPHRASE="lab passphrase"

make_key() { ssh-keygen -q -C "opshost lab $1" -N '' -f "$@"; }

make_it() {
  cd "$1" || return
  local type
  for type in rsa ecdsa ed25519; do
    make_key "host_$type" -t "$type"
    make_key "user_$type" -t "$type"
  done
  make_key user_rsa_pem -t rsa -m PEM
  make_key user_unknown -t ed25519 # authorised nowhere
  ssh-keygen -q -t ed25519 -C "opshost lab user_ed25519_passphrase" -N "$SSH_PASSPHRASE" -f user_ed25519_passphrase
  # As some tools leave keys: without the public half beside it.
  make_key user_ed25519_alone -t ed25519
  cat user_{rsa,ecdsa,ed25519,rsa_pem,ed25519_passphrase,ed25519_alone}.pub >authorized_keys
  rm user_ed25519_alone.pub
  printf '%s' "$SSH_PASSPHRASE" >passphrase
}
