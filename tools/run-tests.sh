#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/run-tests.sh BUILD TSAN_BUILD [arguments of meson test]: builds, runs the tests, says what
# came out. Without further arguments those under the thread sanitizer run as well (tools/tsan.sh).
# Leaves the last line of its output, the counts, in BUILD/counts.
set -eu
build=$1
tsan=$2
shift 2
rm -f "$build/counts" "$build/meson-logs/testlog.json"
echo "building $build"
ninja --quiet -C "$build"
# Its exit status says less than its log does: test-summary judges.
meson test -C "$build" --no-rebuild "$@" || true
if [ $# -gt 0 ]; then
	exec tools/test-summary --counts "$build/counts" "$build/meson-logs/testlog.json"
fi
tools/tsan.sh "$tsan" || true
exec tools/test-summary --counts "$build/counts" "$build/meson-logs/testlog.json" \
	"$tsan/meson-logs/testlog.json"
