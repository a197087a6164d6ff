# Certificates of the lab: a CA, a server certificate for every address a lab server has, a client certificate, and a
# second CA nobody trusts. P-256 throughout.

# The machines are created before their addresses could be asked for, so the certificate names them all.
PKI_SERVER_NAMES="IP:127.0.0.1,DNS:localhost,IP:10.94.0.31,IP:10.95.0.11,IP:10.95.0.12,IP:10.95.0.13"

inputs() { echo "package openssl"; }

new_key_options() { printf '%s\n' -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes; }

# make_ca NAME COMMON_NAME
make_ca() {
  local options
  mapfile -t options < <(new_key_options)
  openssl req -x509 "${options[@]}" -keyout "$1-key.pem" -out "$1.pem" -days 3650 -subj "/CN=$2" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# make_certificate NAME COMMON_NAME EXTENSIONS
make_certificate() {
  local options
  mapfile -t options < <(new_key_options)
  openssl req "${options[@]}" -keyout "$1-key.pem" -out "$1.csr" -subj "/CN=$2"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 3650 -out "$1.pem" \
    -extfile <(printf '%b' "$3")
  rm "$1.csr"
}

make_it() {
  cd "$1" || return
  make_ca ca "opshost lab CA"
  make_ca other-ca "opshost lab CA that nobody trusts"
  make_certificate server "opshost lab server" "subjectAltName=$PKI_SERVER_NAMES\nextendedKeyUsage=serverAuth"
  make_certificate client "opshost lab client" "extendedKeyUsage=clientAuth"
}
