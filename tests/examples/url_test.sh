#!/bin/sh
# The demo with a server that it did not start, which has an agent already; and with one that has none.
# usage: url_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mockd=""
trap '[ -z "$mockd" ] || kill "$mockd"; rm -rf "$work"' EXIT
mkfifo "$work/address"

token=aod_0123456789abcdefghijklmnopqrstuvwxyz0123456
sh "$source/examples/make-certs.sh" "$work/certs"
export SSL_CERT_FILE="$work/certs/ca.pem"
"$built/mockd/mockd" --clock-scale 50 --scripts "success rows=5..9" --tls-certificate "$work/certs/server.pem" \
	--tls-key "$work/certs/server.key" >"$work/address" &
mockd=$!
read -r _ _ url <"$work/address"

fail() {
	echo "url_test: $*" >&2
	cat "$work/out" >&2
	exit 1
}
demo() {
	"$built/demo/demo" --platform aod --url "$url/" --token "$token" --sessions 20 --plain >"$work/out" 2>&1
}
! demo || fail "there is no agent, and yet it ends well"
grep -q "no agent: the server has none" "$work/out" || fail "it does not say that there is no agent"

curl -sS --fail --http2 --cacert "$SSL_CERT_FILE" -H "Authorization: Bearer $token" -H "Content-Type: application/json" \
	-d '{"name": "a", "provider": "anthropic", "model": "m"}' "$url/agents" >"$work/agent"
demo || fail "exit code $?"
tail -n 1 "$work/out" | grep -qE '^sessions=20 completed=20 failed=0 terminated=0 events=[0-9]+ reconnects=0 lost=unknown duplicated=unknown seconds=' ||
	fail "the last line is another"
grep -q '^no ledger: ' "$work/out" || fail "it does not say that there is no ledger"

token=aod_wrong
! demo || fail "a wrong token, and yet it ends well"
grep -q "the server answers 401" "$work/out" || fail "it does not say that the token is wrong"
