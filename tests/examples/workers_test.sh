#!/bin/sh
# The example with worker threads against the emulator: every file becomes a session that completes; what cannot be read,
# and a server for which nobody vouches, is told and ends with 1.
# usage: workers_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mockd=""
trap '[ -z "$mockd" ] || kill "$mockd"; rm -rf "$work"' EXIT
mkfifo "$work/address"

sh "$source/examples/make-certs.sh" "$work/certs"
export SSL_CERT_FILE="$work/certs/ca.pem"
export AOD_API_TOKEN=aod_0123456789abcdefghijklmnopqrstuvwxyz0123456
"$built/mockd/mockd" --clock-scale 50 --quota 100 --tls-certificate "$work/certs/server.pem" \
	--tls-key "$work/certs/server.key" >"$work/address" &
mockd=$!
read -r _ _ AOD_API_URL <"$work/address"
export AOD_API_URL
fail() {
	echo "workers_test: $*" >&2
	exit 1
}

agent=$(curl -sS --fail --cacert "$SSL_CERT_FILE" -H "Authorization: Bearer $AOD_API_TOKEN" \
	-H "Content-Type: application/json" -d '{"name": "worker", "provider": "anthropic", "model": "any"}' \
	"$AOD_API_URL/agents" | sed 's/.*"id": *"\([^"]*\)".*/\1/')

# More than may wait for the loop at once.
count=40
files=""
for i in $(seq $count); do
	echo "script:success rows=$((i % 5 + 1)) of file $i" >"$work/prompt-$i"
	files="$files $work/prompt-$i"
done
# shellcheck disable=SC2086
"$built/workers" 4 "$agent" $files >"$work/lines" || fail "exit code $?: $(cat "$work/lines")"
[ "$(grep -c ': completed, [1-9][0-9]* bytes$' "$work/lines")" -eq $count ] || fail "$(cat "$work/lines")"
[ "$(sort -u "$work/lines" | wc -l)" -eq $count ] || fail "a file was done twice: $(cat "$work/lines")"

code=0
"$built/workers" 2 "$agent" "$work/prompt-1" "$work/nothing" "$work/prompt-2" >"$work/lines" || code=$?
[ "$code" -eq 1 ] || fail "ends with $code though a file is missing"
grep -q "nothing: cannot be read" "$work/lines" || fail "does not say what is missing: $(cat "$work/lines")"
[ "$(grep -c ': completed' "$work/lines")" -eq 2 ] || fail "the others do not complete: $(cat "$work/lines")"

code=0
SSL_CERT_FILE=/nonexistent "$built/workers" 2 "$agent" "$work/prompt-1" >"$work/lines" || code=$?
[ "$code" -eq 1 ] || fail "ends with $code though nobody vouches for the server"
grep -q "issuer is unknown" "$work/lines" || fail "does not say why: $(cat "$work/lines")"
