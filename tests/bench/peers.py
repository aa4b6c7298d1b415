# SPDX-License-Identifier: Apache-2.0
"""The collectors of other projects, configured to do the least that can be compared."""
import contextlib
import pathlib
import re
import signal
import subprocess
import urllib.request

import machine
from collectors import Collector, free_port, own_network


class Nfcapd(Collector):
    """Decodes and writes each record to a file, uncompressed, in memory. Tallies nothing."""
    name = "nfcapd"
    note = "decode, write each record to a file in memory"
    program = "nfcapd"
    package = "nfdump"
    protocols = ("netflow5", "netflow9", "ipfix")

    def configure(self):
        out = self.folder / "flows"
        out.mkdir()
        return [self.program, "-b", "127.0.0.1", "-p", self.port, "-B", machine.BUFFER_BYTES,
                "-w", out, "-t", 3600]

    def counted_at_end(self):
        found = re.findall(r"Flows: (\d+)", self.log())
        return sum(map(int, found)) if found else None


class Sfcapd(Nfcapd):
    name = "sfcapd"
    program = "sfcapd"
    package = "nfdump-sflow"
    protocols = ("sflow5",)

    @classmethod
    def version(cls):
        return super().version() if super().version() != "unknown" else Nfcapd.version()


class Fastnetmon(Collector):
    """Counts per host of its networks; no bans, no usage reports, as shipped otherwise."""
    name = "fastnetmon"
    note = "decode, count each host; connection tracking off"
    program = "fastnetmon"
    package = "fastnetmon"
    stop_signal = signal.SIGINT
    stop_s = 2
    tells = True
    shipped = pathlib.Path("/etc/fastnetmon.conf")
    tracking = "off"

    @classmethod
    def missing(cls):
        why = super().missing()
        if not why and not cls.shipped.exists():
            why = f"{cls.shipped} is not there: its settings are the base of what is measured"
        return why

    @property
    def reader(self):
        return f"{'sflow' if self.protocol == 'sflow5' else 'netflow'}_{self.port}"

    def settings(self):
        self.metrics_port = free_port()
        sflow = self.protocol == "sflow5"
        return {
            "networks_list_path": self.folder / "networks",
            "white_list_path": self.folder / "whitelist",
            "notify_script_path": "", "interfaces": "", "monitor_local_ip_addresses": "off",
            "enable_ban": "off", "enable_ban_ipv6": "off", "disable_usage_report": "on",
            "enable_connection_tracking": self.tracking,
            "netflow": "off" if sflow else "on", "sflow": "on" if sflow else "off",
            "netflow_host": "127.0.0.1", "sflow_host": "127.0.0.1",
            "netflow_port": self.port, "sflow_port": self.port,
            "prometheus": "on", "prometheus_host": "127.0.0.1",
            "prometheus_port": self.metrics_port,
            "pid_path": self.folder / "pid", "cli_stats_file_path": self.folder / "stats",
            "cli_stats_ipv6_file_path": self.folder / "stats6",
        }

    def configure(self):
        settings = self.settings()
        lines = []
        for line in self.shipped.read_text().splitlines():
            key = line.split("=")[0].strip()
            if key and not key.startswith("#") and key not in settings:
                lines.append(line)
        lines += [f"{key} = {value}" for key, value in settings.items()]
        (self.folder / "conf").write_text("\n".join(lines) + "\n")
        (self.folder / "networks").write_text(own_network(self.hosts) + "\n")
        (self.folder / "whitelist").write_text("")
        self.changed = "\n".join(f"{key} = {value}" for key, value in settings.items())
        return [self.program, "--configuration_file", self.folder / "conf", "--disable_pid_logic",
                "--log_to_console"]

    def configuration(self):
        return f"{self.shipped} with\n{self.changed}\nnetworks: {own_network(self.hosts)}"

    def stop(self):
        super().stop()
        if self.process:
            # One of its libraries leaves counters there when it is killed.
            pathlib.Path(f"/dev/shm/mongoc-{self.process.pid}").unlink(missing_ok=True)

    def counted(self):
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            found = re.search(r"^fastnetmon_total_simple_packets_processed (\d+)",
                              answer.read().decode(), re.MULTILINE)
            return int(found.group(1)) if found else None
        return None


class FastnetmonTracking(Fastnetmon):
    name = "fastnetmon, default"
    note = "as above, with connection tracking as it is shipped"
    tracking = "on"
    slow = True


class Nfacctd(Collector):
    """Core process decodes, memory plugin (a second process) keeps flows by destination host."""
    name = "nfacctd"
    note = "decode, count each destination host in a second process"
    program = "nfacctd"
    package = "pmacct"
    protocols = ("netflow5", "netflow9", "ipfix")
    prefix = "nfacctd"
    stop_signal = signal.SIGINT     # it passes over SIGTERM
    stop_s = 1
    tail = 1000     # of a plugin buffer that is handed over when it is full
    slow = True
    tells = True

    def configure(self):
        # Pools: 512 of them hold 1 M hosts; 0 does not mean without limit.
        settings = {
            "daemonize": "false", f"{self.prefix}_ip": "127.0.0.1",
            f"{self.prefix}_port": self.port, f"{self.prefix}_disable_checks": "true",
            f"{self.prefix}_pipe_size": machine.BUFFER_BYTES,
            "plugins": "memory[m]", "aggregate[m]": "dst_host,flows",
            "imt_path[m]": self.folder / "imt", "imt_buckets[m]": 262144,
            "imt_mem_pools_number[m]": 2048, "imt_mem_pools_size[m]": 131072,
            "plugin_pipe_size[m]": 64 << 20, "plugin_buffer_size[m]": 65536}
        (self.folder / "conf").write_text("".join(f"{k}: {v}\n" for k, v in settings.items()))
        return [self.program, "-f", self.folder / "conf"]

    def configuration(self):
        return (self.folder / "conf").read_text()

    def counted(self):
        done = subprocess.run(["pmacct", "-s", "-p", self.folder / "imt", "-O", "csv"],
                              capture_output=True, text=True, timeout=60, check=False)
        rows = [line.split(",") for line in done.stdout.splitlines()]
        if done.returncode or not rows or "FLOWS" not in rows[0]:
            return None
        at = rows[0].index("FLOWS")
        return sum(int(row[at]) for row in rows[1:] if len(row) == len(rows[0]))


class Sfacctd(Nfacctd):
    name = "sfacctd"
    program = "sfacctd"
    prefix = "sfacctd"
    protocols = ("sflow5",)


ALL = [Nfcapd, Sfcapd, Fastnetmon, FastnetmonTracking, Nfacctd, Sfacctd]
