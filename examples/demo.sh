#!/bin/sh
# Many agent sessions on one thread: installs what is missing, builds, starts the platform emulator, and follows every
# session to its end through cuts of its connections. Ends with 0 when nothing was lost and nothing came twice.
# usage: examples/demo.sh [FLAG]...     examples/demo.sh --help tells the flags
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
build=$root/build/demo

"$root/cmake/install-packages.sh" build examples
log=$build/build.log
mkdir -p "$build"
[ -x "$build/examples/demo/demo" ] || echo "building ..."
if ! { cmake -S "$root" --preset release -B "$build" -DFRESHET_TESTS=OFF &&
	cmake --build "$build" --target demo mockd; } >"$log" 2>&1; then
	tail -n 60 "$log" >&2
	echo "demo.sh: the build failed; all of it is in $log" >&2
	exit 1
fi
exec "$build/examples/demo/demo" --mockd "$build/examples/mockd/mockd" --make-certs "$here/make-certs.sh" "$@"
