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
"$built/mockd/mockd" --clock-scale 50 --scripts "success rows=5..9" --sudoiq-scripts plain \
	--agentos-scripts success --tls-certificate "$work/certs/server.pem" \
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

# The services that list no agents: theirs is named.
sudoiq() {
	"$built/demo/demo" --platform sudoiq --url "$url" --token sk_0123456789abcdef0123456789abcdef --sessions 20 --plain \
		"$@" >"$work/out" 2>&1
}
! sudoiq || fail "nobody has named an agent of Sudoiq, and yet it ends well"
grep -q "no agent: its id is to be given by --agent" "$work/out" || fail "it does not say that Sudoiq lists no agents"
sudoiq --agent 6f0f3c52-7c1d-4b8e-9a55-1d2e3f405162 || fail "Sudoiq: exit code $?"
tail -n 1 "$work/out" | grep -q '^sessions=20 completed=20 ' || fail "Sudoiq: the last line is another"
agentos() {
	"$built/demo/demo" --platform agentos --url "$url" --agent 5b2c6d1e-0a4f-4c3b-9d7e-1f2a3b4c5d6e --sessions 20 --plain \
		--token "$1" >"$work/out" 2>&1
}
agentos aos_agent_0123456789abcdef0123456789abcdef || fail "AgentOS: exit code $?"
tail -n 1 "$work/out" | grep -q '^sessions=20 completed=20 ' || fail "AgentOS: the last line is another"
! agentos aos_agent_wrong || fail "a wrong key of AgentOS, and yet it ends well"
grep -q "invoke: The API key is missing, unknown or revoked" "$work/out" || fail "it does not say that the key is wrong"
