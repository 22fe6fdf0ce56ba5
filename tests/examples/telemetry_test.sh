#!/bin/sh
# telemetry against the emulator, over TLS: what it did is in the ledger; a failed run; a key that is not accepted.
# usage: telemetry_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mockd=""
trap '[ -z "$mockd" ] || kill "$mockd"; rm -rf "$work"' EXIT
mkfifo "$work/address"
key=aos_agent_0123456789abcdef0123456789abcdef

sh "$source/examples/make-certs.sh" "$work/certs"
export SSL_CERT_FILE="$work/certs/ca.pem"
"$built/mockd/mockd" --control --agentos-keep-texts --agentos-strict --agentos-agent-key "$key" \
	--tls-certificate "$work/certs/server.pem" --tls-key "$work/certs/server.key" >"$work/address" &
mockd=$!
read -r _ _ url <"$work/address"
export AGENTOS_BASE_URL="$url" AGENTOS_AGENT_ID=5b2c6d1e-0a4f-4c3b-9d7e-1f2a3b4c5d6e
fail() {
	echo "telemetry_test: $*" >&2
	cat "$work/words" >&2
	exit 1
}

# Runs it with those files; its exit code is $code.
run() {
	code=0
	"$built/telemetry" "$@" >"$work/text" 2>"$work/words" || code=$?
}

# The ledger of the run that was told last.
ledger() {
	id=$(sed -n 's/^run //p' "$work/words")
	[ -n "$id" ] || fail "no run was told"
	curl -sS --fail --cacert "$SSL_CERT_FILE" "$url/mockd/agentos/runs?run=$id" | tr -d ' \n'
}

printf 'a\nb\n' >"$work/two"
printf 'a\nb\nc\n' >"$work/three"
export AGENTOS_API_KEY=$key
run "$work/two" "$work/three"
[ "$code" -eq 0 ] || fail "exit code $code"
[ "$(cut -d' ' -f1 "$work/text" | tr '\n' ' ')" = "2 3 " ] || fail "it counted wrong"
grep -q "^8 events, 8 sent in [0-9]* batches, 0 dropped; 4 reports of tasks; 0 retries" "$work/words" || fail "other counts"
ledger >"$work/ledger"
for part in '"status":"completed"' '"events":8' '"tasks":2' '"open_tasks":0' '"ends":1' '"trigger":"manual"' 'tool.returned'; do
	grep -q -- "$part" "$work/ledger" || fail "no $part in $(cat "$work/ledger")"
done

# A cut whose request was taken changes nothing.
curl -sS --fail --cacert "$SSL_CERT_FILE" -X POST \
	"$url/mockd/faults?moment=answer&action=abort&path=/api/ingest/v1/events" >"$work/fault" || fail "no fault"
run "$work/two"
[ "$code" -eq 0 ] || fail "exit code $code after a cut"
grep -q "^4 events, 4 sent .* 1 retries" "$work/words" || fail "the retry is not told"
ledger | grep -q '"events":4' || fail "something is lost or doubled"

run "$work/two" "$work/none"
[ "$code" -eq 1 ] || fail "exit code $code though a file is missing"
ledger | grep -q '"status":"failed"' || fail "the failure is not told"

# The work goes on without the platform.
AGENTOS_API_KEY=aos_agent_wrong
run "$work/three"
[ "$code" -eq 1 ] || fail "exit code $code with a wrong key"
grep -q "^3 " "$work/text" || fail "it did not count"
grep -q "^this run will not be seen: " "$work/words" || fail "the loss is not told"
if grep -q aos_agent_wrong "$work/words"; then fail "the key is told"; fi
unset AGENTOS_API_KEY
run "$work/three"
[ "$code" -eq 1 ] || fail "exit code $code without a key"
run
[ "$code" -eq 2 ] || fail "exit code $code without a file"
