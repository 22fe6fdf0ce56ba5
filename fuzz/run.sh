#!/bin/sh
# Fuzzes one target for a while. What it finds new stays under build/; fuzz/corpus/TARGET is not touched.
# usage: fuzz/run.sh TARGET SECONDS [libFuzzer option...]
set -eu
if [ $# -lt 2 ]; then
	sed -n '2,3s/^# //p' "$0" >&2
	exit 2
fi
target=$1
seconds=$2
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
if [ ! -f "fuzz/${target}_fuzz.c" ]; then
	echo "run.sh: no fuzz/${target}_fuzz.c; there are: $(ls fuzz | sed -n 's/_fuzz\.c$//p' | tr '\n' ' ')" >&2
	exit 2
fi

cmake/install-packages.sh build fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "fuzz_$target"

program=build/fuzz/fuzz/fuzz_$target
found=build/fuzz/found/$target
crashes=build/fuzz/crashes/$target
mkdir -p "$found" "$crashes" "fuzz/corpus/$target"
dictionary=""
if [ -f "fuzz/$target.dict" ]; then
	dictionary=-dict=fuzz/$target.dict
fi
status=0
"$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
	-artifact_prefix="$crashes/" $dictionary "$@" "$found" "fuzz/corpus/$target" || status=$?

echo "new inputs: $root/$found"
if [ "$status" -ne 0 ]; then
	input=$(ls -t "$crashes" | head -n 1)
	echo "FOUND: $root/$crashes/$input"
	echo "replay: $root/$program $root/$crashes/$input"
	echo "then add it to fuzz/corpus/$target, which the ordinary tests replay"
fi
exit "$status"
