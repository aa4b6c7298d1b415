# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The table of cases, tests/data/captures/cases.tsv, and how packets are recorded; sourced by
# tools/captures/record.

CASES=$HERE/../../tests/data/captures/cases.tsv

case_names() {
	cut -f1 "$CASES" | grep -v '^#'
}

# case_line NAME: kind, port, layout, command
case_line() {
	awk -F'\t' -v OFS='\t' -v name="$1" \
		'$1 == name { print $2, $3, $4, $5; found = 1 } END { exit !found }' "$CASES"
}

# packets_tcpdump TRAFFIC DEVICE LINKTYPE SNAPLEN FILE: what passes the router
packets_tcpdump() {
	local tap
	listening "$5.pcap" rtr "$2" -y "$3" -s "$4"
	tap=$LAST_PID
	"$1"
	sleep 0.3
	end "$tap" INT
}

# packets_dumpcap FILE: two interfaces, as pcapng keeps them apart
packets_dumpcap() {
	local tap
	start rtr dumpcap -n -q -w "$1.pcapng" -i r0 -i r1
	tap=$LAST_PID
	wait_for dumpcap test -s "$1.pcapng"
	sleep 0.5
	short_traffic
	sleep 2 # it writes what came within a second or so
	end "$tap" INT
	python3 "$HERE/plain_pcapng.py" "$1.pcapng"
	chmod a+r "$1.pcapng"
}

# packets_tun FILE: a tunnel device has no link layer, its packets begin with the IP header
packets_tun() {
	local tap
	start srv socat TUN:203.0.113.151/28,tun-name=t0,iff-no-pi,iff-up UDP4-LISTEN:7001
	# Refused once, the client would give up; 1B59 is port 7001.
	wait_for "the tunnel's server" in_ns srv grep -q :1B59 /proc/net/udp
	start cli socat TUN:203.0.113.150/28,tun-name=t0,iff-no-pi,iff-up "UDP4:$SERVER4:7001"
	wait_for "the tunnel's client" in_ns cli ip link show t0
	address srv t0 2001:db8:4::151/64
	address cli t0 2001:db8:4::150/64
	listening "$1.pcap" cli t0 -s 0
	tap=$LAST_PID
	step quietly ping -c 3 -i 0.2 203.0.113.151
	step quietly ping -c 3 -i 0.2 2001:db8:4::151
	step quietly curl -sf -o /dev/null http://203.0.113.151/
	step quietly curl -sf -o /dev/null 'http://[2001:db8:4::151]/'
	end "$tap" INT
}
