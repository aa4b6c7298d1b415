#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Formats all C sources with clang-format 14; with --check only says which are not formatted.
set -eu
cd "$(dirname "$0")/.."
tool=clang-format-14
if ! command -v $tool >/dev/null; then
	echo "needs $tool: other versions format the same text differently (Debian 12 has it)" >&2
	exit 1
fi
if [ "${1-}" = --check ]; then
	set -- --dry-run -Werror
else
	set -- -i
fi
find src tests -name '*.[ch]' -print0 | xargs -0 $tool "$@"
