#!/bin/sh
# The demo to its end, over HTTP/2 and HTTP/1.1, in the open and over TLS: the last line, the exit code, and nothing left behind.
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

# emulator FLAG...: what the demo is to start: a faster one, and with these flags.
emulator() {
	printf '#!/bin/sh\nexec "%s" "$@" --clock-scale 40' "$built/mockd/mockd" >"$work/mockd"
	[ $# -eq 0 ] || printf ' "%s"' "$@" >>"$work/mockd"
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
	emulator --fault "$2"
	shift 3
	! "$built/demo/demo" --mockd "$work/mockd" --sessions 20 --plain "$@" >"$work/out" 2>&1 || fail "$name: it ends well"
	tail -n 1 "$work/out" | grep -qE "$pattern" || fail "$name: the last line is another"
}

refuse "a row too many" "path=/sessions/*/stream moment=event at=4 action=insert sample=long-data size=9" \
	' lost=0 duplicated=1 '
refuse "a stream that is refused" "path=/sessions/*/stream moment=request action=status status=404" \
	' lost=[1-9][0-9]* duplicated=0 '
grep -q '^session [0-9]* (.*): stream: HTTP 404' "$work/out" || fail "it does not say which stream was refused"
# A row too many in a stream of Ash, and a turn that cannot be sent.
refuse "a row too many in Ash" "path=/api/sessions/*/messages moment=event at=4 action=insert sample=long-data size=9" \
	' lost=0 duplicated=1 ' --platform ash --cuts-per-minute 0
refuse "a message that is refused" "path=/api/sessions/*/messages moment=request action=status status=404" \
	' lost=0 duplicated=0 ' --platform ash --cuts-per-minute 0
grep -q '^session [0-9]* (.*): message: ' "$work/out" || fail "it does not say which message was refused"
if "$built/demo/demo" --platform aod,other >"$work/out" 2>&1; then fail "a platform that there is not is taken"; fi
run open --cuts-per-minute 600
run tls --cuts-per-minute 600 --tls --seed 2
run http1 --cuts-per-minute 600 --http1 --seed 3
run "http1 over tls" --cuts-per-minute 600 --http1 --tls --seed 4
run ash --platform ash --cuts-per-minute 120 --seed 5
grep -q '^behind cuts, where Ash cannot be taken up again: ' "$work/out" || fail "ash: no turn was cut"
run "both platforms" --platform aod,ash --cuts-per-minute 100 --seed 6
run "both over http1 and tls" --platform aod,ash --cuts-per-minute 300 --http1 --tls --seed 7
[ -z "$(find "$work" -mindepth 1 ! -name out ! -name mockd)" ] || fail "left behind: $(find "$work")"
