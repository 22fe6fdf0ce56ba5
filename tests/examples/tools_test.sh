#!/bin/sh
# tools against the emulator, over TLS: rounds of both tools, cuts, a tool that fails, a run that fails, what goes wrong before.
# usage: tools_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mockd=""
trap '[ -z "$mockd" ] || kill "$mockd"; rm -rf "$work"' EXIT
mkfifo "$work/address"
agent=6f0f3c52-7c1d-4b8e-9a55-1d2e3f405162

sh "$source/examples/make-certs.sh" "$work/certs"
export SSL_CERT_FILE="$work/certs/ca.pem"
"$built/mockd/mockd" --clock-scale 200 --control --tls-certificate "$work/certs/server.pem" \
	--tls-key "$work/certs/server.key" >"$work/address" &
mockd=$!
read -r _ _ url <"$work/address"
export SUDOIQ_BASE_URL="$url" SUDOIQ_API_KEY=sk_0123456789abcdef0123456789abcdef
fail() {
	echo "tools_test: $*" >&2
	cat "$work/words" >&2
	exit 1
}

run() {
	code=0
	"$built/tools" "$@" >"$work/text" 2>"$work/words" || code=$?
}

# A POST to the emulator's own pages, or to Sudoiq's.
post() {
	curl -sS --fail --cacert "$SSL_CERT_FILE" -H "authorization: Bearer $SUDOIQ_API_KEY" \
		-H "content-type: application/json" -X POST "$url$1" -d "$2" >"$work/posted" || fail "no $1"
}

post /api/v1/tools '{"tools":[{"name":"add","namespace":"main","description":"Adds.","schema_data":{"type":"object",
	"properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}},
	{"name":"word_count","namespace":"main","description":"Counts.","schema_data":{"type":"object",
	"properties":{"path":{"type":"string","enum":["'"$work/certs/ca.pem"'"]}},"required":["path"]}}]}'

run "$agent" "script:tools rounds=3 calls=2 result=echo"
[ "$code" -eq 0 ] || fail "exit code $code"
grep -q "^run [0-9]" "$work/words" || fail "the run is not told"
[ "$(grep -c "^tool add: ok" "$work/words")" -eq 3 ] || fail "add was not run three times"
[ "$(grep -c "^tool word_count: ok" "$work/words")" -eq 3 ] || fail "word_count was not run three times"
words=$(wc -w <"$work/certs/ca.pem" | tr -d ' ')
tail -n 1 "$work/text" | grep -q "^completed: .*\"$words\"" || fail "the words are not counted: $(tail -n 1 "$work/text")"

# Cuts of the stream and a lost answer change nothing: each tool is run once for each call.
post "/mockd/faults?moment=event&at=3&action=cut&path=/api/v1/agents/*/stream&times=3" ""
post "/mockd/faults?moment=answer&action=cut&path=/api/v1/agents/*/tool_responses&times=2" ""
run "$agent" "script:tools rounds=3 calls=2"
[ "$code" -eq 0 ] || fail "exit code $code after cuts"
[ "$(grep -c "^tool .*: ok" "$work/words")" -eq 6 ] || fail "tools were not run six times"

# No file of that name.
post /api/v1/tools '{"tools":[{"name":"word_count","namespace":"main","description":"Counts.","schema_data":{"type":"object",
	"properties":{"path":{"type":"string","enum":["/nonexistent"]}},"required":["path"]}}]}'
run "$agent" "script:tools rounds=1 calls=1 tools=word_count"
[ "$code" -eq 0 ] || fail "exit code $code after a tool that failed"
grep -q "^tool word_count: error" "$work/words" || fail "the tool's failure is not told"

run "$agent" "script:failed"
[ "$code" -eq 1 ] || fail "exit code $code after a run that failed"
tail -n 1 "$work/text" | grep -q "^failed:" || fail "the failure is not told"

SUDOIQ_API_KEY=sk_wrong
run "$agent" "script:plain"
[ "$code" -eq 1 ] || fail "exit code $code with a wrong key"
grep -q "^HTTP 401" "$work/words" || fail "the refusal is not told"
! grep -q sk_wrong "$work/words" || fail "the key is shown"
run
[ "$code" -eq 2 ] || fail "exit code $code without arguments"
