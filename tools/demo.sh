#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job in half a minute: a daemon on loopback is fed with a recording of
# two routers' telemetry in which one own host is attacked and another attacks.
# Then the laboratory plays the story of 2014: 400 rented machines in two regions
# turn on eight sites, each so quiet that nobody would notice it.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
weir=${WEIR:-$top/build/release/weir}
recording=$top/tests/data/demo/two-attacks.pcap
work=$(mktemp -d)
daemon=

clean_up() {
	if [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null; then
		kill -TERM "$daemon"
		wait "$daemon" || true
	fi
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() {
	echo "demo: $*" >&2
	echo "demo: what the daemon said:" >&2
	cat "$work/daemon.log" >&2
	exit 1
}

say() {
	printf '\n== %s\n\n' "$*"
}

free_port() {
	python3 -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

netflow=$(free_port)
sflow=$(free_port)
cat >"$work/weir.yaml" <<EOF
networks:
  - {prefix: 198.51.100.0/24, tenant: acme, region: tokyo}
  - {prefix: 203.0.113.0/24, tenant: globex, region: singapore}
listen: {netflow: ["127.0.0.1:$netflow"], ipfix: [], sflow: ["127.0.0.1:$sflow"]}
exporters:
  - {address: 127.0.0.2, name: edge1}
  - {address: 127.0.0.3, name: edge2}
incidents: {close_after: 4s}
report: [{kind: text, path: "$work/events.txt"}]
state: {path: "$work/state"}
control: {socket: "$work/weir.sock"}
EOF

say "The configuration: two own networks, two routers"
sed 's/^/    /' "$work/weir.yaml"
"$weir" check -c "$work/weir.yaml"

touch "$work/events.txt"
"$weir" run -c "$work/weir.yaml" 2>"$work/daemon.log" &
daemon=$!
for _ in $(seq 100); do
	"$weir" status --socket "$work/weir.sock" >/dev/null 2>&1 && break
	kill -0 "$daemon" 2>/dev/null || fail "the daemon ended early"
	sleep 0.1
done

say "The daemon runs; half a minute of recorded telemetry arrives over loopback. Events, as they happen:"
tail -n +1 -f --pid="$daemon" "$work/events.txt" &
follower=$!
python3 "$top/tools/demo/feed.py" "$recording" --quiet --rebase \
	--port "2055=$netflow" --port "6343=$sflow" || fail "the recording could not be sent"
for _ in $(seq 100); do
	[ "$("$weir" incidents --socket "$work/weir.sock" --state closed --json | python3 -c \
		'import json, sys; print(len(json.load(sys.stdin)["incidents"]))')" = 2 ] && break
	sleep 0.1
done

say "weir incidents"
"$weir" incidents --socket "$work/weir.sock"
ids=$("$weir" incidents --socket "$work/weir.sock" --json | python3 -c \
	'import json, sys; print(*(i["incident"]["id"] for i in json.load(sys.stdin)["incidents"]))')
for id in $ids; do
	say "weir incidents $id"
	"$weir" incidents --socket "$work/weir.sock" "$id"
done
say "weir status"
"$weir" status --socket "$work/weir.sock"

kill -TERM "$daemon"
wait "$daemon" || fail "the daemon ended with an error"
daemon=
wait "$follower" 2>/dev/null || true

for want in inbound outbound; do
	"$weir" replay -c "$work/weir.yaml" "$recording" |
		grep -q "\"event\":\"incident.opened\".*\"direction\":\"$want\"" ||
		fail "the $want attack was not found in a replay"
done
[ "$(echo "$ids" | wc -w)" = 2 ] || fail "expected two incidents, got: $ids"
say "A simulated router of a cloud: 400 rented machines in two regions attack eight sites, 150 packets a second each"
mkdir "$work/story"
# A pipe: the quarter of a gigabyte of its telemetry need not be kept.
mkfifo "$work/story/telemetry.pcap"
"$weir" lab make O1 --seed 1 -o "$work/story" >/dev/null 2>>"$work/daemon.log" &
maker=$!
for _ in $(seq 100); do
	[ -s "$work/story/weir.yaml" ] && break
	sleep 0.1
done
"$weir" replay --format text -c "$work/story/weir.yaml" "$work/story/telemetry.pcap" \
	>"$work/story.txt" 2>>"$work/daemon.log" || fail "the story could not be played"
wait "$maker" || fail "the story could not be made"
# Its first and its last word: events begin with a date, what belongs to them is indented.
for word in "has begun" "is over"; do
	awk -v word="$word" '/^[0-9]/ { on = index($0, " campaign ") && index($0, word) } on' "$work/story.txt"
	echo
done
# And the last plan: what an actuator would do about it.
awk '/^[0-9].*plan +proposed/ { plan = "" } /^[0-9]/ { on = /plan +proposed/ } on { plan = plan $0 "\n" } END { printf "%s\n", plan }' \
	"$work/story.txt"
grep -q "campaign from 400 of our machines .* at 8 sites is over" "$work/story.txt" ||
	fail "the campaign of 400 machines at eight sites was not found"

say "Done: one inbound and one outbound attack found, live and in a replay; a campaign of 400 quiet machines in another."
