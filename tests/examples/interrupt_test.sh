#!/bin/sh
# SIGINT in the middle of the demo: exit code 130, every open session named with its cursor, no emulator left.
# usage: interrupt_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/out"

"$built/demo/demo" --mockd "$built/mockd/mockd" --sessions 60 --plain >"$work/out" 2>&1 &
demo=$!
last=""
standing=0
interrupted=""
while read -r line; do
	echo "$line"
	case $line in
	*" running="*)
		# Once only: the second one ends the program at once.
		[ -n "$interrupted" ] || kill -INT "$demo"
		interrupted=yes
		;;
	*" cursor="*) standing=$((standing + 1)) ;;
	esac
	last=$line
done <"$work/out"
code=0
wait "$demo" || code=$?

fail() {
	echo "interrupt_test: $*" >&2
	exit 1
}
[ "$code" -eq 130 ] || fail "exit code $code"
[ "$standing" -gt 0 ] || fail "no session is named"
case $last in
"sessions=60 "*" lost=unknown duplicated=unknown "*) ;;
*) fail "the last line is another: $last" ;;
esac
