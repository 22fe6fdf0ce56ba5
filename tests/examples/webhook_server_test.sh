#!/bin/sh
# webhook_server against the emulator, over TLS: runs whose tools are answered from webhooks that are doubled, swapped and
# forged; its other pages; strangers; and Ctrl-C.
# usage: webhook_server_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
built=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mockd=""
server=""
trap '[ -z "$mockd" ] || kill "$mockd"; [ -z "$server" ] || kill -KILL "$server"; rm -rf "$work"' EXIT
mkfifo "$work/address" "$work/said"
key=sk_0123456789abcdef0123456789abcdef
agent=6f0f3c52-7c1d-4b8e-9a55-1d2e3f405162
secret=whsec_0a1b2c3d4e5f

sh "$source/examples/make-certs.sh" "$work/certs"
export SSL_CERT_FILE="$work/certs/ca.pem"
"$built/mockd/mockd" --clock-scale 20 --control --tls-certificate "$work/certs/server.pem" \
	--tls-key "$work/certs/server.key" >"$work/address" &
mockd=$!
read -r _ _ url <"$work/address"
: >"$work/words"
: >"$work/text"
fail() {
	echo "webhook_server_test: $*" >&2
	cat "$work/text" "$work/words" >&2
	exit 1
}

# What a server answers, as JSON without blanks.
ask() {
	curl -sS --fail --cacert "$SSL_CERT_FILE" -H "authorization: Bearer $key" "$@" >"$work/answer" || fail "curl: $*"
	tr -d ' ' <"$work/answer"
}

# The status alone.
status_of() {
	curl -sS -o "$work/answer" -w '%{http_code}' "$@" || fail "curl: $*"
}

# Starts the server; $page is its address, and webhooks go there.
start() {
	SUDOIQ_BASE_URL="$url" SUDOIQ_API_KEY="$key" SUDOIQ_ENVIRONMENT=playground WEBHOOK_SECRET="$secret" \
		"$built/webhook_server" "$agent" >"$work/said" 2>"$work/words" &
	server=$!
	exec 3<"$work/said"
	read -r _ _ page <&3 || fail "it does not listen"
	hooks="$page/hooks/sudoiq"
	encoded=$(echo "$hooks" | sed 's/:/%3A/g; s,/,%2F,g')
	ask -X POST "$url/mockd/webhooks?platform=sudoiq&url=$encoded&secret=$secret" >/dev/null
}

# Waits for its end; its exit code is $code.
ended() {
	code=0
	cat <&3 >>"$work/text"
	wait "$server" || code=$?
	server=""
	exec 3<&-
	if grep -q "$key\|$secret" "$work/text" "$work/words"; then
		fail "a secret is shown"
	fi
}

# A job; its number is $job.
post_job() {
	job=$(ask -X POST --data "$1" "$page/jobs" | sed -n 's/^{"job":\([0-9]*\)}$/\1/p')
	[ -n "$job" ] || fail "no job for $1"
}

ask -X POST --data '{"type":"object"}' "$url/mockd/sudoiq/tools?name=read_meter&namespace=main" >/dev/null
start
for fault in "action=duplicate&every=2&times=0" "action=swap&every=3&times=0" "action=forge&every=4&times=0"; do
	ask -X POST "$url/mockd/webhooks/faults?$fault" >/dev/null
done

# Runs at the same time, some with three rounds of two calls. Each is asked for until it is over.
for script in tools success plain failed tools success; do
	post_job "script:$script"
done
[ "$job" -eq 6 ] || fail "not the sixth job but $job"
for number in 1 2 3 4 5 6; do
	ask "$page/jobs?id=$number&wait=1" | grep -q '^{"over":true,' || fail "job $number: $(cat "$work/answer")"
done
ask "$page/jobs?id=3" | grep -q '"status":"completed","result":' || fail "the result is missing: $(cat "$work/answer")"
ask "$page/jobs?id=4" | grep -q '"status":"failed".*"error":"' || fail "the error is missing: $(cat "$work/answer")"
# Every call of every round was answered, and none of them twice.
ask "$url/mockd/sudoiq/runs" >"$work/ledger"
grep -q '"calls":14,"accepted":14,"repeated":0,"unanswered":0,"strange":0' "$work/ledger" ||
	fail "the ledger: $(cat "$work/ledger")"

# Strangers, and pages that are not there.
[ "$(status_of -X POST --data '{}' "$hooks")" = 401 ] || fail "a stranger is let in"
[ "$(status_of "$hooks")" = 405 ] || fail "the webhook answers GET"
[ "$(status_of "$page/jobs?id=7")" = 404 ] || fail "there is a job 7"
[ "$(status_of "$page/jobs?id=x")" = 404 ] || fail "there is a job x"
[ "$(status_of "$page/elsewhere")" = 404 ] || fail "there is a page elsewhere"
[ "$(status_of -X POST --data '' "$page/jobs")" = 400 ] || fail "a job without input"
[ "$(status_of -X PUT --data 'x' "$page/jobs")" = 405 ] || fail "jobs can be put"
# A run that somebody else started is none of ours.
now=$(date +%s)
body='{"agent_id":"'$agent'","task_id":99999,"status":"running"}'
signature=$(printf '%s.%s' "$now" "$body" | openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)
curl -sS -X POST -H 'content-type: application/json' -H "x-sudoiq-timestamp: $now" \
	-H "x-sudoiq-signature: sha256=$signature" --data "$body" "$hooks" >"$work/answer"
[ "$(cat "$work/answer")" = '{"ok":true,"status":"ignored"}' ] || fail "a strange run: $(cat "$work/answer")"

# Ctrl-C with nothing open ends it.
kill -INT "$server"
ended
[ "$code" -eq 0 ] || fail "exit code $code after Ctrl-C"
[ "$(grep -c '^started: task ' "$work/text")" -eq 6 ] || fail "not six starts"
[ "$(grep -c '^tool: task ' "$work/text")" -eq 14 ] || fail "not fourteen calls"

# With a run that is open it waits for its end, and takes no other.
: >"$work/text"
start
post_job "script:manual"
read -r _ _ task <&3
kill -INT "$server"
until grep -q "1 runs are open" "$work/words"; do
	kill -0 "$server" || fail "it is gone"
done
[ "$(status_of -X POST --data 'script:plain' "$page/jobs")" = 503 ] || fail "a job is taken though it is about to end"
ask -X POST --data '"done"' "$url/mockd/sudoiq/complete?task=$task" >/dev/null
ended
[ "$code" -eq 0 ] || fail "exit code $code after the last run's end"

# A second Ctrl-C does not wait, and tells what is left.
start
post_job "script:manual"
read -r _ _ task <&3
kill -INT "$server"
until grep -q "1 runs are open" "$work/words"; do
	kill -0 "$server" || fail "it is gone"
done
kill -INT "$server"
ended
[ "$code" -eq 1 ] || fail "exit code $code after Ctrl-C twice"
grep -q "^left: task $task\$" "$work/words" || fail "it is not told which run is left"

# What goes wrong before.
refused() {
	code=0
	"$built/webhook_server" "$@" >"$work/text" 2>"$work/words" || code=$?
}
export SUDOIQ_BASE_URL="$url" SUDOIQ_ENVIRONMENT=playground
refused "$agent"
[ "$code" -eq 2 ] || fail "exit code $code without a secret"
export WEBHOOK_SECRET="$secret"
refused
[ "$code" -eq 2 ] || fail "exit code $code without an agent"
refused "$agent" 99999
[ "$code" -eq 2 ] || fail "exit code $code with a port that is none"
refused "$agent"
[ "$code" -eq 1 ] || fail "exit code $code without a key"
