#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of the named groups of tools/packages.txt that are not there yet.
# Says nothing when all are there. Asks dpkg each time: a stamp file would hide a package that went.
#
#   tools/setup.sh build test           install what is missing (as root, or through sudo)
#   tools/setup.sh --missing build      only print the missing packages, one a line
set -euo pipefail
list=$(dirname "$0")/packages.txt

usage() {
	echo "usage: tools/setup.sh [--missing] GROUP..." >&2
	echo "groups: $(sed -n 's/^# group: *//p' "$list" | tr '\n' ' ')" >&2
	exit 2
}

# The lines of the named groups, "name" or "name ?".
wanted() {
	awk -v groups=" $* " '
		/^# group:/ { on = index(groups, " " $3 " "); next }
		/^#/ || NF == 0 { next }
		on { print $1, $2 }' "$list"
}

# Which of these packages are installed. dpkg-query fails when it does not know one: no matter here.
installed() {
	{ dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true; } |
		awk '$1 == "installed" { print $2 }'
}

has_candidate() {
	[ "$(apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ { print $2 }')" != "(none)" ] &&
		apt-cache show "$1" >/dev/null 2>&1
}

# missing required|optional GROUP...: the packages of that kind that are not installed.
missing() {
	local kind=$1 name mark have names
	shift
	mapfile -t names < <(wanted "$@" | cut -d' ' -f1)
	[ ${#names[@]} -gt 0 ] || return 0
	have=$(installed "${names[@]}")
	wanted "$@" | sort -u | while read -r name mark; do
		case $kind$mark in
		required | optional\?) grep -qxF "$name" <<<"$have" || echo "$name" ;;
		esac
	done
}

# Runs apt-get as root, its words into the log.
apt() {
	local command=(env DEBIAN_FRONTEND=noninteractive
		apt-get -y -q -o DPkg::Lock::Timeout=300 "$@")
	[ "$(id -u)" = 0 ] || command=(sudo "${command[@]}")
	"${command[@]}" 2>&1 | cat >>"$log"
}

give_up() {
	echo "$1" >&2
	shift
	echo "Install them as root, then run make again:" >&2
	echo "    apt-get update && apt-get install $*" >&2
	exit 1
}

install_packages() {
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		give_up "These Debian packages are missing, and there is neither root nor sudo:" "$@"
	fi
	if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null && ! { [ -t 0 ] && sudo -v; }; then
		give_up "These Debian packages are missing, and sudo needs a password:" "$@"
	fi
	echo "installing $# Debian packages: $*"
	# The package lists may be absent (a new container) or too old: then fetch them and try again.
	if ! apt install --no-install-recommends "$@"; then
		if ! apt update || ! apt install --no-install-recommends "$@"; then
			tail -n 20 "$log" >&2
			give_up "apt-get could not install these packages (its last words are above):" "$@"
		fi
	fi
}

only_print=no
if [ "${1-}" = --missing ]; then
	only_print=yes
	shift
fi
[ $# -gt 0 ] || usage
for group in "$@"; do
	grep -qx "# group: $group" "$list" || usage
done

if ! command -v dpkg-query >/dev/null; then
	echo "tools/setup.sh: not a Debian system; the packages needed are named in tools/packages.txt" >&2
	exit 0
fi

mapfile -t need < <(missing required "$@")
for name in $(missing optional "$@"); do
	if has_candidate "$name"; then
		need+=("$name")
	fi
done
[ ${#need[@]} -gt 0 ] || exit 0
if [ $only_print = yes ]; then
	printf '%s\n' "${need[@]}"
	exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install_packages "${need[@]}"
mapfile -t need < <(missing required "$@")
if [ ${#need[@]} -gt 0 ]; then
	give_up "apt-get ended well, but these packages are still not there:" "${need[@]}"
fi
