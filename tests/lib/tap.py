# SPDX-License-Identifier: Apache-2.0
"""Black-box tests in Python: each case is a function, the output is TAP.

    import tap

    @tap.case
    def says_the_version():
        done = tap.run([tap.weir(), "--version"])
        tap.contains(done.out, "weir")

    if __name__ == "__main__":
        tap.main()

The case's name is the function's, with blanks for underscores; `@tap.case("any words")` gives
another. A case fails by an exception (the checks below raise tap.Failed), is passed over by
tap.skip("reason"), and gets its own scratch folder by tap.scratch(). What it started with
tap.start() is stopped when it ends, by pid.

    python3 tests/tools/test_layers.py                 all cases
    python3 tests/tools/test_layers.py allowed         only the cases with that word in the name
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass

TAIL_LINES = 40
ROOT = pathlib.Path(__file__).resolve().parents[2]

_cases = []
cleanups = []


class Failed(Exception):
    """A check did not hold; the message says what was wanted and what came."""


class Skipped(Exception):
    """The case cannot run here; the message says what is missing."""


@dataclass
class Done:
    """What a finished command left behind. A status below zero is the signal that ended it."""
    argv: list
    status: int
    out: str
    err: str

    def __str__(self):
        text = f"command: {' '.join(self.argv)}\nexit status: {self.status}"
        for name, part in (("stdout", self.out), ("stderr", self.err)):
            if part:
                text += f"\n{name}:\n" + tail(part)
        return text


def case(arg):
    """Register a case: `@case` or `@case("words that say what must hold")`."""
    if callable(arg):
        _cases.append((arg.__name__.replace("_", " "), arg))
        return arg

    def register(function):
        _cases.append((arg, function))
        return function
    return register


def tail(text, lines=TAIL_LINES):
    """The last lines of a long text, saying how many went before."""
    rows = text.splitlines()
    if len(rows) <= lines:
        return "\n".join(rows)
    return "\n".join([f"[{len(rows) - lines} lines before]"] + rows[-lines:])


def fail(message):
    """End the case as failed."""
    raise Failed(message)


def skip(reason):
    """End the case as skipped; the reason says what to do to make it run."""
    raise Skipped(reason)


def need(*programs):
    """Skip the case unless all these programs are on the path."""
    missing = [p for p in programs if shutil.which(p) is None]
    if missing:
        skip(f"needs {', '.join(missing)}")


def true(condition, what):
    """Fail with `what` unless the condition holds."""
    if not condition:
        fail(what)


def equal(got, want, what="value"):
    """Fail unless got == want, showing both."""
    if got != want:
        fail(f"{what} differs\nwanted: {want!r}\ngot:    {got!r}")


def contains(text, part, what="output"):
    """Fail unless `part` occurs in `text`."""
    if part not in text:
        fail(f"{what} does not contain {part!r}; it is:\n{tail(text)}")


def lacks(text, part, what="output"):
    """Fail if `part` occurs in `text`."""
    if part in text:
        fail(f"{what} contains {part!r}; it is:\n{tail(text)}")


def _environment(more):
    return None if more is None else {**os.environ, **more}


def _text(raw):
    return raw.decode(errors="replace") if isinstance(raw, bytes) else raw or ""


def run(argv, *, status=0, stdin=None, timeout=60, env=None, cwd=None):
    """Run a command to its end. Fails unless it exits with `status` (None: any).

    `env` adds to the environment; `stdin` is a text to feed it."""
    argv = [str(a) for a in argv]
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, errors="replace",
                              timeout=timeout, env=_environment(env), cwd=cwd, check=False)
    except subprocess.TimeoutExpired as late:
        shown = " ".join(argv)
        fail(f"still running after {timeout} s: {shown}\n{tail(_text(late.stderr))}")
    except FileNotFoundError as missing:
        fail(f"cannot start {argv[0]}: {missing.strerror}")
    result = Done(argv, done.returncode, done.stdout, done.stderr)
    if status is not None and done.returncode != status:
        fail(f"wanted exit status {status}\n{result}")
    return result


def start(argv, *, env=None, cwd=None, **more):
    """Start a command that keeps running; when the case ends it gets TERM, after 10 s KILL."""
    more.setdefault("stdin", subprocess.DEVNULL)
    more.setdefault("stdout", subprocess.DEVNULL)
    more.setdefault("stderr", subprocess.DEVNULL)
    child = subprocess.Popen([str(a) for a in argv], text=True, cwd=cwd, env=_environment(env),
                             **more)
    cleanups.append(lambda: stop(child))
    return child


def stop(child, sig=signal.SIGTERM, timeout=10):
    """Stop what start() gave and return its exit status. Fails when it must be killed."""
    if child.poll() is None:
        child.send_signal(sig)
    try:
        return child.wait(timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        name = signal.Signals(sig).name
        fail(f"still running {timeout} s after {name}, killed: {child.args}")


def wait_for(condition, what, timeout=10, step=0.05):
    """Call `condition` until it gives something true, and return that; fails with `what`."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            fail(f"not within {timeout} s: {what}")
        time.sleep(step)


def free_port(kind=socket.SOCK_DGRAM, host="127.0.0.1"):
    """A port nobody listens on just now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def scratch():
    """A new folder that is removed when the case ends."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-test-"))
    cleanups.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    return folder


def weir():
    """The program under test: $WEIR from the build system, else build/release/weir."""
    path = pathlib.Path(os.environ.get("WEIR", ROOT / "build" / "release" / "weir"))
    if not path.exists():
        fail(f"{path} is not there: run `make build`, or set WEIR to the program to test")
    return str(path)


def data():
    """The folder of recorded exporter data beside the repository; skips the case without it."""
    folder = pathlib.Path(os.environ.get("WEIR_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        skip(f"no recorded data in {folder}: set WEIR_DATA to the folder")
    return folder


def clean_up():
    """End what the case started, the latest first; main() does it after each case."""
    problem = None
    while cleanups:
        try:
            cleanups.pop()()
        except Failed as failed:
            problem = problem or failed
    if problem:
        raise problem


def _place(failed):
    """Where in the test program the check stood, for the first line of the diagnostics."""
    frames = traceback.extract_tb(failed.__traceback__)
    outside = [f for f in frames if pathlib.Path(f.filename) != pathlib.Path(__file__)]
    if not outside:
        return ""
    return f"{pathlib.Path(outside[-1].filename).name}:{outside[-1].lineno}: "


def _run_case(function):
    """(passed, reason of a skip, diagnostics of a failure)"""
    try:
        try:
            function()
        finally:
            clean_up()
    except Skipped as skipped:
        return True, str(skipped), ""
    except Failed as failed:
        return False, "", _place(failed) + str(failed)
    except Exception:  # a broken case must not take the others with it
        return False, "", traceback.format_exc()
    return True, "", ""


def main():
    """Run the cases, all or those named by a word of the command line; exit 0 if none failed."""
    words = sys.argv[1:]
    chosen = [c for c in _cases if not words or any(w in c[0] for w in words)]
    print(f"1..{len(chosen)}" if chosen else "1..0 # SKIP no case has that name", flush=True)
    failures = 0
    for number, (name, function) in enumerate(chosen, 1):
        passed, reason, trouble = _run_case(function)
        failures += not passed
        name = name.replace("#", "")
        end = " # SKIP " + " ".join(reason.split()) if reason else ""
        print(f"{'ok' if passed else 'not ok'} {number} - {name}{end}")
        for line in trouble.splitlines():
            print("#   " + line)
        sys.stdout.flush()
    sys.exit(1 if failures or not chosen else 0)
