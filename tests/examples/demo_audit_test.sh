#!/bin/sh
# What goes wrong is noticed by the demo: rows, calls, answers and events that are lost, or come twice, on each platform.
# usage: demo_audit_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "demo_audit_test: $*" >&2
	cat "$work"/*/out >&2
	exit 1
}

# emulator FOLDER FLAG...: what the demo is to start: a faster one, and with these flags. With a fault in FOLDER/fault, whose
# body is in FOLDER/body, that one is set, too, before the demo reads where the emulator listens.
emulator() {
	in=$1
	shift
	flags=$(printf ' "%s"' "$@")
	cat >"$in/mockd" <<-END
		#!/bin/sh
		[ -e "$in/fault" ] || exec "$built/mockd/mockd" "\$@" --clock-scale 40$flags
		mkfifo "$in/lines"
		"$built/mockd/mockd" "\$@" --clock-scale 40$flags >"$in/lines" &
		child=\$!
		trap 'kill \$child' TERM
		read -r line <"$in/lines"
		curl -sS --fail --data-binary @"$in/body" "\${line##* }/mockd/faults?\$(cat "$in/fault")" >/dev/null
		echo "\$line"
		wait \$child
		wait \$child
	END
	chmod +x "$in/mockd"
}

# with NAME FAULT BODY: a second fault for the demo of that name, one that needs a body.
with() {
	mkdir "$work/$1"
	echo "$2" >"$work/$1/fault"
	printf '%s' "$3" >"$work/$1/body"
}

# begin NAME FAULT FLAG...: a demo against an emulator with that fault. They run beside one another: each waits for most of
# its time.
begin() {
	in=$work/$1
	mkdir -p "$in"
	# shellcheck disable=SC2086 # flags of the emulator may go ahead of the fault
	emulator "$in" ${emulator_flags-} --fault "$2"
	shift 2
	{
		code=0
		"$built/demo/demo" --mockd "$in/mockd" --sessions 20 --cuts-per-minute 0 --plain "$@" >"$in/out" 2>&1 || code=$?
		echo "$code" >"$in/code"
	} &
}

# noticed NAME PATTERN [TEXT]: what the emulator said and its ledger does not have is in the last line, and TEXT is said of a
# session.
noticed() {
	in=$work/$1
	[ "$(cat "$in/code")" -ne 0 ] || fail "$1: it ends well"
	tail -n 1 "$in/out" | grep -qE "$2" || fail "$1: the last line is another"
	[ $# -eq 2 ] || grep -q "^session [0-9]* (.*): $3" "$in/out" || fail "$1: it does not say '$3'"
}

begin aod-row "path=/sessions/*/stream moment=event at=4 action=insert sample=long-data size=9" --platform aod
begin aod-refused "path=/sessions/*/stream moment=request action=status status=404" --platform aod

# A row too many in a stream of Ash, a turn that cannot be sent, and a store that hides what it has after cuts.
begin ash-row "path=/api/sessions/*/messages moment=event at=4 action=insert sample=long-data size=9" --platform ash
begin ash-refused "path=/api/sessions/*/messages moment=request action=status status=404" --platform ash
with ash-hidden 'path=/api/sessions/*/events&action=status&status=200&content_type=application/json&times=60' \
	'{"events":[]}'
begin ash-hidden "path=/api/sessions/*/messages moment=event at=4 action=reset times=40" --platform ash

# A tool call of Sudoiq that its ledger does not have, and answers that are refused.
with sudoiq-call 'session=41820000003&moment=event&at=3&action=insert' 'event: sync
data: {"agent_id":"6f0f3c52-7c1d-4b8e-9a55-1d2e3f405162","task_id":41820000003,"status":"awaiting_tool_calls",'\
'"tool_calls":[{"call_id":"phantom","name":"quick","args":{}}]}

'
begin sudoiq-call "path=/none" --platform sudoiq
begin sudoiq-refused "path=*/tool_responses action=status status=404" --platform sudoiq

# Events of AgentOS that are refused, events that are taken twice, and a frame too many in a stream.
begin agentos-refused "path=/api/ingest/v1/events action=status status=400" --platform agentos
begin agentos-frame "path=/api/v1/agents/*/invoke moment=event at=4 action=insert sample=long-data size=9" --platform agentos
emulator_flags=--agentos-ignore-keys
begin agentos-twice "path=/api/ingest/v1/events moment=answer action=cut" --platform agentos

wait
noticed aod-row ' lost=0 duplicated=1 '
noticed aod-refused ' lost=[1-9][0-9]* duplicated=0 ' 'stream: HTTP 404'
noticed ash-row ' lost=0 duplicated=1 '
noticed ash-refused ' lost=0 duplicated=0 ' 'message: '
noticed ash-hidden ' lost=[1-9][0-9]* '
noticed sudoiq-call ' duplicated=1 '
noticed sudoiq-refused ' lost=[1-9][0-9]* duplicated=0 ' 'run: HTTP 404'
noticed agentos-refused ' lost=[1-9][0-9]* duplicated=0 ' 'run: events were dropped'
noticed agentos-frame ' lost=0 duplicated=1 '
noticed agentos-twice ' lost=0 duplicated=[1-9][0-9]* '
