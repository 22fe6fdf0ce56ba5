#!/bin/sh
# All budgets in one table: what freshet needs, what the named comparison needs in the same run, the ratio, the budget,
# and whether it is met. Ends with 1 when a budget is missed. docs/benchmarks.md tells what each row is and how fair.
# usage: tests/bench/run.sh [--runs N] [--only ROW,ROW...] [--million] [--keep]
#   --runs N    runs of each measurement, of which the table shows the median; they alternate; default 5
#   --only ...  idle, idle-tls, idle-http1, idle-http1-tls, aod, live, live-tls, burst, bulk, scale, size, sse, json, emit
#   --million   one million open streams too: takes some minutes and 3 GiB of memory
#   --keep      the single measurements stay in build/bench/results
set -eu
cd "$(dirname "$0")/../.."

usage() {
	sed -n '2,9s/^# //p' tests/bench/run.sh
	exit "$1"
}

runs=5
rows=idle,idle-tls,idle-http1,idle-http1-tls,aod,live,live-tls,burst,bulk,scale,size,sse,json,emit
keep=""
while [ $# -gt 0 ]; do
	case $1 in
	--runs) runs=${2:?}; shift 2 ;;
	--only) rows=${2:?}; shift 2 ;;
	--million) rows=$rows,million; shift ;;
	--keep) keep=yes; shift ;;
	--help | -h) usage 0 ;;
	*) usage 2 >&2 ;;
	esac
done

wanted() {
	case ",$rows," in
	*,$1,*) return 0 ;;
	*) return 1 ;;
	esac
}

# ---- build ----

./cmake/install-packages.sh build examples bench
build=build/bench
mkdir -p $build
cmake -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release -DFRESHET_BENCH=ON -DFRESHET_TESTS=OFF >$build/configure.log || {
	cat $build/configure.log >&2
	exit 1
}
cmake --build $build -j "$(nproc)" >$build/build.log || {
	cat $build/build.log >&2
	exit 1
}
bin=$build/tests/bench
results=$build/results
: >$results

certificate=$build/certificate.pem
key=$build/key.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
	-addext "subjectAltName=IP:127.0.0.1" -keyout $key -out $certificate 2>/dev/null

# ---- measuring ----

# value NAME < RESULT: what stands behind NAME= in a line of bench_measure.
value() {
	tr ' ' '\n' | sed -n "s/^$1=//p"
}

# note ROW SUBJECT VALUE: one measurement. Without a figure there is no table.
note() {
	case ${3:-} in
	[0-9]*) ;;
	*) echo "run.sh: no figure for $2 in row $1" >&2; exit 1 ;;
	esac
	echo "$1 $2 $3" >>$results
	printf '.' >&2
}

# client SUBJECT STREAMS PER_CONNECTION TRANSPORT [CURL_FLAGS]: sets $command to the client's words. All get the same
# windows, 256 KiB for a stream and 16 MiB for a connection, and the cipher that OpenSSL prefers. With 1 for each connection
# and --http1 among $more, it is HTTP/1.1.
more=""
client() {
	connections=$((($2 + $3 - 1) / $3))
	trust=""
	[ "$4" = tls ] && trust="--ca $certificate"
	case $1 in
	freshet) command="$bin/bench_client_freshet --streams $2 --per-connection $3 $trust $more {base} {path}" ;;
	h2load) command="h2load -n $2 -c $connections -m $3 -w 18 -W 24 --tls13-ciphers=TLS_AES_256_GCM_SHA384 {url}" ;;
	libcurl) command="$bin/bench_client_curl --streams $2 --per-connection $3 $trust $more ${5:-} {url}" ;;
	esac
}

# measure SCENARIO TRANSPORT PER_CONNECTION FLAGS...: runs $command; the line of the result.
measure() {
	scenario=$1
	secrets=""
	[ "$2" = tls ] && secrets="--tls-certificate $certificate --tls-key $key"
	per_connection=$3
	shift 3
	# Words are meant to be split here: they are flags without spaces.
	# shellcheck disable=SC2086
	"$bin/bench_measure" --scenario "$scenario" --max-streams "$per_connection" $secrets "$@" -- $command
}

# Resident memory of one more idle stream, in KiB: the growth from 1,000 streams to 11,000, of two processes.
measure_idle() { # ROW TRANSPORT SUBJECT
	interval=2500
	[ "$3" = libcurl ] && interval=5000
	client "$3" 1000 1000 "$2" "--buffer 1024"
	few=$(measure idle "$2" 1000 --streams 1000 --interval-ms $interval | value rss_bytes)
	client "$3" 11000 1000 "$2" "--buffer 1024"
	many=$(measure idle "$2" 1000 --streams 11000 --interval-ms $interval | value rss_bytes)
	note "$1" "$3" "$(awk "BEGIN { print ($many - $few) / 10000 / 1024 }")"
}

# The same with a connection for each stream, over HTTP/1.1.
measure_idle_http1() { # ROW TRANSPORT SUBJECT
	more=--http1
	client "$3" 1000 1 "$2" "--buffer 1024"
	few=$(measure idle "$2" 1 --streams 1000 --interval-ms 5000 | value rss_bytes)
	client "$3" 6000 1 "$2" "--buffer 1024"
	many=$(measure idle "$2" 1 --streams 6000 --interval-ms 20000 | value rss_bytes)
	more=""
	note "$1" "$3" "$(awk "BEGIN { print ($many - $few) / 5000 / 1024 }")"
}

# The same of a typed stream of Agent on Demand.
measure_aod() {
	command="$bin/bench_client_freshet --aod {base} {sessions}"
	few=$(measure aod cleartext 1000 --streams 1000 --interval-ms 2500 | value rss_bytes)
	many=$(measure aod cleartext 1000 --streams 11000 --interval-ms 2500 | value rss_bytes)
	note aod freshet "$(awk "BEGIN { print ($many - $few) / 10000 / 1024 }")"
}

# per_event < RESULT: CPU time of an event in microseconds.
per_event() {
	line=$(cat)
	awk "BEGIN { print $(echo "$line" | value cpu_ns) / $(echo "$line" | value events) / 1000 }"
}

measure_live() { # ROW TRANSPORT SUBJECT FLAGS...
	row=$1
	transport=$2
	subject=$3
	shift 3
	client "$subject" 10000 1000 "$transport"
	note "$row" "$subject" "$(measure live "$transport" 1000 --streams 10000 "$@" | per_event)"
}

# CPU time of a MiB, in microseconds. libcurl has a connection for each stream: see docs/benchmarks.md.
measure_bulk() { # SUBJECT
	per_connection=8
	[ "$1" = libcurl ] && per_connection=1
	client "$1" 8 $per_connection tls
	line=$(measure bulk tls $per_connection --streams 8 --event-bytes 16384 --total-bytes 134217728)
	note bulk "$1" "$(awk "BEGIN { print $(echo "$line" | value total_cpu_ns) * 1048.576 / \
		$(echo "$line" | value total_bytes) }")"
}

# The same traffic, ten connections with one event each per millisecond, from few streams and from many.
measure_scale() {
	client freshet 10 1 cleartext
	note scale ten "$(measure live cleartext 1 --streams 10 --interval-ms 1 --window-ms 5000 | per_event)"
	client freshet 100000 10000 cleartext
	note scale hundred_thousand "$(measure live cleartext 10000 --streams 100000 --interval-ms 10000 --spread \
		--window-ms 10000 | per_event)"
}

measure_million() {
	client freshet 1000000 1000 cleartext
	command="$command --connections 1000"
	line=$(measure idle cleartext 1000 --streams 1000000 --interval-ms 120000 --settle-ms 2000 --patience-ms 400000)
	note million gib "$(awk "BEGIN { print $(echo "$line" | value rss_bytes) / 1073741824 }")"
	note million open_s "$(awk "BEGIN { print $(echo "$line" | value open_ms) / 1000 }")"
	note million served "$(echo "$line" | value total_events)"
}

measure_size() {
	strip -o $build/stripped $build/lib/libfreshet.so
	note size freshet "$(awk "BEGIN { print $(stat -c %s $build/stripped) / 1024 }")"
	strip -o $build/stripped $build/lib/libfreshet-agents.so
	note size agents "$(awk "BEGIN { print $(stat -c %s $build/stripped) / 1024 }")"
}

# The programs of the parsers take their own medians: small type and id freshet 60.1 ns/event ... 70.2 ns/event ratio ...
measure_parsers() { # ROW PROGRAM
	"$bin/$2" --runs "$runs" >$build/parsers.log || { cat $build/parsers.log >&2; return 1; }
	awk -v row="$1" '{
		name = row
		for (i = 1; i <= NF && $i != "freshet"; i++) name = name "-" $i
		ours = ""
		for (; i < NF; i++)
			if ($(i + 1) ~ /^ns\/event/) { if (ours == "") ours = $i; else theirs = $i }
		print name, "freshet", ours
		print name, "other", theirs
	}' $build/parsers.log >>$results
}

run=1
while [ "$run" -le "$runs" ]; do
	for subject in freshet h2load libcurl; do
		! wanted idle || measure_idle idle cleartext $subject
		! wanted idle-tls || measure_idle idle-tls tls $subject
		! wanted live || measure_live live cleartext $subject --spread
		! wanted live-tls || measure_live live-tls tls $subject --spread
		! wanted burst || measure_live burst cleartext $subject
		! wanted bulk || measure_bulk $subject
	done
	for subject in freshet libcurl; do
		! wanted idle-http1 || measure_idle_http1 idle-http1 cleartext $subject
		! wanted idle-http1-tls || measure_idle_http1 idle-http1-tls tls $subject
	done
	! wanted aod || measure_aod
	! wanted scale || measure_scale
	run=$((run + 1))
done
! wanted million || measure_million
! wanted size || measure_size
! wanted sse || measure_parsers sse bench_sse
! wanted json || measure_parsers json bench_sse_json
! wanted emit || measure_parsers emit bench_emit
echo >&2

# ---- the table ----

# Rows: name|what|unit|subject|compared with: subject, label|budget|of what: ratio or value.
table='
idle|idle stream, h2c, memory|KiB|freshet|h2load,h2load|1.25|value
idle|||freshet|libcurl,libcurl||
idle-tls|idle stream, h2 over TLS, memory|KiB|freshet|h2load,h2load|1.25|value
idle-tls|||freshet|libcurl,libcurl||
idle-http1|idle stream, HTTP/1.1, memory|KiB|freshet|libcurl,libcurl|3|value
idle-http1-tls|idle stream, HTTP/1.1 over TLS, memory|KiB|freshet|libcurl,libcurl|20|value
aod|idle typed AoD stream, h2c, memory|KiB|freshet||1.25|value
live|small live event, h2c, 10,000 streams, CPU|us|freshet|h2load,h2load|1.5|ratio
live|||freshet|libcurl,libcurl||
live-tls|small live event, TLS, 10,000 streams, CPU|us|freshet|h2load,h2load|1.5|ratio
live-tls|||freshet|libcurl,libcurl||
burst|small event, 10,000 at once, h2c, CPU|us|freshet|h2load,h2load|1.5|ratio
burst|||freshet|libcurl,libcurl||
bulk|bulk events of 16 KiB, TLS, CPU of a MiB|us|freshet|h2load,h2load|1.25|ratio
bulk|||freshet|libcurl,libcurl||
scale|event among 100,000 streams, CPU|us|hundred_thousand|ten,among 10 streams|1.3|ratio
million|a million streams: memory|GiB|gib|||
million|a million streams: time to open|s|open_s|||
million|a million streams: served an event||served||1000000|least
size|libfreshet.so, stripped|KiB|freshet||400|value
size|libfreshet-agents.so, stripped: four platforms, webhooks|KiB|agents|||
sse-small|SSE, small events|ns|freshet|other,plain loop|1.0|ratio
sse-mixed|SSE, mixed events|ns|freshet|other,plain loop|1.0|ratio
sse-16k|SSE, events of 16 KiB|ns|freshet|other,plain loop|1.0|ratio
json-small-type-and-id|SSE and JSON: type, id; small events|ns|freshet|other,loop and simdjson|0.8|ratio
json-small-type-and-data|SSE and JSON: type, data; small events|ns|freshet|other,loop and simdjson|0.8|ratio
json-mixed-type-and-id|SSE and JSON: type, id; mixed events|ns|freshet|other,loop and simdjson|0.8|ratio
json-mixed-type-and-data|SSE and JSON: type, data; mixed events|ns|freshet|other,loop and simdjson|0.8|ratio
json-16k-type-and-id|SSE and JSON: type, id; events of 16 KiB|ns|freshet|other,loop and simdjson|0.8|ratio
json-16k-type-and-data|SSE and JSON: type, data; events of 16 KiB|ns|freshet|other,loop and simdjson|0.8|ratio
emit-one|AgentOS: an event is reported, one run|ns|freshet|other,plain loop|1.75|ratio
emit-many|AgentOS: an event is reported, 10,000 runs|ns|freshet|other,plain loop|1.75|ratio
'

echo "$table" | awk -F'|' -v results=$results '
function median(key,    n, i, j, t) {
	n = count[key]
	for (i = 1; i <= n; i++) sorted[i] = values[key, i]
	for (i = 2; i <= n; i++) {
		t = sorted[i]
		for (j = i - 1; j > 0 && sorted[j] > t; j--) sorted[j + 1] = sorted[j]
		sorted[j + 1] = t
	}
	return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}
function figure(x) {
	return sprintf(x >= 1000 ? "%.0f" : x >= 100 ? "%.1f" : x >= 10 ? "%.2f" : "%.3f", x)
}
BEGIN {
	while ((getline line < results) > 0) {
		split(line, part, " ")
		key = part[1] SUBSEP part[2]
		values[key, ++count[key]] = part[3] + 0
	}
	format = "%-46s %10s %-4s %-18s %9s %7s  %-12s %s\n"
	printf format, "what", "freshet", "", "compared with", "needs", "ratio", "budget", ""
}
NF == 7 && (($1 SUBSEP $4) in count) {
	split($5, other, ",")
	shown[$1 SUBSEP $4] = shown[$1 SUBSEP other[1]] = 1
	ours = median($1 SUBSEP $4)
	has_other = ($1 SUBSEP other[1]) in count
	theirs = has_other ? median($1 SUBSEP other[1]) : 0
	ratio = theirs > 0 ? ours / theirs : 0
	budget = $7 == "ratio" ? "<= " $6 " x" : $7 == "value" ? "<= " $6 " " $3 : $7 == "least" ? ">= " $6 : ""
	met = $7 == "ratio" ? has_other && ratio <= $6 : $7 == "value" ? ours <= $6 : ours >= $6
	if ($7 != "" && !met) missed++
	printf format, $2, $2 != "" ? figure(ours) : "", $2 != "" ? $3 : "", other[2], has_other ? figure(theirs) : "",
		has_other ? sprintf("%.2f", ratio) : "", budget, $7 == "" ? "" : met ? "met" : "MISSED"
}
END {
	for (key in count)
		if (!(key in shown)) {
			split(key, part, SUBSEP)
			printf "%s of %s was measured and is in no row\n", part[2], part[1]
			missed++
		}
	if (missed) printf "%d missed\n", missed
	exit missed > 0
}' && status=0 || status=1
[ -n "$keep" ] || rm -f $results
exit $status
