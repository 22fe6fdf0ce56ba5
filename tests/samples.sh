#!/bin/sh
# What the documents show as C compiles. A page takes names for granted (a reactor, a callback of the reader's): they are
# declared in tests/samples/<page>.h, one for each page that has C in it.
# usage: samples.sh SOURCE-FOLDER C-COMPILER
set -eu
source=$1
cc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pages=0
result=0
cd "$source"
for page in $(grep -l '^```c$' README.md docs/*.md docs/*/*.md); do
	name=$(basename "$page" .md)
	{
		cat "tests/samples/$name.h"
		awk -f tests/samples.awk "$page"
	} >"$work/$name.c"
	"$cc" -std=c11 -D_GNU_SOURCE -fsyntax-only -Iinclude -Wall -Wextra -Werror -Wno-unused -Wno-unused-parameter \
		-Wno-return-type "$work/$name.c" || result=1
	pages=$((pages + 1))
done
echo "samples: $pages pages"
[ "$pages" -gt 0 ] || result=1
exit $result
