#!/bin/sh
# Every test of freshet: installs what is missing, builds with gcc and with clang, and runs all of ctest plain (gcc,
# release) and under the address, undefined-behaviour and leak sanitizers (clang); and what has threads under the thread
# sanitizer, unless ctest is given arguments. Ends with 0 only if all passed.
# usage: tests/run.sh [--only plain|asan|tsan] [--jobs N] [-- CTEST-ARGUMENTS...]
set -eu
cd "$(dirname "$0")/.."

usage() {
	sed -n '2,5s/^# //p' tests/run.sh
	exit "$1"
}

only=""
cores=$(nproc 2>/dev/null || echo 2)
jobs=""
while [ $# -gt 0 ]; do
	case $1 in
	--only) only=${2:?}; shift 2 ;;
	--jobs) jobs=${2:?}; shift 2 ;;
	--help | -h) usage 0 ;;
	--) shift; break ;;
	*) usage 2 >&2 ;;
	esac
done

./cmake/install-packages.sh build examples test

# build NAME COMPILER PRESET [TARGET...]: configures and builds into build/test-NAME. Linking with the sanitizers' runtime
# some 230 times is a third of their builds: lld does it in a third of the time. The plain build links as a user's does.
build() {
	name=$1
	echo "== build: $name ($2, preset $3)"
	linker=""
	[ "$name" = plain ] || linker="-fuse-ld=lld"
	CC=$2 LDFLAGS="${LDFLAGS:-} $linker" cmake --preset "$3" -B "build/test-$name" -DFRESHET_CHECKS_FATAL=ON >"build/configure-$name.log" 2>&1 || {
		cat "build/configure-$name.log"
		exit 1
	}
	shift 3
	cmake --build "build/test-$name" -j "${jobs:-$cores}" --target "${@:-all}" 2>&1 |
		grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Creating)' || true
	cmake --build "build/test-$name" -j "${jobs:-$cores}" --target "${@:-all}" >/dev/null
}

# run NAME: all tests of that build; a failure is shown in full. Some wait more than they work, so there is one test more
# than cores.
run() {
	name=$1
	shift
	echo "== test: $name"
	ctest --test-dir "build/test-$name" -j "${jobs:-$((cores + 1))}" --output-on-failure --no-tests=error "$@"
}

# A test that is killed leaves its files behind: they are in a folder that goes with this script.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p build
started=$(date +%s)
result=0
if [ "${only:-plain}" = plain ]; then
	build plain gcc release
	run plain "$@" || result=1
fi
if [ "${only:-asan}" = asan ]; then
	build asan clang asan
	# The sanitizers' reports end a test; leaks count.
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:check_initialization_order=1 \
		UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 run asan "$@" || result=1
fi
if [ "$only" = tsan ] || { [ -z "$only" ] && [ $# -eq 0 ]; }; then
	build tsan gcc tsan mockd example_workers example_tools test_reactor_post test_reactor_threads test_sudoiq_round
	run tsan -R '^(reactor/post|reactor/threads|sudoiq/round|examples/workers|examples/tools)$' || result=1
fi
echo "== $(($(date +%s) - started)) s, $([ $result -eq 0 ] && echo passed || echo FAILED)"
exit $result
