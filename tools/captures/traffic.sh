# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Real clients and servers for the traffic that the exporters see; sourced by tools/captures/record.

servers_up() {
	mkdir -p "$WORK/www"
	head -c 6000 /dev/zero | tr '\0' 'w' >"$WORK/www/index.html"
	cat >"$WORK/nginx.conf" <<-EOF
		pid $WORK/nginx.pid; error_log $WORK/nginx.log; daemon off; worker_processes 1;
		events { worker_connections 64; }
		http {
			access_log off; client_body_temp_path $WORK/nginx-body; proxy_temp_path $WORK/nginx-proxy;
			fastcgi_temp_path $WORK/nginx-fcgi; uwsgi_temp_path $WORK/nginx-uwsgi;
			scgi_temp_path $WORK/nginx-scgi;
			server { listen 80; listen [::]:80; root $WORK/www; }
		}
	EOF
	start srv nginx -c "$WORK/nginx.conf" -e "$WORK/nginx.log"
	start srv iperf3 --server
	start srv dnsmasq --keep-in-foreground --conf-file=/dev/null --no-hosts --no-resolv --user=root \
		--pid-file= --log-facility="$WORK/dnsmasq.log" \
		--host-record=www.weir.example,198.51.100.80,2001:db8:2::80
	wait_for "nginx and iperf3" server_answers
}

server_answers() {
	in_ns cli curl -sf -m 1 -o /dev/null "http://$SERVER4/" &&
		in_ns srv bash -c 'exec 3<>/dev/tcp/127.0.0.1/5201' 2>/dev/null
}

quietly() {
	in_ns cli timeout 10 "$@" >/dev/null 2>&1
}

# About 100 packets in 3 s. A step that fails is said: the capture then lacks what it should show.
short_traffic() {
	in_ns cli ip neighbour flush dev c0 # so that there is ARP, too
	step quietly ping -c 2 -i 0.2 "$SERVER4"
	step quietly ping -c 2 -i 0.2 "$SERVER6"
	step quietly ping -c 1 -s 2400 "$SERVER4"
	step quietly ping -c 1 -s 2400 "$SERVER6"
	step quietly dig +tries=1 +time=2 "@$SERVER4" www.weir.example A
	step quietly dig +tries=1 +time=2 "@$SERVER6" www.weir.example AAAA
	quietly dig +tries=1 +time=1 -p 9 "@$SERVER4" www.weir.example A || true # nobody there: ICMP 3/3
	quietly dig +tries=1 +time=1 -p 9 "@$SERVER6" www.weir.example A || true # ICMPv6 1/4
	step quietly curl -sf -o /dev/null "http://$SERVER4/"
	step quietly curl -sf -o /dev/null "http://[$SERVER6]/"
	quietly curl -sf -o /dev/null "http://$SERVER4:81/" || true # refused: a SYN and a RST
	step quietly ping -c 2 -i 0.2 203.0.113.140
}

# About 250 packets in 5 s.
traffic() {
	short_traffic
	step quietly iperf3 -c "$SERVER4" -n 24K -b 400k -l 1k
	step quietly iperf3 -c "$SERVER6" -t 1 -b 200k -l 500 -u
}

step() {
	"$@" || warn "failed: ${*:2}"
}
