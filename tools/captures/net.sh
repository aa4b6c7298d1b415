# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The namespaces of tools/captures/record, made and unmade; sourced by it.
#
#   weir-cli ---- weir-rtr ---- weir-srv
#                    |
#                 weir-col
#
#   client and router      192.0.2.0/24     2001:db8:1::/64
#   router and server      198.51.100.0/24  2001:db8:2::/64
#   router and collector   203.0.113.0/25   2001:db8:3::/64
#
# The router forwards between client and server. The bridge layout has an Open vSwitch bridge in its
# place, and client and server share the client's network. What exporters send goes to weir-col.
# Addresses are of the documentation ranges and MAC addresses are fixed: no real host shows.

NAMESPACES=(weir-cli weir-rtr weir-srv weir-col)
CLIENT4=192.0.2.10 CLIENT6=2001:db8:1::10
COLLECTOR4=203.0.113.10 COLLECTOR6=2001:db8:3::10
SERVER4='' SERVER6=''

in_ns() {
	local ns=$1
	shift
	ip netns exec "weir-$ns" "$@"
}

refuse_leftovers() {
	local ns
	for ns in "${NAMESPACES[@]}"; do
		if [ -e "/run/netns/$ns" ]; then
			die "namespace $ns is there already: another record runs, or remove it with: ip netns del $ns"
		fi
	done
}

# Whoever still runs inside our own namespaces was started by us.
namespaces_down() {
	local ns pid
	for ns in "${NAMESPACES[@]}"; do
		[ -e "/run/netns/$ns" ] || continue
		for pid in $(ip netns pids "$ns"); do
			kill -KILL "$pid" 2>/dev/null || true
		done
		ip netns del "$ns"
	done
}

# cable NS DEVICE MAC NS DEVICE MAC: without offloads, which make packets of 60 kB and no checksums
cable() {
	ip link add "$2" address "$3" netns "weir-$1" type veth peer name "$5" address "$6" netns "weir-$4"
	local side
	for side in "$1 $2" "$4 $5"; do
		# shellcheck disable=SC2086 # two words on purpose
		set -- $side
		in_ns "$1" ethtool -K "$2" tx off rx off tso off gso off gro off >/dev/null
		in_ns "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0"
		in_ns "$1" ip link set "$2" up
	done
}

# address NS DEVICE ADDRESS...
address() {
	local ns=$1 device=$2 one
	shift 2
	for one in "$@"; do
		in_ns "$ns" ip address add "$one" dev "$device"
	done
}

namespaces_up() {
	local ns
	for ns in "${NAMESPACES[@]}"; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
		ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	done
	cable cli c0 02:00:00:00:01:0a rtr r0 02:00:00:00:01:01
	cable rtr r1 02:00:00:00:02:01 srv s0 02:00:00:00:02:14
	cable rtr r2 02:00:00:00:03:01 col k0 02:00:00:00:03:0a
	address cli c0 $CLIENT4/24 $CLIENT6/64
	address rtr r2 203.0.113.1/25 2001:db8:3::1/64
	address col k0 $COLLECTOR4/25 $COLLECTOR6/64
}

layout_routed() {
	SERVER4=198.51.100.20 SERVER6=2001:db8:2::20
	address rtr r0 192.0.2.1/24 2001:db8:1::1/64
	address rtr r1 198.51.100.1/24 2001:db8:2::1/64
	address srv s0 $SERVER4/24 $SERVER6/64
	in_ns cli ip route add default via 192.0.2.1
	in_ns cli ip -6 route add default via 2001:db8:1::1
	in_ns srv ip route add default via 198.51.100.1
	in_ns srv ip -6 route add default via 2001:db8:2::1
}

layout_bridged() {
	SERVER4=192.0.2.20 SERVER6=2001:db8:1::20
	address srv s0 $SERVER4/24 $SERVER6/64
}

# A VXLAN tunnel between client and server, with a network of its own inside.
tunnel_up() {
	in_ns cli ip link add vx0 address 02:00:00:00:04:0a type vxlan id 77 \
		local $CLIENT4 remote "$SERVER4" dstport 4789
	in_ns srv ip link add vx0 address 02:00:00:00:04:14 type vxlan id 77 \
		local "$SERVER4" remote $CLIENT4 dstport 4789
	address cli vx0 203.0.113.130/25
	address srv vx0 203.0.113.140/25
	in_ns cli ip link set vx0 up
	in_ns srv ip link set vx0 up
}
