#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/fuzz.sh BUILD SECONDS [NAME]: runs libFuzzer on one parser, or on all of them in turn, each
# for so many seconds. Starts from tests/fuzz/corpus/NAME, which is only read; what it learns stays
# in BUILD/corpus/NAME, and an input that breaks the parser in BUILD/findings.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
seconds=$2
case $seconds in
'' | *[!0-9]*)
	echo "SECONDS must be a whole number, it is '$seconds'" >&2
	exit 2
	;;
esac

names=()
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	names+=("${name#fuzz_}")
done
if [ $# -gt 2 ]; then
	if [ ! -e "tests/fuzz/fuzz_$3.c" ]; then
		echo "there is no fuzz target '$3'; there are: ${names[*]}" >&2
		exit 2
	fi
	names=("$3")
fi

# The parsers allocate at open only, so a large quarantine finds nothing more and costs most of the time.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=4

findings=$build/findings
mkdir -p "$findings"
failed=0
for name in "${names[@]}"; do
	program=tests/fuzz/fuzz_$name
	ninja --quiet -C "$build" "$program" | { grep -v '^ninja: no work to do' || true; }
	corpus=$build/corpus/$name
	log=$build/fuzz_$name.log
	mkdir -p "$corpus"
	arguments=(-max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1
		-artifact_prefix="$findings/$name-")
	[ ! -e "tests/fuzz/$name.dict" ] || arguments+=("-dict=tests/fuzz/$name.dict")
	status=0
	"$build/$program" "${arguments[@]}" "$corpus" "tests/fuzz/corpus/$name" >"$log" 2>&1 ||
		status=$?
	runs=$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")
	if [ $status = 0 ]; then
		echo "$name: ${runs:-?} inputs in $seconds s, no finding"
	else
		failed=1
		grep -m 1 -E 'ERROR: |runtime error:' "$log" || tail -n 5 "$log"
		input=$(grep -oE 'Test unit written to .*' "$log" | tail -n 1) || input="not kept"
		echo "$name: FINDING; the input is ${input##* }"
		echo "    report: $log; once mended, keep the input in tests/fuzz/corpus/$name"
	fi
done
exit $failed
