#!/bin/sh
# Makes this corpus anew with openssl. The private keys are thrown away.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

key() { # name, genpkey arguments
  name=$1; shift
  openssl genpkey -quiet "$@" -out "$keys/$name.key"
}
key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key rsa4096 -algorithm RSA -pkeyopt rsa_keygen_bits:4096
key rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
key k256 -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1
key ed25519 -algorithm ED25519
openssl genpkey -quiet -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 -out "$keys/dsa.params"
key dsa -paramfile "$keys/dsa.params"

# Signing requests: one for each key and hash.
request() { # file, key, hash, subject, further arguments
  file=$1; key=$2; hash=$3; subject=$4; shift 4
  openssl req -new -key "$keys/$key.key" "-$hash" -subj "$subject" -out "request-$file.pem" "$@"
}
for key in rsa2048 rsa4096 p256 p384 p521; do
  for hash in sha256 sha384 sha512; do
    request "$key-$hash" "$key" "$hash" "/C=DE/O=Wards/OU=Pumps/OU=Floor 3/CN=pump-17"
  done
done
request multivalued p256 sha256 "/O=Wards+OU=Pumps+OU=Spare/CN=pump-17/DC=example/UID=x1" -multivalue-rdn 2>/dev/null
request extensions p256 sha256 "/CN=pump-17" -addext "basicConstraints=critical,CA:TRUE" \
  -addext "subjectAltName=DNS:admin.example" -addext "keyUsage=keyCertSign"
request weak rsa1024 sha256 "/CN=pump-17"
request sha1 rsa2048 sha1 "/CN=pump-17"
request k256 k256 sha256 "/CN=pump-17"
request ed25519 ed25519 sha256 "/CN=pump-17"
request dsa dsa sha256 "/CN=pump-17"

# Authorities, and a device certificate of each.
authority() { # name, key, hash
  openssl req -x509 -new -key "$keys/$2.key" "-$3" -days 36500 -subj "/O=Wards/CN=Wards CA $1" \
    -out "ca-$1.pem"
  openssl x509 -req -in request-p256-sha256.pem -CA "ca-$1.pem" -CAkey "$keys/$2.key" "-$3" \
    -days 36500 -set_serial 0x1017 -out "device-$1.pem" 2>/dev/null
}
for key in rsa2048 p256 p384 p521; do
  for hash in sha256 sha384 sha512; do authority "$key-$hash" "$key" "$hash"; done
done
authority sha1 rsa2048 sha1
authority ed25519 ed25519 sha256
authority dsa dsa sha256

# An authority with the name of another and another key, and without key identifiers.
openssl req -x509 -new -key "$keys/p384.key" -sha256 -days 36500 -subj "/O=Wards/CN=Wards CA p256-sha256" \
  -out ca-twin.pem
openssl x509 -req -in request-p256-sha256.pem -CA ca-twin.pem -CAkey "$keys/p384.key" -sha256 \
  -days 36500 -set_serial 0x1018 -out device-twin.pem 2>/dev/null

# Names in every encoding, alternative names, a certificate without extensions (version 1).
cat >"$keys/names.cnf" <<'CNF'
[req]
distinguished_name = name
prompt = no
string_mask = nombstr
[name]
C = DE
CN = Pumpe 17
serialNumber = S-1
dnQualifier = Q-1
title = T
SN = Muster
GN = Eva
initials = EM
pseudonym = em
generationQualifier = II
[alternative]
subjectAltName = email:eva@example.org,DNS:pump.example.org,URI:https://example.org/p,IP:10.1.2.3,IP:fd00::1,dirName:dir
issuerAltName = DNS:ca.example.org
basicConstraints = CA:FALSE
[dir]
CN = pump in a directory
CNF
openssl req -x509 -new -key "$keys/p256.key" -sha256 -days 36500 -set_serial 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff \
  -config "$keys/names.cnf" -extensions alternative -out names.pem
openssl x509 -req -in request-p256-sha256.pem -signkey "$keys/p256.key" -days 36500 -out version1.pem 2>/dev/null
sed -i 's/string_mask = nombstr/string_mask = MASK:0x800/; s/^CN = .*/CN = Pumpe Ä/' "$keys/names.cnf"
openssl req -x509 -new -utf8 -key "$keys/p256.key" -sha256 -days 36500 -config "$keys/names.cnf" \
  -extensions alternative -out names-bmp.pem
openssl x509 -in names-bmp.pem -text -out with-words.pem
