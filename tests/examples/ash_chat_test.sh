#!/bin/sh
# ash_chat against the emulator, over TLS: a conversation from a file, one that is interrupted by SIGINT, a stream that is
# cut, and what goes wrong before.
# usage: ash_chat_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mockd=""
chat=""
trap '[ -z "$mockd" ] || kill "$mockd"; [ -z "$chat" ] || kill "$chat"; rm -rf "$work"' EXIT
mkfifo "$work/address" "$work/said" "$work/seen"
key=aod_0123456789abcdefghijklmnopqrstuvwxyz0123456

sh "$source/examples/make-certs.sh" "$work/certs"
export SSL_CERT_FILE="$work/certs/ca.pem"
"$built/mockd/mockd" --platform ash --clock-scale 50 --control --tls-certificate "$work/certs/server.pem" \
	--tls-key "$work/certs/server.key" >"$work/address" &
mockd=$!
read -r _ _ url <"$work/address"
export ASH_SERVER_URL="$url" ASH_API_KEY="$key"
: >"$work/words"
fail() {
	echo "ash_chat_test: $*" >&2
	cat "$work/words" >&2
	exit 1
}

# An answer of the server, as JSON without blanks.
ask() {
	curl -sS --fail --cacert "$SSL_CERT_FILE" -H "authorization: Bearer $key" "$@" >"$work/answer" || fail "curl: $*"
	tr -d ' ' <"$work/answer"
}

# Runs it with what stdin says; its exit code is $code.
run() {
	code=0
	"$built/ash_chat" "$@" >"$work/text" 2>"$work/words" || code=$?
	if grep -q "$key" "$work/text" "$work/words"; then
		fail "the key is shown"
	fi
}

# How many notices begin so.
count() {
	grep -c "^\[$1" "$work/words" || true
}

ask -H "content-type: application/json" -d '{"name":"helper","systemPrompt":"Help."}' "$url/api/agents" >/dev/null

# Two turns, a nap, a fork, and a last line that has no end.
printf '%s\n' "script:success bytes=30" "" "/nap" "/pause" "/resume" "script:tools bytes=30" "/fork" >"$work/script"
printf '%s' "script:success messages=1 bytes=50" >>"$work/script"
run helper <"$work/script"
[ "$code" -eq 0 ] || fail "exit code $code"
[ "$(count 'completed\]')" -eq 3 ] || fail "not three turns"
[ "$(count 'tool Bash {"command":')" -eq 5 ] || fail "not the five tools of both turns"
[ "$(count 'there are: /pause')" -eq 1 ] || fail "an unknown command is not told"
[ "$(count 'the session is now: paused\]')" -eq 1 ] || fail "not paused"
[ "$(count 'the session is now: active\]')" -eq 1 ] || fail "not resumed"
# Two messages and five, of 30 bytes each, and one of 50; each ends its line, where it does not itself.
size=$(wc -c <"$work/text")
[ "$size" -ge 260 ] && [ "$size" -le 268 ] || fail "the text has $size bytes"
first=$(sed -n 's/^\[session: \(.*\)\]$/\1/p' "$work/words" | sed -n 1p)
second=$(sed -n 's/^\[session: \(.*\)\]$/\1/p' "$work/words" | sed -n 2p)
[ "$(ask "$url/api/sessions/$second" | grep -c "\"parentSessionId\":\"$first\"")" -eq 1 ] || fail "no fork"

# A session is entered again; a turn that the agent fails, and one that is refused, are told, and the rest goes on.
printf '%s\n' "script:failed" "script:error" "script:nonsense" "script:success" "/quit" "never said" >"$work/script"
run --session "$first" <"$work/script"
[ "$code" -eq 0 ] || fail "exit code $code though failed turns are no failure"
[ "$(count 'no success: ')" -eq 1 ] || fail "the agent's failure is not told"
[ "$(count 'error: ')" -eq 1 ] || fail "the server's error is not told"
[ "$(count 'refused: ')" -eq 1 ] || fail "the refusal is not told"
[ "$(count 'completed\]')" -eq 2 ] || fail "the turns after are missing"

# What would lead the terminal is not let through.
printf 'event: text_delta\ndata: {"delta":"<\\u001b[2J\\u009b1m\\r>"}\n\n' >"$work/script"
ask --data-binary "@$work/script" \
	"$url/mockd/faults?moment=event&at=2&action=insert&path=/api/sessions/*/messages" >"$work/fault"
printf '%s\n' "script:success bytes=20" >"$work/script"
run --session "$first" <"$work/script"
grep -q "^<?\[2J?1m?>" "$work/text" || fail "what was put in is shown otherwise: $(cat "$work/text")"

# The stream is cut behind the first message, and the store has the rest and the turn's end. The first answer of the store
# comes late, so that the agent is done when more is asked for.
ask -X POST "$url/mockd/faults?moment=event&at=30&action=cut&path=/api/sessions/*/messages" >"$work/fault"
ask -X POST "$url/mockd/faults?moment=answer&action=delay&ms=10000&skip=1&path=/api/sessions/*/events" >"$work/fault"
printf '%s\n' "script:success messages=3 tools=2 bytes=40 row_ms=100 in_flight=99" >"$work/script"
run --session "$first" <"$work/script"
[ "$code" -eq 0 ] || fail "exit code $code after a cut"
[ "$(count 'from the store\]')" -eq 2 ] || fail "not the two texts of the store"
[ "$(count 'tool Bash {"command":')" -eq 2 ] || fail "not both tools"
[ "$(count 'completed after a break\]')" -eq 1 ] || fail "what became of the turn that was cut is not told"
size=$(wc -c <"$work/text")
[ "$size" -ge 120 ] && [ "$size" -le 123 ] || fail "the text has $size bytes after a cut"

# SIGINT before the message is accepted: the turn ends as soon as it is, and the next one goes through. What is said
# behind /pause is sent before any signal is looked at; it wakes the session, and its second answer comes late.
ask -X POST "$url/mockd/faults?moment=answer&action=delay&ms=10000&skip=1&path=/api/sessions/*/messages" >"$work/fault"
printf '%s\n' "/pause" "script:hang bytes=30" "script:success bytes=30" >"$work/script"
: >"$work/words"
"$built/ash_chat" --session "$first" <"$work/script" >"$work/text" 2>"$work/seen" &
chat=$!
while read -r line; do
	echo "$line" >>"$work/words"
	case $line in "[the session is now: paused]") kill -INT "$chat" ;; esac
done <"$work/seen"
code=0
wait "$chat" || code=$?
chat=""
[ "$code" -eq 0 ] || fail "exit code $code after an early Ctrl-C"
[ "$(count 'interrupting: ')" -eq 1 ] || fail "the early Ctrl-C is not told"
[ "$(count 'interrupted\]')" -eq 1 ] || fail "not interrupted"
[ "$(count 'completed\]')" -eq 1 ] || fail "the turn after an interrupt is missing"

# SIGINT: the turn ends, and the next one goes through; then twice, and the program ends.
"$built/ash_chat" --session "$first" <"$work/said" >"$work/seen" 2>&1 &
chat=$!
exec 3>"$work/said"
echo "script:hang bytes=30" >&3
steps=""
while read -r line; do
	echo "$line" >>"$work/words"
	case $steps:$line in
	:"[session"*) steps=entered ;;
	entered:?*) # a text: the turn is open
		steps=interrupting
		kill -INT "$chat"
		;;
	interrupting:"[interrupted]")
		steps=interrupted
		echo "script:success" >&3
		;;
	interrupted:"[completed]")
		steps=completed
		echo "script:hang bytes=30" >&3
		;;
	completed:?*)
		steps=again
		kill -INT "$chat"
		;;
	again:"[interrupting"*)
		steps=left
		kill -INT "$chat"
		;;
	esac
done <"$work/seen"
code=0
wait "$chat" || code=$?
chat=""
exec 3>&-
[ "$steps" = left ] || fail "it came to: $steps"
[ "$code" -eq 130 ] || fail "exit code $code after Ctrl-C twice"

: >"$work/script"
run helper <"$work/script"
[ "$code" -eq 0 ] || fail "exit code $code when nothing is said"
run nobody <"$work/script"
[ "$code" -eq 1 ] || fail "exit code $code with an agent that is not there"
[ "$(count 'no session: ')" -eq 1 ] || fail "it is not told why"
run "no/name" <"$work/script"
[ "$code" -eq 1 ] || fail "exit code $code with a name that is none"
head -c 1100000 /dev/zero | tr '\0' x >"$work/script"
run helper <"$work/script"
[ "$code" -eq 1 ] || fail "exit code $code with a line that is too long"
[ "$(count 'stdin: a line is too long')" -eq 1 ] || fail "it is not told that a line is too long"
echo "script:success" >"$work/script"
code=0
"$built/ash_chat" helper <"$work/script" >/dev/full 2>"$work/words" || code=$?
[ "$code" -eq 1 ] || fail "exit code $code when nothing can be shown"
: >"$work/script"
ASH_API_KEY=wrong
run helper <"$work/script"
[ "$code" -eq 1 ] || fail "exit code $code with a wrong key"
ASH_API_KEY=""
run helper <"$work/script"
[ "$code" -eq 1 ] || fail "exit code $code without a key"
ASH_API_KEY=$key
SSL_CERT_FILE=/nonexistent
run helper <"$work/script"
[ "$code" -eq 1 ] || fail "exit code $code though nobody vouches for the server"
run
[ "$code" -eq 2 ] || fail "exit code $code without an agent"
