#!/bin/sh
# What goes wrong is noticed by the demo: rows, calls, answers and events that are lost, or come twice, on each platform.
# usage: demo_audit_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "demo_audit_test: $*" >&2
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
