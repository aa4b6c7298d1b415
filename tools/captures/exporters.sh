# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The exporters, one function each: it starts the exporter in weir-rtr, runs the traffic and makes
# the exporter send what it holds. They send to $PORT; sourced by tools/captures/record.

# softflowd 1.1.0 sends what it holds when asked over its control socket; TERM would lose it.
run_softflowd() {
	local to=$1
	shift
	start rtr softflowd -d -i r0 -n "$to" -p "$WORK/softflowd.pid" -c "$WORK/softflowd.ctl" "$@"
	local child=$LAST_PID
	sleep 0.5
	traffic
	fill_ring
	softflowctl -c "$WORK/softflowd.ctl" shutdown >>"$WORK/output.log" 2>&1
	gone "$child"
}

# softflowd asks libpcap for blocks of 256 kB without a time limit, so it never sees the packets
# after the last full block. One more flow, long enough, takes that place.
fill_ring() {
	step quietly iperf3 -c "$SERVER4" -p 5201 -u -b 8M -l 1400 -n 700K
	sleep 0.5
}

softflowd4() { run_softflowd "$COLLECTOR4:$PORT" "$@"; }
softflowd6() { run_softflowd "[$COLLECTOR6]:$PORT" "$@"; }

# pmacctd_probe nfprobe|sfprobe LINE...: lines of its configuration
pmacctd_probe() {
	local plugin=$1 line
	shift
	{
		printf 'daemonize: false\npcap_interface: r0\nplugins: %s\n' "$plugin"
		printf '%s_receiver: %s:%s\n' "$plugin" "$COLLECTOR4" "$PORT"
		for line in "$@"; do
			printf '%s\n' "$line"
		done
	} >"$WORK/pmacctd.conf"
	start rtr pmacctd -f "$WORK/pmacctd.conf"
	local child=$LAST_PID
	sleep 1
	traffic
	sleep 3 # libpcap hands packets on in blocks, and pmacctd hands them to its plugin in buffers
	end "$child" INT
}

nfprobe() {
	local version=$1
	shift
	pmacctd_probe nfprobe "nfprobe_version: $version" \
		'aggregate: src_host,dst_host,src_port,dst_port,proto,tos,tcpflags' \
		'nfprobe_timeouts: expint=2:maxlife=3600' "$@"
}

sfprobe() {
	pmacctd_probe sfprobe 'sfprobe_agentip: 203.0.113.1' "$@"
}

ovs() {
	in_ns rtr ovs-vsctl --timeout=10 --db="unix:$WORK/ovs.sock" "$@"
}

# A bridge in user space (no kernel module needed) between client and server.
bridge_up() {
	export OVS_RUNDIR=$WORK OVS_LOGDIR=$WORK OVS_DBDIR=$WORK
	ovsdb-tool create "$WORK/ovs.db" /usr/share/openvswitch/vswitch.ovsschema
	start rtr ovsdb-server "$WORK/ovs.db" --remote="punix:$WORK/ovs.sock" --pidfile="$WORK/ovsdb.pid" \
		--unixctl="$WORK/ovsdb.ctl"
	wait_for ovsdb-server test -S "$WORK/ovs.sock"
	ovs --no-wait init
	start rtr ovs-vswitchd "unix:$WORK/ovs.sock" --pidfile="$WORK/vswitchd.pid" \
		--unixctl="$WORK/vswitchd.ctl"
	ovs set Open_vSwitch . other_config:max-idle=1000 # flows idle for 1 s are exported
	ovs add-br weir-br -- set bridge weir-br datapath_type=netdev other-config:hwaddr=02:00:00:00:05:01
	ovs add-port weir-br r0 -- add-port weir-br r1
}

# ovs_exporter TABLE SETTING...: export with it while the traffic runs
ovs_exporter() {
	local table=$1
	shift
	ovs -- --id=@e create "$table" "targets=\"$COLLECTOR4:$PORT\"" "$@" \
		-- set bridge weir-br "$table=@e" >/dev/null
	sleep 0.5
	traffic
	sleep 3
	ovs clear bridge weir-br "$table"
	sleep 0.5
}
