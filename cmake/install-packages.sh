#!/bin/sh
# Installs what is missing of the named sections of cmake/packages.txt, and nothing that is there already.
# usage: cmake/install-packages.sh SECTION...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
wanted=""
for section in "$@"; do
	names=$(awk -v want="[$section]" '/^\[/ { on = ($0 == want); next } on && NF && $1 !~ /^#/ { print $1 }' \
		"$here/packages.txt")
	[ -n "$names" ] || { echo "install-packages: no section [$section] in packages.txt" >&2; exit 2; }
	wanted="$wanted $names"
done

command -v dpkg-query >/dev/null 2>&1 || {
	echo "install-packages: no dpkg on this system; install the equivalents of:$wanted" >&2
	exit 0
}
missing=""
for name in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
fi
echo "install-packages: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# Services that packages would start (nginx) stay off: the tests run their own on ports of their own.
$as_root apt-get update -qq
$as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
