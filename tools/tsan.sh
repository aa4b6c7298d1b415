#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/tsan.sh BUILD: runs the tests of what several threads share, under the thread sanitizer.
#
# Its results are in BUILD/meson-logs/testlog.json, for tools/test-summary; where the compiler
# cannot do it, that says so as one skipped test.
set -eu
build=$1
log=$build/meson-logs/testlog.json

can_do_it() {
	probe=$(mktemp -d)
	printf 'int main(void)\n{\n\treturn 0;\n}\n' >"$probe/probe.c"
	status=0
	{ "${CC:-cc}" -fsanitize=thread "$probe/probe.c" -o "$probe/probe" && "$probe/probe"; } \
		>/dev/null 2>&1 || status=1
	rm -rf "$probe"
	return "$status"
}

mkdir -p "$build/meson-logs"
rm -f "$log"
if ! can_do_it; then
	printf '%s\n' '{"name": "races", "result": "SKIP", "returncode": 77, "duration": 0,' \
		'"stdout": "this compiler or machine has no thread sanitizer", "stderr": ""}' |
		tr '\n' ' ' >"$log"
	exit 0
fi
[ -e "$build/build.ninja" ] ||
	tools/quiet.sh configuring "$build" -- meson setup "$build" --buildtype=debugoptimized \
		-Db_sanitize=thread -Db_lundef=false
echo "building $build"
# Builds what these tests need and nothing else.
meson test -C "$build" --suite races || true
