#!/usr/bin/env bash
# Makes the test PKI of octroi: keys and certificates for the gateway, its TLS listener, portals and publishers.
#
#   certs/make-test-pki.sh OUTDIR [--portal NAME[:KIND]]... [--publisher NAME[:KIND]]... [--host NAME]...
#
# KIND is rsa2048 (default), rsa3072 or p256. Without --portal and --publisher a small set is made (see below).
# Run it again at any time: what is there is kept, what is missing is made, and the TLS certificate is made anew only
# when it is about to expire or a --host is not in it. Everything is for tests: never use these keys in production,
# never commit them.
set -euo pipefail
umask 077

die() { printf 'make-test-pki: %s\n' "$*" >&2; exit 1; }
command -v openssl >/dev/null || die "openssl is missing; install it with: sudo apt-get install -y openssl"

portals=() publishers=() hosts=() out=
while [ $# -gt 0 ]; do
  case "$1" in
    --portal|--publisher|--host)
      [ $# -ge 2 ] || die "$1 wants a value"
      [[ "$2" =~ ^[a-z0-9][a-z0-9.-]*(:(rsa2048|rsa3072|p256))?$ ]] || die "bad value for $1: $2"
      case "$1" in --portal) portals+=("$2");; --publisher) publishers+=("$2");; --host) hosts+=("$2");; esac
      shift 2;;
    -h|--help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0;;
    -*) die "unknown option $1";;
    *) [ -z "$out" ] || die "only one output directory"; out=$1; shift;;
  esac
done
[ -n "$out" ] || die "usage: make-test-pki.sh OUTDIR [--portal NAME[:KIND]]... [--publisher NAME[:KIND]]... [--host NAME]..."
[ ${#portals[@]} -gt 0 ] || portals=(portal-1 portal-2 portal-3 portal-4:p256)
[ ${#publishers[@]} -gt 0 ] || publishers=(publisher-1 publisher-2 publisher-3 publisher-4:p256 publisher-5 publisher-6:rsa3072)

mkdir -p "$out"; chmod 700 "$out"; cd "$out"

# key FILE KIND: a PKCS#8 private key, written aside and renamed so that an interrupted run leaves no half file.
key() {
  [ -s "$1" ] && return
  mkdir -p "$(dirname "$1")"
  case "$2" in
    rsa2048) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.part";;
    rsa3072) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$1.part";;
    p256)    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.part";;
  esac
  chmod 600 "$1.part"; mv "$1.part" "$1"
}

# pair BASE KIND SUBJECT: BASE.key and a self-signed BASE.pem for it.
pair() {
  key "$1.key" "$2"
  [ -s "$1.pem" ] && [ "$1.pem" -nt "$1.key" ] && return
  openssl req -x509 -new -key "$1.key" -sha256 -days 3650 -subj "/O=octroi test/CN=$3" -out "$1.pem.part"
  mv "$1.pem.part" "$1.pem"
}

# secret FILE BYTES LINES: random hexadecimal lines.
secret() {
  [ -s "$1" ] && return
  mkdir -p "$(dirname "$1")"
  for ((i = 0; i < $3; i++)); do openssl rand -hex "$2"; done > "$1.part"
  chmod 600 "$1.part"; mv "$1.part" "$1"
}

# --- the gateway ----------------------------------------------------------------------------------------------------
pair gateway/sign-rsa2048 rsa2048 "gateway signing RSA-2048"
pair gateway/sign-rsa3072 rsa3072 "gateway signing RSA-3072"
pair gateway/sign-p256    p256    "gateway signing P-256"
pair gateway/decrypt      rsa2048 "gateway decryption"
secret gateway/cookie.keys 32 2
secret gateway/pseudonym.key 64 1

# --- TLS: an authority of its own, and one leaf for every name of the demo -------------------------------------------
key ca/ca.key p256
if ! { [ -s ca/ca.pem ] && [ ca/ca.pem -nt ca/ca.key ]; }; then
  openssl req -x509 -new -key ca/ca.key -sha256 -days 3650 -subj "/O=octroi test/CN=octroi test authority" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca/ca.pem.part
  mv ca/ca.pem.part ca/ca.pem
fi

tls_is_fresh() {
  [ -s tls/server.pem ] || return 1
  openssl x509 -in tls/server.pem -noout -checkend 2592000 >/dev/null || return 1
  openssl verify -CAfile ca/ca.pem tls/server.pem >/dev/null 2>&1 || return 1
  local names; names=$(openssl x509 -in tls/server.pem -noout -ext subjectAltName)
  for h in ${hosts[@]+"${hosts[@]}"}; do [[ "$names," == *"DNS:$h,"* ]] || return 1; done
}
key tls/server.key p256
if ! tls_is_fresh; then
  # Clients that follow NSS (rustls, browsers) take no wildcard under a single label, so *.localhost serves OpenSSL
  # and curl, and each name of the demo is listed by itself.
  san="DNS:localhost,DNS:*.localhost,DNS:octroi.localhost,IP:127.0.0.1,IP:::1"
  for h in ${hosts[@]+"${hosts[@]}"}; do [ "$h" = octroi.localhost ] || san+=",DNS:$h"; done
  openssl req -new -key tls/server.key -subj "/O=octroi test/CN=localhost" -out tls/server.csr
  openssl x509 -req -in tls/server.csr -CA ca/ca.pem -CAkey ca/ca.key -set_serial "0x$(openssl rand -hex 15)" -sha256 -days 397 \
    -extfile <(printf '%s\n' "subjectAltName=$san" "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" "extendedKeyUsage=serverAuth") \
    -out tls/leaf.part 2>/dev/null
  cat tls/leaf.part ca/ca.pem > tls/server.pem.part
  mv tls/server.pem.part tls/server.pem
  rm -f tls/server.csr tls/leaf.part
fi

# --- partners -------------------------------------------------------------------------------------------------------
# A portal signs. A publisher signs and can decrypt; whether its metadata shows the encryption key is not decided here.
split() { name=${1%%:*}; kind=rsa2048; case "$1" in *:*) kind=${1#*:};; esac; }
for p in "${portals[@]}"; do split "$p"; pair "portals/$name/sign" "$kind" "$name signing"; done
for p in "${publishers[@]}"; do
  split "$p"
  pair "publishers/$name/sign" "$kind" "$name signing"
  pair "publishers/$name/encrypt" rsa2048 "$name encryption"
done
# A stranger's key: in nobody's metadata, for signatures that must be refused.
pair stranger/sign rsa2048 "stranger signing"

find . -type f -exec chmod 600 {} +
