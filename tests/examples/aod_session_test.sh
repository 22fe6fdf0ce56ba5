#!/bin/sh
# aod_session against the emulator, over TLS: two turns and nothing left behind; a turn that fails; what goes wrong before.
# usage: aod_session_test.sh FOLDER-OF-BUILT-EXAMPLES
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
"$built/mockd/mockd" --clock-scale 200 --control --tls-certificate "$work/certs/server.pem" \
	--tls-key "$work/certs/server.key" >"$work/address" &
mockd=$!
read -r _ _ url <"$work/address"
export AOD_API_URL="$url"
fail() {
	echo "aod_session_test: $*" >&2
	cat "$work/words" >&2
	exit 1
}

# Runs it with those prompts; its exit code is $code.
run() {
	code=0
	"$built/aod_session" "$@" >"$work/text" 2>"$work/words" || code=$?
}

# What the user of the token has of that kind, as JSON.
have() {
	curl -sS --fail --cacert "$SSL_CERT_FILE" -H "authorization: Bearer $token" "$url/$1"
}

export AOD_API_TOKEN=$token
run "script:two-turns rows=3" "script:success rows=2"
[ "$code" -eq 0 ] || fail "exit code $code"
grep -q "^turn 1: completed, cursor [0-9]" "$work/words" || fail "the first turn is not told"
grep -q "^turn 2: completed, cursor [0-9]" "$work/words" || fail "the second turn is not told"
[ -s "$work/text" ] || fail "it printed nothing"
[ "$(have sessions | tr -d ' ')" = '{"data":[]}' ] || fail "a session is left"
[ "$(have agents | tr -d ' ')" = '{"data":[]}' ] || fail "an agent is left"

# A cut in each stream changes nothing of what is printed.
curl -sS --fail --cacert "$SSL_CERT_FILE" -X POST \
	"$url/mockd/faults?moment=event&at=4&action=cut&path=/sessions/*/stream" >"$work/fault" || fail "no fault"
run "script:success rows=3 bytes=20"
[ "$code" -eq 0 ] || fail "exit code $code after a cut"
grep -q "again in [0-9]* ms" "$work/words" || fail "the cut is not told"
[ "$(wc -c <"$work/text")" -ge 60 ] || fail "something is missing after the cut: $(wc -c <"$work/text")"

run "script:exit code=3 rows=1" "never sent"
[ "$code" -eq 1 ] || fail "exit code $code after a turn that failed"
grep -q "^turn 1: failed" "$work/words" || fail "the failure is not told"
run "script:provision-failure"
[ "$code" -eq 1 ] || fail "exit code $code after a stage that failed"
grep -q "^stage provision_setup failed: " "$work/words" || fail "the stage is not told"
[ "$(have sessions | tr -d ' ')" = '{"data":[]}' ] || fail "a failed session is left"

AOD_API_TOKEN=aod_wrong
run "x"
[ "$code" -eq 1 ] || fail "exit code $code with a wrong token"
grep -q "^the agent: HTTP 401" "$work/words" || fail "the refusal is not told"
AOD_API_TOKEN=$token
SSL_CERT_FILE=/nonexistent
run "x"
[ "$code" -eq 1 ] || fail "exit code $code though nobody vouches for the server"
run
[ "$code" -eq 2 ] || fail "exit code $code without a prompt"
