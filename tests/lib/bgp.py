# SPDX-License-Identifier: Apache-2.0
"""BGP daemons for tests: BIRD, GoBGP and FRR, each with an own address in one network namespace.

    net = bgp.Network()                     # skips the case where namespaces cannot be made
    speaker = bgp.BirdSpeaker(net)          # with the file that the actuator writes
    neighbour = bgp.Bird(net)               # or bgp.Gobgp(net), bgp.Frr(net): receive only
    neighbour.routes()                      # set of lines, in the daemon's own words

Nothing leaves the namespace: it has no interface but loopback and a pair that leads nowhere. All
files and sockets are in the case's scratch folder; daemons are ended by pid, none by name.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import tap
import wire

AS = 64500
SPEAKER, BIRD, GOBGP, FRR = "10.99.0.1", "10.99.0.2", "10.99.0.3", "10.99.0.4"
CANARY, ROUTER = "10.99.0.5", "10.99.0.6"  # another speaker, and its neighbour
BGPD = pathlib.Path("/usr/lib/frr/bgpd")
PROGRAM = pathlib.Path(os.environ.get("BGP", tap.ROOT / "build/dev/tests/netns/bgp"))
API = 50051


def need(*programs):
    """Skip the case unless the daemons are installed, with the package to install."""
    packages = {"bird": "bird2", "gobgpd": "gobgpd", "gobgp": "gobgpd", "vtysh": "frr"}
    for name in programs:
        if shutil.which(name) is None:
            tap.skip(f"needs {name} of the Debian package {packages.get(name, name)}")


class Network(wire.Namespace):
    """One namespace in which each daemon has an address on loopback."""

    def __init__(self):
        super().__init__()
        self.folder = tap.scratch()
        # FRR's daemons run as a user of their own.
        self.folder.chmod(0o755)
        for address in (SPEAKER, BIRD, GOBGP, FRR, CANARY, ROUTER):
            self.inside(["ip", "addr", "add", f"{address}/32", "dev", "lo"])

    def start(self, argv, log):
        """A daemon that is ended with the case, its words in a file."""
        with open(self.folder / log, "ab") as out:
            return tap.start(self.command(argv), stdout=out, stderr=out)

    def said(self, log):
        path = self.folder / log
        return path.read_text(errors="replace") if path.exists() else ""


class Daemon:
    """What all have: a process that can be killed and started again."""

    log = "daemon.log"

    def __init__(self, net):
        self.net, self.process = net, None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.kill()
        self.start()

    def wait_for(self, wanted, what, timeout=40):
        """Until exactly these routes are held; says what was there if they never are."""
        last = None
        try:
            def same():
                nonlocal last
                last = self.routes()
                return last == wanted
            tap.wait_for(same, what, timeout)
        except tap.Failed as failed:
            last = set() if last is None else last
            tap.fail(f"{failed}\n{type(self).__name__} misses: {sorted(wanted - last)}\n"
                     f"and has beside: {sorted(last - wanted)}\nlog:\n"
                     f"{tap.tail(self.net.said(self.log))}")


def ask_bird(path, *commands, timeout=10):
    """Lines of BIRD's answers without their codes; [] when nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX) as ctl:
            ctl.settimeout(timeout)
            ctl.connect(str(path))
            file = ctl.makefile("rw")
            file.readline()
            lines = []
            for command in commands:
                file.write(command + "\n")
                file.flush()
                while True:
                    line = file.readline()
                    if not line:
                        return []
                    coded = re.match(r"(\d{4})([ -])", line)
                    lines.append(line[5:] if coded else line[1:])
                    if coded and coded.group(2) == " ":
                        break
            return [line.rstrip("\n") for line in lines]
    except OSError:
        return []


def many(count, a_plan=8):
    """Plans with so many rules in all."""
    rules = [{"dst": "198.51.100.7/32", "proto": 17, "sport": [port, port]}
             for port in range(1, count + 1)]
    return [{"id": f"many-{at}", "level": "drop", "rules": rules[at:at + a_plan]}
            for at in range(0, count, a_plan)]


def comes_at_pace(actuator, bird, count, rate):
    """Wants many(count), as the daemon does, until all is in force; BIRD's clock says when each came."""
    plans = many(count)
    done = actuator.want(plans)
    tap.equal((done["err"], len(done["applied"])), (0, rate // 8), "error, and plans applied at first")
    tap.contains(done["why"], f"{count - rate} more follow", "the sentence")
    while done["again_ns"]:
        time.sleep(done["again_ns"] / 1e9)
        done = actuator.want(plans)
        tap.equal(done["err"], 0, f"error; {done['why']}")
    tap.equal(len(done["applied"]), len(plans), "plans applied in the end")
    tap.wait_for(lambda: len(bird.times()) == count, f"all of them; {len(bird.times())}", 20)
    times = bird.times()
    # A tenth for what lies between the sending and BIRD's clock.
    for at, begin in enumerate(times):
        second = [each for each in times[at:] if each - begin < 0.9]
        tap.true(len(second) <= rate, f"{len(second)} rules within a second of {begin}: {times}")


class _AnyBird(Daemon):
    name, address = "", ""

    def config(self):
        raise NotImplementedError

    def start(self):
        path = self.net.folder / f"{self.name}.conf"
        path.write_text(self.config())
        self.log = f"{self.name}.log"
        self.ctl = self.net.folder / f"{self.name}.ctl"
        self.process = self.net.start(["bird", "-f", "-c", path, "-s", self.ctl, "-P",
                                       self.net.folder / f"{self.name}.pid"], self.log)
        tap.wait_for(lambda: ask_bird(self.ctl, "show status"),
                     f"BIRD to answer: {self.net.said(self.log)}", 20)


class BirdSpeaker(_AnyBird):
    """Speaks to the others, and includes the file that the actuator writes."""

    def __init__(self, net, neighbours=(BIRD,), name="speaker", address=SPEAKER):
        super().__init__(net)
        need("bird")
        self.neighbours, self.name, self.address = neighbours, name, address
        self.include = net.folder / ("weir.conf" if name == "speaker" else f"weir-{name}.conf")
        self.include.touch()
        self.start()

    def config(self):
        sessions = "".join(f"""
protocol bgp to{number} {{
  local {self.address} as {AS}; neighbor {address} as {AS}; strict bind yes; multihop;
  connect delay time 1; connect retry time 1; error wait time 1, 1;
  ipv4 {{ import none; export where proto = "weir_rtbh4"; next hop keep; }};
  ipv6 {{ import none; export where proto = "weir_rtbh6"; next hop keep; }};
  flow4 {{ table flowtab4; import none; export where proto = "weir_flow4"; }};
  flow6 {{ table flowtab6; import none; export where proto = "weir_flow6"; }};
}}""" for number, address in enumerate(self.neighbours))
        return f"""
log stderr all; router id {self.address};
flow4 table flowtab4;
flow6 table flowtab6;
include "{self.include}";
protocol device {{}}
{sessions}
"""

    def actuator(self):
        """Its settings; without `changes` it goes at the usual pace."""
        return {"name": "edge", "kind": "bird", "changes": 1000, "socket": str(self.ctl),
                "include": str(self.include), "next_hop": "192.0.2.66",
                "next_hop6": "2001:db8::66", "source_rules": True, "timeout": "20s"}


class Bird(_AnyBird):
    """Receives; its routes in BIRD's words."""

    def __init__(self, net, name="bird", address=BIRD, speaker=SPEAKER):
        super().__init__(net)
        need("bird")
        self.name, self.address, self.speaker = name, address, speaker
        self.start()

    def config(self):
        return f"""
log stderr all; router id {self.address};
timeformat route iso long us;
flow4 table flowtab4;
flow6 table flowtab6;
protocol device {{}}
protocol bgp from1 {{
  local {self.address} as {AS}; neighbor {self.speaker} as {AS}; strict bind yes; multihop;
  passive yes;
  ipv4 {{ import all; export none; }};
  ipv6 {{ import all; export none; }};
  flow4 {{ table flowtab4; import all; export none; validate off; }};
  flow6 {{ table flowtab6; import all; export none; validate off; }};
}}
""".replace(" validate off;", "" if bird_version() < (2, 0, 13) else " validate off;")

    def times(self):
        """When each rule came, in seconds, sorted."""
        found = [re.search(r"\[from1 ([0-9-]+ [0-9:.]+)", line) for line in
                 ask_bird(self.ctl, "show route table flowtab4")]
        return sorted(since_midnight(each.group(1)) for each in found if each)

    def routes(self):
        found, at = set(), None
        lines = []
        for line in ask_bird(self.ctl, "show route table all all"):
            head = re.match(r"(flow[46] \{.*?\}|[0-9a-f.:]+/\d+)\s", line)
            if head:
                at = [head.group(1)]
                lines.append(at)
            elif at and "BGP." in line:
                key, _, value = line.strip()[4:].partition(":")
                if key in ("community", "ext_community", "next_hop"):
                    at.append(f"{key}{value}")
        for each in lines:
            if each[0].startswith("flow"):
                each = [part for part in each if not part.startswith("next_hop")]
            found.add(" | ".join([each[0], *sorted(each[1:])]))
        return found


def since_midnight(words):
    """Seconds: "2026-11-28 18:12:01.123456" as BIRD writes it."""
    hours, minutes, seconds = words.split()[-1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def bird_version():
    """(2, 0, 12)"""
    done = subprocess.run(["bird", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)\.(\d+)\.?(\d+)?", done.stdout + done.stderr)
    return tuple(int(part or 0) for part in found.groups()) if found else (0, 0, 0)


class Gobgp(Daemon):
    """Receives; or with `neighbours` speaks. Its routes in GoBGP's words."""
    families = ("ipv4", "ipv6", "ipv4-flowspec", "ipv6-flowspec")

    def __init__(self, net, address=GOBGP, neighbours=(SPEAKER,), passive=True):
        super().__init__(net)
        need("gobgpd", "gobgp")
        self.address, self.neighbours, self.passive = address, neighbours, passive
        self.log = f"gobgp-{address}.log"
        self.start()

    def config(self):
        families = "".join(
            f'  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n'
            f'      afi-safi-name = "{name}"\n' for name in
            ("ipv4-unicast", "ipv6-unicast", "ipv4-flowspec", "ipv6-flowspec"))
        one = "".join(f"""
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{each}"
    peer-as = {AS}
  [neighbors.transport.config]
    local-address = "{self.address}"
    passive-mode = {str(self.passive).lower()}
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
{families}""" for each in self.neighbours)
        return f"""
[global.config]
  as = {AS}
  router-id = "{self.address}"
  port = {179 if self.passive else -1}
  local-address-list = ["{self.address}"]
{one}"""

    def start(self):
        path = self.net.folder / f"gobgp-{self.address}.toml"
        path.write_text(self.config())
        self.process = self.net.start(["gobgpd", "-f", path, "--api-hosts",
                                       f"{self.address}:{API}", "--pprof-disable"], self.log)
        tap.wait_for(lambda: self.ask("global").status == 0,
                     f"GoBGP to answer: {self.net.said(self.log)}", 20)

    def ask(self, *words):
        return self.net.inside(["gobgp", "-u", self.address, "-p", API, *words], status=None)

    def routes(self):
        found = set()
        for family in self.families:
            done = self.ask("global", "rib", "-a", family, "-j")
            if done.status or not done.out.strip().startswith("{"):
                continue
            for paths in json.loads(done.out).values():
                for path in paths:
                    found.add(self.words(path, "flowspec" in family))
        return found

    @staticmethod
    def words(path, flow):
        nlri = path["nlri"]
        shown = nlri.get("prefix") or " ".join(
            gobgp_component(part) for part in nlri.get("value", []))
        more = []
        for attr in path["attrs"]:
            if attr["type"] == 8:
                more.append("community " + " ".join(
                    f"({c >> 16},{c & 0xffff})" for c in attr["communities"]))
            elif attr["type"] == 16:
                more += [f"{e['type']}.{e['subtype']} {e.get('rate', e.get('value'))}"
                         for e in attr["value"]]
            elif attr["type"] in (3, 14) and not flow:
                more.append(f"next_hop {attr['nexthop']}")
        return " | ".join([shown, *sorted(more)])

    def actuator(self):
        """Its settings; without `changes` it goes at the usual pace."""
        return {"name": "edge", "kind": "gobgp", "changes": 1000, "address": f"{self.address}:{API}",
                "next_hop": "192.0.2.66", "next_hop6": "2001:db8::66", "source_rules": True,
                "timeout": "20s"}


def gobgp_component(part):
    """One component of a rule: its type, and a prefix or operators with values."""
    value = part["value"]
    if isinstance(value, dict):
        return f"{part['type']}={value['prefix']}"
    return f"{part['type']}=" + ",".join(f"{each['op']:#x}:{each['value']}" for each in value)


class Frr(Daemon):
    """Receives; bgpd alone, without zebra. Its routes in FRR's words."""

    def __init__(self, net):
        super().__init__(net)
        need("vtysh")
        if not BGPD.exists():
            tap.skip(f"needs {BGPD} of the Debian package frr")
        self.folder = net.folder / "frr"
        self.folder.mkdir(exist_ok=True)
        shutil.chown(self.folder, "frr", "frr")
        self.log = "frr.log"
        self.start()

    def start(self):
        path = self.folder / "bgpd.conf"
        families = "".join(f"""
 address-family {family}
  neighbor {SPEAKER} activate
 exit-address-family""" for family in ("ipv6 unicast", "ipv4 flowspec", "ipv6 flowspec"))
        path.write_text(f"""
router bgp {AS}
 bgp router-id {FRR}
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor {SPEAKER} remote-as {AS}
 neighbor {SPEAKER} passive
 neighbor {SPEAKER} update-source {FRR}
 neighbor {SPEAKER} disable-connected-check
{families}
""")
        shutil.chown(path, "frr", "frr")
        self.process = self.net.start(
            [BGPD, "-f", path, "-n", "-l", FRR, "-i", self.folder / "bgpd.pid", "--vty_socket",
             self.folder, "-P", "0", "-z", self.folder / "zserv.api", "--log", "stdout"],
            self.log)
        tap.wait_for(lambda: self.ask("show version"), "FRR to answer", 20)

    def ask(self, command):
        done = self.net.inside(["vtysh", "--vty_socket", self.folder, "-d", "bgpd", "-c", command],
                               status=None)
        return done.out if done.status == 0 else ""

    def routes(self):
        found = set()
        for family in ("ipv4", "ipv6"):
            found |= self.unicast(family) | self.flow(family)
        return found

    def unicast(self, family):
        try:
            prefixes = json.loads(self.ask(f"show bgp {family} unicast json"))["routes"]
        except (ValueError, KeyError):
            return set()
        return {self.words(family, prefix) for prefix in prefixes}

    def words(self, family, prefix):
        try:
            path = json.loads(self.ask(f"show bgp {family} unicast {prefix} json"))["paths"][0]
        except (ValueError, KeyError, IndexError):
            return prefix
        # Later versions add no-export to blackholes by themselves.
        words = path.get("community", {}).get("string", "").split()
        return (f"{prefix} | community {'blackhole' if 'blackhole' in words else words}"
                f" | next_hop {path['nexthops'][0]['ip']}")

    def flow(self, family):
        found = []
        for line in self.ask(f"show bgp {family} flowspec detail").splitlines():
            line = line.strip()
            if line.startswith("BGP flowspec entry"):
                found.append([])
            elif found and line and not re.match("received|not installed|Displayed", line):
                found[-1].append(line)
        return {" | ".join(entry) for entry in found}


class Actuator:
    """tests/netns/bgp: wanted sets in, what was made of them out."""

    def __init__(self, net, settings, die_at=0, networks=("198.51.100.0/24", "2001:db8::/32")):
        if not PROGRAM.exists():
            tap.fail(f"{PROGRAM} is not there: build the tests, or set BGP")
        self.settings, path = settings, net.folder / "weir.yaml"
        self.write(path, networks)
        # A report of leaks would come after each kill.
        argv = net.command([PROGRAM, path, *([str(die_at)] if die_at else [])])
        self.process = tap.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=open(net.folder / "actuator.log", "ab"))
        self.net = net
        kinds = tap.run([PROGRAM, "kinds"]).out.split()
        self.known = settings["kind"] in kinds

    def write(self, path, networks):
        path.write_text(json.dumps({
            "networks": [{"prefix": each} for each in networks],
            "actuators": [self.settings]}))

    def reload(self, networks):
        """From now on these are ours."""
        path = self.net.folder / "reloaded.yaml"
        self.write(path, networks)
        self.process.stdin.write(json.dumps({"reload": str(path)}) + "\n")
        self.process.stdin.flush()
        tap.equal(json.loads(self.process.stdout.readline()), {"err": 0}, "reload")

    def want(self, plans):
        """What became of the set; None if the process died over it."""
        try:
            self.process.stdin.write(json.dumps({"plans": plans}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        self.process.wait(20)
        if self.process.returncode not in (-signal.SIGKILL, 128 + signal.SIGKILL):
            tap.fail(f"the actuator's program ended with {self.process.returncode}: "
                     f"{self.net.said('actuator.log')}")
        return None

    def wants(self, plans):
        """As want(), and all went well."""
        done = self.want(plans)
        tap.true(done is not None, "the actuator's program died")
        tap.equal((done["err"], done["why"]), (0, ""), "result")
        return done

    def end(self):
        self.process.stdin.close()
        tap.equal(self.process.wait(20), 0, f"exit status; {self.net.said('actuator.log')}")
