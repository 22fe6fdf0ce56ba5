#!/bin/sh
# What `cmake --install` puts somewhere is enough to build and run a program: with pkg-config, shared and static, and with
# CMake's find_package, against the core alone and against both libraries.
# usage: install_test.sh FOLDER-OF-BUILT-EXAMPLES
set -eu
build=$(cd "$1/.." && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "install_test: $*" >&2
	exit 1
}

if nm -D "$build/lib/libfreshet.so" | grep -qE '__(asan|ubsan|tsan)_'; then
	echo "SKIPPED: a sanitizer's libraries need its flags, which freshet.pc does not know"
	exit 77
fi
cmake --install "$build" --prefix "$work/prefix" >"$work/log" || fail "$(cat "$work/log")"
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name freshet.pc)")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH LD_LIBRARY_PATH

# compile NAME PACKAGE [PKG-CONFIG-FLAG]: examples/NAME.c as a user would. What pkg-config prints is meant to be split.
compile() {
	# shellcheck disable=SC2046
	cc -std=c11 -D_GNU_SOURCE "$source/examples/$1.c" -o "$work/$1" \
		$(pkg-config --cflags --libs ${3:-} "$2") 2>"$work/log" || fail "$1 with $2 ${3:-}: $(cat "$work/log")"
}
# refused NAME: the program runs, and tells that it has no token.
refused() {
	code=0
	env -u AOD_API_TOKEN "$work/$1" 00000000-0000-4000-8000-000000000000 2>"$work/words" || code=$?
	[ "$code" -eq 1 ] || fail "$1 ends with $code: $(cat "$work/words")"
	[ -s "$work/words" ] || fail "$1 does not say why it ends"
}

compile embed freshet
readelf -d "$work/embed" | grep -q 'libfreshet\.so' || fail "embed does not use the library that was installed"
readelf -d "$work/embed" | grep -q 'libfreshet-agents' && fail "the core wants the platforms"
compile stream_one freshet-agents
refused stream_one

mkdir "$work/project"
cat >"$work/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(follower LANGUAGES C)
find_package(freshet 0.1 REQUIRED)
add_executable(embed_cmake $source/examples/embed.c)
add_executable(one_cmake $source/examples/stream_one.c)
target_compile_definitions(embed_cmake PRIVATE _GNU_SOURCE)
target_link_libraries(embed_cmake PRIVATE freshet::freshet)
target_link_libraries(one_cmake PRIVATE freshet::agents)
END
{
	cmake -S "$work/project" -B "$work" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER_WORKS=1 &&
		cmake --build "$work"
} >"$work/log" 2>&1 || fail "find_package: $(cat "$work/log")"
readelf -d "$work/embed_cmake" | grep -q 'libfreshet-agents' && fail "the core wants the platforms in CMake"
refused one_cmake

rm "$LD_LIBRARY_PATH"/*.so*
compile stream_one freshet-agents --static
unset LD_LIBRARY_PATH
refused stream_one
