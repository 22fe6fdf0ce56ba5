#!/bin/sh
# The small examples against the emulator: stream_one prints a session and ends, embed and epoll count until they are
# interrupted.
# usage: programs_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mockd=""
trap '[ -z "$mockd" ] || kill "$mockd"; rm -rf "$work"' EXIT
mkfifo "$work/address" "$work/lines" "$work/counts"

sh "$source/examples/make-certs.sh" "$work/certs"
export SSL_CERT_FILE="$work/certs/ca.pem"
"$built/mockd/mockd" --clock-scale 50 --control --tls-certificate "$work/certs/server.pem" \
	--tls-key "$work/certs/server.key" >"$work/address" &
mockd=$!
read -r _ _ url <"$work/address"
fail() {
	echo "programs_test: $*" >&2
	exit 1
}

session=$(curl -sS --fail --http2 --cacert "$SSL_CERT_FILE" -d "script:success rows=5" "$url/mockd/sessions" |
	sed 's/.*"id": *"\([^"]*\)".*/\1/')
AOD_API_URL=$url AOD_API_TOKEN=aod_0123456789abcdefghijklmnopqrstuvwxyz0123456 \
	"$built/stream_one" "$session" >"$work/text" 2>"$work/words" || fail "stream_one: $(cat "$work/words")"
[ -s "$work/text" ] || fail "stream_one printed nothing"
code=0
AOD_API_URL=$url AOD_API_TOKEN=aod_0123456789abcdefghijklmnopqrstuvwxyz0123456 SSL_CERT_FILE=/nonexistent \
	"$built/stream_one" "$session" 2>"$work/words" || code=$?
[ "$code" -eq 1 ] || fail "stream_one ends with $code though nobody vouches for the server"
code=0
AOD_API_URL=$url AOD_API_TOKEN=aod_wrong "$built/stream_one" "$session" 2>"$work/words" || code=$?
[ "$code" -eq 1 ] || fail "stream_one ends with $code on a wrong token"
grep -q "HTTP 401" "$work/words" || fail "stream_one does not say why: $(cat "$work/words")"

"$built/embed" "$url" "/events/tick?interval_ms=20" "/events/tick?interval_ms=30" >"$work/lines" &
embed=$!
ended=0
interrupted=""
while read -r line; do
	case $line in
	"2 streams, 0 events") ;;
	"2 streams, "*)
		[ -n "$interrupted" ] || kill -INT "$embed"
		interrupted=yes
		;;
	"ended after "*) ended=$((ended + 1)) ;;
	esac
done <"$work/lines"
wait "$embed" || fail "embed: exit code $?"
[ "$ended" -eq 2 ] || fail "embed told of $ended ends"

"$built/epoll" "$url" "/events/tick?interval_ms=20" >"$work/counts" &
epoll=$!
ended=""
interrupted=""
while read -r line; do
	case $line in
	"0 events") ;;
	*" events")
		[ -n "$interrupted" ] || kill -INT "$epoll"
		interrupted=yes
		;;
	"ended after "*) ended=yes ;;
	esac
done <"$work/counts"
wait "$epoll" || fail "epoll: exit code $?"
[ -n "$ended" ] || fail "epoll did not tell of the end"
