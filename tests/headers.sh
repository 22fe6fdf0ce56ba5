#!/bin/sh
# Every public header can be included alone, and twice, by C11, and all of them by C++17, without a word of the compilers; C++
# finds each exported function by its C name. Each function has a comment above it, or shares that of the one before it.
# usage: headers.sh SOURCE-FOLDER C-COMPILER C++-COMPILER...
set -eu
source=$1
cc=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -I$source/include"

awk '
	/^FRESHET_API/ && before !~ /(\*\/|;)$/ { print FILENAME ":" FNR ": no comment says what it does"; failed = 1 }
	{ before = $0 }
	END { exit failed }
' "$source"/include/freshet/*.h
for header in "$source"/include/freshet/*.h; do
	name=$(basename "$header" .h)
	printf '#include <freshet/%s.h>\n#include <freshet/%s.h>\n' "$name" "$name" >"$work/$name.c"
	echo "#include <freshet/$name.h>" >>"$work/functions.cpp"
done
{
	echo "extern void (*const functions[])();"
	echo "void (*const functions[])() = {"
	sed 's/.*/	reinterpret_cast<void (*)()>(\&&),/' "$source/lib/exports.txt"
	echo "};"
} >>"$work/functions.cpp"

# The flags are words.
# shellcheck disable=SC2086
"$cc" -std=c11 -fsyntax-only $warnings -Wstrict-prototypes "$work"/*.c
compilers=0
for cxx in "$@"; do
	command -v "$cxx" >/dev/null || continue
	compilers=$((compilers + 1))
	# shellcheck disable=SC2086
	"$cxx" -std=c++17 -c $warnings -Wold-style-cast -Wno-cast-function-type "$work/functions.cpp" -o "$work/functions.o"
	nm -u "$work/functions.o" | sed 's/.* //' | grep -v '^_GLOBAL' | sort >"$work/wanted"
	sort "$source/lib/exports.txt" | diff - "$work/wanted"
done
[ "$compilers" -gt 0 ] || {
	echo "SKIPPED: none of these is there: $*"
	exit 77
}
