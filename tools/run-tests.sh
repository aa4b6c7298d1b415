#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/run-tests.sh BUILD [arguments of meson test]: builds, runs the tests, says what came out.
# Leaves the last line of its output, the counts, in BUILD/counts.
set -eu
build=$1
shift
rm -f "$build/counts" "$build/meson-logs/testlog.json"
echo "building $build"
ninja --quiet -C "$build"
# Its exit status says less than its log does: test-summary judges.
meson test -C "$build" --no-rebuild "$@" || true
exec tools/test-summary --counts "$build/counts" "$build/meson-logs/testlog.json"
