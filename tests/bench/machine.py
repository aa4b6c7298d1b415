# SPDX-License-Identifier: Apache-2.0
"""What the kernel knows: CPU time of threads, memory, a socket's queue and drops, the machine."""
import contextlib
import os
import pathlib
import platform
import subprocess
import time

PROC = pathlib.Path("/proc")
BUFFER_BYTES = 64 << 20
BUFFER_SYSCTLS = [pathlib.Path(f"/proc/sys/net/core/{n}") for n in ("rmem_max", "rmem_default")]


def tree(pid):
    """The process and its children, theirs included."""
    pids = [pid]
    for one in pids:
        for task in PROC.glob(f"{one}/task/*"):
            with contextlib.suppress(OSError):
                pids += [int(p) for p in (task / "children").read_text().split()]
    return pids


def thread_times(pid):
    """{(pid, thread): (name, CPU ns)} of a process and its children; schedstat counts in ns."""
    times = {}
    for one in tree(pid):
        for task in PROC.glob(f"{one}/task/*"):
            with contextlib.suppress(OSError):
                times[one, int(task.name)] = ((task / "comm").read_text().strip(),
                                              int((task / "schedstat").read_text().split()[0]))
    return times


def spent(before, after):
    """(ns of all threads, {name: ns of the busiest thread with that name})."""
    whole, by_name = 0, {}
    for thread, (name, ns) in after.items():
        used = ns - before.get(thread, (name, 0))[1]
        whole += used
        by_name.setdefault(name, []).append(used)
    return whole, by_name


def memory(pid):
    """Bytes resident, of a process and its children: {"rss": …, "pss": …}."""
    sums = {"rss": 0, "pss": 0}
    for one in tree(pid):
        with contextlib.suppress(OSError):
            for line in (PROC / str(one) / "smaps_rollup").read_text().splitlines():
                key = line.split(":")[0].lower()
                if key in sums:
                    sums[key] += int(line.split()[1]) * 1024
    return sums


def socket_state(port):
    """(bytes queued, datagrams dropped, sockets) of the UDP sockets on this port."""
    queued = dropped = count = 0
    for table in ("udp", "udp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rsplit(":", 1)[1], 16) == port:
                    queued += int(fields[4].split(":")[1], 16)
                    dropped += int(fields[12])
                    count += 1
    return queued, dropped, count


@contextlib.contextmanager
def large_buffers(bytes_wanted=BUFFER_BYTES):
    """While a peer makes its socket: the limits of receive buffers raised, then put back."""
    before = {path: path.read_text() for path in BUFFER_SYSCTLS}
    try:
        with contextlib.suppress(PermissionError):
            for path in BUFFER_SYSCTLS:
                if int(path.read_text()) < bytes_wanted:
                    path.write_text(str(bytes_wanted))
        yield
    finally:
        for path, value in before.items():
            if path.read_text() != value:
                path.write_text(value)


def may_raise_buffers():
    return os.access(BUFFER_SYSCTLS[0], os.W_OK)


def stolen_ticks():
    """Clock ticks that the host of a virtual machine took away, all processors."""
    return int((PROC / "stat").read_text().split("\n", 1)[0].split()[8])


def run_text(*argv):
    with contextlib.suppress(OSError):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return None


def already_running(names):
    """{name: process ids} of programs of these names that somebody else has started."""
    found = {}
    for path in PROC.glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            name = path.read_text().strip()
            if name in names:
                found.setdefault(name, []).append(int(path.parent.name))
    return found


def processor():
    for line in (PROC / "cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def describe(top):
    release = dict(line.split("=", 1) for line in
                   pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    total = int((PROC / "meminfo").read_text().split()[1]) * 1024
    return {
        "processor": processor(),
        "processors": len(os.sched_getaffinity(0)),
        "virtual": "hypervisor" in (PROC / "cpuinfo").read_text(),
        "memory_bytes": total,
        "kernel": platform.release(),
        "system": release.get("PRETTY_NAME", "").strip('"'),
        "compiler": (run_text("cc", "--version") or "").split("\n")[0],
        "commit": run_text("git", "-C", str(top), "rev-parse", "--short=12", "HEAD"),
        "changed_files": len((run_text("git", "-C", str(top), "status", "--porcelain",
                                       "--untracked-files=no") or "").splitlines()),
        "buffers_raised": may_raise_buffers(),
        "load": os.getloadavg(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
