#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/quiet.sh WORDS... -- COMMAND...: says what happens in one line, shows the command's output
# only when it fails, and ends with its exit status.
set -eu
words=
while [ "$1" != -- ]; do
	words="$words $1"
	shift
done
shift
echo "${words# }"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
"$@" >"$log" 2>&1 || status=$?
if [ "$status" != 0 ]; then
	cat "$log"
	echo "failed with exit status $status: $*" >&2
fi
exit "$status"
