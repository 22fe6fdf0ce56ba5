#!/bin/sh
# Makes a throw-away certification authority and a server certificate of it, for localhost, 127.0.0.1 and ::1.
# usage: make-certs.sh FOLDER     writes ca.pem, ca.key, server.pem and server.key there; both are good for two days
set -eu
folder=${1:?usage: make-certs.sh FOLDER}
mkdir -p "$folder"
cd "$folder"
umask 077

cat >openssl.cnf <<'END'
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
END

key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
key ca.key
openssl req -x509 -new -config openssl.cnf -extensions ca -key ca.key -subj "/CN=freshet throw-away CA" -days 2 -out ca.pem
key server.key
openssl req -new -config openssl.cnf -key server.key -subj "/CN=localhost" -out server.csr
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
	-extfile openssl.cnf -extensions server -out server.pem 2>/dev/null
rm -f server.csr ca.srl openssl.cnf
