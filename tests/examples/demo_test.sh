#!/bin/sh
# The demo to its end on all platforms, over HTTP/2 and HTTP/1.1, in the open and over TLS: the last line, the exit code, and
# nothing left behind.
# usage: demo_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "demo_test: $*" >&2
	cat "$work"/*.out >&2
	exit 1
}

cat >"$work/mockd" <<END
#!/bin/sh
exec "$built/mockd/mockd" "\$@" --clock-scale 40
END
chmod +x "$work/mockd"

# begin NAME FLAG...: a demo that runs beside the others, since each waits for most of its time.
begin() {
	name=$1
	shift
	mkdir "$work/$name"
	{
		code=0
		TMPDIR=$work/$name "$built/demo/demo" --mockd "$work/mockd" --make-certs "$source/examples/make-certs.sh" \
			--sessions 60 --plain "$@" >"$work/$name.out" 2>&1 || code=$?
		echo "$code" >"$work/$name.code"
	} &
}

# check NAME: that one has ended well and said so in its last line.
check() {
	name=$1
	out=$work/$name.out
	[ "$(cat "$work/$name.code")" = 0 ] || fail "$name: exit code $(cat "$work/$name.code")"
	tail -n 1 "$out" | grep -qE '^sessions=60 completed=[0-9]+ failed=[0-9]+ terminated=[0-9]+ events=[0-9]+ reconnects=[0-9]+ lost=0 duplicated=0 seconds=[0-9.]+ rss_kib=[0-9]+$' ||
		fail "$name: the last line is another"
	# shellcheck disable=SC2046 # the words of the line become variables
	eval $(tail -n 1 "$out" | tr ' ' '\n' | grep -E '^[a-z_]+=[0-9]+$')
	[ $((completed + failed + terminated)) -eq 60 ] || fail "$name: $completed + $failed + $terminated are not 60"
	[ "$completed" -gt 0 ] && [ "$failed" -gt 0 ] && [ "$terminated" -gt 0 ] || fail "$name: a kind of end is missing"
	[ "$reconnects" -gt 0 ] || fail "$name: nothing was cut"
	grep -q '^held against the ledger: 60 sessions, ' "$out" || fail "$name: not all sessions were compared"
	! grep -q "$(printf '\033')" "$out" || fail "$name: control sequences in plain lines"
	rmdir "$work/$name" || fail "$name: left behind: $(find "$work/$name")"
}

# --help tells of every flag, and takes nothing else to say so.
"$built/demo/demo" --help >"$work/out" 2>&1 || fail "--help: exit code $?"
for flag in sessions url token tls seed cuts-per-minute platform http1 plain help; do
	grep -q "^  --$flag " "$work/out" || fail "--help does not tell of --$flag"
done
if "$built/demo/demo" --no-such-flag >"$work/out" 2>&1; then fail "a flag that is none is taken"; fi
for names in aod,other '' aod,,ash; do
	if "$built/demo/demo" --platform "$names" >"$work/names.out" 2>&1; then fail "--platform '$names' is taken"; fi
done
# The emulated clock is eight times the demo's own and so are its cuts: 300 a minute are 40 in each second. With many more,
# pauses before the next attempt are most of the time that the last sessions take.
begin open --cuts-per-minute 300
begin tls --cuts-per-minute 200 --tls --seed 2
begin http1 --cuts-per-minute 300 --http1 --seed 3
begin http1-tls --cuts-per-minute 150 --http1 --tls --seed 4
begin tools --platform sudoiq,agentos --cuts-per-minute 300 --seed 5
begin ash --platform ash --cuts-per-minute 600 --seed 5
wait
for name in open tls http1 http1-tls tools ash; do
	check "$name"
done
for name in aod ash sudoiq agentos; do
	grep -q " $name=15/15 " "$work/open.out" || fail "open: $name does not have its 15 sessions"
done
grep -q ' rows, [1-9][0-9]* tool calls$' "$work/open.out" || fail "open: no tool call was compared"
grep -q '^behind approvals and cuts of AgentOS, ' "$work/tools.out" || fail "tools: every frame was heard"
grep -q '^behind cuts, where Ash cannot be taken up again: ' "$work/ash.out" || fail "ash: no turn was cut"
