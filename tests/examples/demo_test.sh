#!/bin/sh
# The demo to its end on all platforms, over HTTP/2 and HTTP/1.1, in the open and over TLS: the last line, the exit code, and
# nothing left behind. And what is wrong is noticed: rows, calls, answers and events that are lost, or come twice.
# usage: demo_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "demo_test: $*" >&2
	cat "$work/out" >&2
	exit 1
}

# emulator FLAG...: what the demo is to start: a faster one, and with these flags. With a fault in $work/fault, whose body
# is in $work/body, that one is set, too, before the demo reads where the emulator listens.
emulator() {
	flags=""
	[ $# -eq 0 ] || flags=$(printf ' "%s"' "$@")
	cat >"$work/mockd" <<-END
		#!/bin/sh
		[ -e "$work/fault" ] || exec "$built/mockd/mockd" "\$@" --clock-scale 40$flags
		rm -f "$work/lines"
		mkfifo "$work/lines"
		"$built/mockd/mockd" "\$@" --clock-scale 40$flags >"$work/lines" &
		child=\$!
		trap 'kill \$child' TERM
		read -r line <"$work/lines"
		curl -sS --fail --data-binary @"$work/body" "\${line##* }/mockd/faults?\$(cat "$work/fault")" >/dev/null
		echo "\$line"
		wait \$child
		wait \$child
	END
	chmod +x "$work/mockd"
}

# run NAME FLAG...: the demo must end well and say so in its last line.
run() {
	name=$1
	shift
	emulator
	TMPDIR=$work "$built/demo/demo" --mockd "$work/mockd" --make-certs "$source/examples/make-certs.sh" \
		--sessions 60 --plain "$@" >"$work/out" 2>&1 || fail "$name: exit code $?"
	tail -n 1 "$work/out" | grep -qE '^sessions=60 completed=[0-9]+ failed=[0-9]+ terminated=[0-9]+ events=[0-9]+ reconnects=[0-9]+ lost=0 duplicated=0 seconds=[0-9.]+ rss_kib=[0-9]+$' ||
		fail "$name: the last line is another"
	# shellcheck disable=SC2046 # the words of the line become variables
	eval $(tail -n 1 "$work/out" | tr ' ' '\n' | grep -E '^[a-z_]+=[0-9]+$')
	[ $((completed + failed + terminated)) -eq 60 ] || fail "$name: $completed + $failed + $terminated are not 60"
	[ "$completed" -gt 0 ] && [ "$failed" -gt 0 ] && [ "$terminated" -gt 0 ] || fail "$name: a kind of end is missing"
	[ "$reconnects" -gt 0 ] || fail "$name: nothing was cut"
	grep -q '^held against the ledger: 60 sessions, ' "$work/out" || fail "$name: not all sessions were compared"
	! grep -q "$(printf '\033')" "$work/out" || fail "$name: control sequences in plain lines"
}

# refuse NAME FAULT PATTERN FLAG...: with that fault the emulator says what its ledger does not have, and the demo must notice.
refuse() {
	name=$1
	pattern=$3
	# shellcheck disable=SC2086 # flags of the emulator may go ahead of the fault
	emulator ${emulator_flags-} --fault "$2"
	shift 3
	! "$built/demo/demo" --mockd "$work/mockd" --sessions 20 --cuts-per-minute 0 --plain "$@" >"$work/out" 2>&1 ||
		fail "$name: it ends well"
	tail -n 1 "$work/out" | grep -qE "$pattern" || fail "$name: the last line is another"
}

# says TEXT: what the demo must have said of a session.
says() {
	grep -q "^session [0-9]* (.*): $1" "$work/out" || fail "it does not say '$1'"
}

refuse "a row too many" "path=/sessions/*/stream moment=event at=4 action=insert sample=long-data size=9" \
	' lost=0 duplicated=1 ' --platform aod
refuse "a stream that is refused" "path=/sessions/*/stream moment=request action=status status=404" \
	' lost=[1-9][0-9]* duplicated=0 ' --platform aod
says 'stream: HTTP 404'

# A row too many in a stream of Ash, a turn that cannot be sent, and a store that hides what it has after cuts.
refuse "a row too many in Ash" "path=/api/sessions/*/messages moment=event at=4 action=insert sample=long-data size=9" \
	' lost=0 duplicated=1 ' --platform ash
refuse "a message that is refused" "path=/api/sessions/*/messages moment=request action=status status=404" \
	' lost=0 duplicated=0 ' --platform ash
says 'message: '
printf '{"events":[]}' >"$work/body"
echo 'path=/api/sessions/*/events&action=status&status=200&content_type=application/json&times=60' >"$work/fault"
refuse "a store that hides" "path=/api/sessions/*/messages moment=event at=4 action=reset times=40" \
	' lost=[1-9][0-9]* ' --platform ash

# A tool call of Sudoiq that its ledger does not have, and answers that are refused.
printf 'event: sync\ndata: {"agent_id":"6f0f3c52-7c1d-4b8e-9a55-1d2e3f405162","task_id":41820000003,%s}\n\n' \
	'"status":"awaiting_tool_calls","tool_calls":[{"call_id":"phantom","name":"quick","args":{}}]' >"$work/body"
echo 'session=41820000003&moment=event&at=3&action=insert' >"$work/fault"
refuse "a call too many" "path=/none" ' duplicated=1 ' --platform sudoiq
rm "$work/fault" "$work/body"
refuse "answers that are refused" "path=*/tool_responses action=status status=404" \
	' lost=[1-9][0-9]* duplicated=0 ' --platform sudoiq
says 'run: HTTP 404'

# Events of AgentOS that are refused, events that are taken twice, and a frame too many in a stream.
refuse "events that are refused" "path=/api/ingest/v1/events action=status status=400" \
	' lost=[1-9][0-9]* duplicated=0 ' --platform agentos
says 'run: events were dropped'
emulator_flags=--agentos-ignore-keys
refuse "events that are taken twice" "path=/api/ingest/v1/events moment=answer action=cut" \
	' lost=0 duplicated=[1-9][0-9]* ' --platform agentos
emulator_flags=
refuse "a frame too many" "path=/api/v1/agents/*/invoke moment=event at=4 action=insert sample=long-data size=9" \
	' lost=0 duplicated=1 ' --platform agentos

for names in aod,other '' aod,,ash; do
	if "$built/demo/demo" --platform "$names" >"$work/out" 2>&1; then fail "--platform '$names' is taken"; fi
done
run open --cuts-per-minute 600
for name in aod ash sudoiq agentos; do
	grep -q " $name=15/15 " "$work/out" || fail "open: $name does not have its 15 sessions"
done
grep -q ' rows, [1-9][0-9]* tool calls, ' "$work/out" || fail "open: no tool call was compared"
run "all over tls" --cuts-per-minute 600 --tls --seed 2
run "all over http1" --cuts-per-minute 600 --http1 --seed 3
run "all over http1 and tls" --cuts-per-minute 300 --http1 --tls --seed 4
run "tools and telemetry" --platform sudoiq,agentos --cuts-per-minute 600 --seed 5
grep -q '^where AgentOS has no stream, ' "$work/out" || fail "tools and telemetry: every frame was heard"
run ash --platform ash --cuts-per-minute 600 --seed 5
grep -q '^behind cuts, where Ash cannot be taken up again: ' "$work/out" || fail "ash: no turn was cut"
[ -z "$(find "$work" -mindepth 1 ! -name out ! -name mockd ! -name lines)" ] || fail "left behind: $(find "$work")"
