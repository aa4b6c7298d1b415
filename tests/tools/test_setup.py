#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installing packages, with a dpkg and an apt of our own: nothing real is asked or installed."""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

PACKAGES = """# group: build
meson
libone-dev

# group: test
libtwo-dev

# group: lint
judge-14 ?
"""
TOOLS = "awk bash cat cut dirname env grep mktemp rm sed sh sort tail tr".split()
FAKES = {
    "dpkg-query": 'for p; do grep -qxF "$p" "$FAKE/have" && echo "installed $p"; done; exit 1',
    "apt-cache": 'grep -qxF "$2" "$FAKE/offered" || { echo "  Candidate: (none)"; exit 1; };'
                 ' echo "  Candidate: 1.0"',
    "apt-get": 'echo "$@" >> "$FAKE/calls"\n'
               'for p; do grep -qxF "$p" "$FAKE/offered" && echo "$p" >> "$FAKE/have"; done\n'
               'case "$*" in *absent*) echo "E: Unable to locate" >&2; exit 100;; esac',
    "id": 'cat "$FAKE/uid"',
}


class Machine:
    """A machine with these packages installed and on offer, and the user root or not."""

    def __init__(self, have="", offered="meson libone-dev libtwo-dev", root=True,
                 packages=PACKAGES):
        self.folder = tap.scratch()
        (self.folder / "tools").mkdir()
        (self.folder / "bin").mkdir()
        shutil.copy(tap.ROOT / "tools" / "setup.sh", self.folder / "tools")
        self.write("tools/packages.txt", packages)
        self.write("have", "\n".join(have.split()) + "\n")
        self.write("offered", "\n".join(offered.split()) + "\n")
        self.write("uid", "0" if root else "1000")
        self.write("calls", "")
        for tool in TOOLS:
            (self.folder / "bin" / tool).symlink_to(shutil.which(tool))
        for name, body in FAKES.items():
            self.write(f"bin/{name}", f"#!/bin/bash\n{body}\n").chmod(0o755)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def setup(self, *arguments, status=0):
        return tap.run([self.folder / "tools" / "setup.sh", *arguments], status=status,
                       env={"PATH": str(self.folder / "bin"), "FAKE": str(self.folder)})

    def calls(self):
        return (self.folder / "calls").read_text()


@tap.case
def with_all_there_it_says_and_does_nothing():
    machine = Machine(have="meson libone-dev")
    done = machine.setup("build")
    tap.equal(done.out + done.err + machine.calls(), "")


@tap.case
def what_is_missing_is_installed_and_only_that():
    machine = Machine(have="meson")
    tap.equal(machine.setup("build", "test").out,
              "installing 2 Debian packages: libone-dev libtwo-dev\n")
    tap.contains(machine.calls(), "install --no-install-recommends libone-dev libtwo-dev\n")
    tap.equal(machine.setup("build", "test").out, "", "second run")


@tap.case
def a_package_that_went_away_is_noticed():
    machine = Machine(have="meson libone-dev")
    machine.setup("build")
    machine.write("have", "meson\n")
    tap.contains(machine.setup("build").out, "libone-dev")


@tap.case
def without_root_and_sudo_it_says_what_to_do():
    machine = Machine(have="meson", root=False)
    done = machine.setup("build", status=1)
    tap.contains(done.err, "neither root nor sudo")
    tap.contains(done.err, "apt-get install libone-dev")
    tap.equal(machine.calls(), "")


@tap.case
def what_this_release_does_not_have_is_done_without():
    machine = Machine()
    tap.equal(machine.setup("lint").out, "")
    tap.equal(machine.calls(), "")
    machine = Machine(offered="judge-14")
    tap.contains(machine.setup("lint").out, "judge-14")


@tap.case
def a_package_apt_does_not_find_ends_it_after_one_update():
    machine = Machine(packages="# group: build\nabsent-dev\n")
    done = machine.setup("build", status=1)
    tap.contains(machine.calls(), "update")
    tap.contains(done.err, "E: Unable to locate")
    tap.contains(done.err, "apt-get install absent-dev")


@tap.case
def an_unknown_group_is_a_usage_error():
    tap.contains(Machine().setup("biuld", status=2).err, "groups: build test lint")
    Machine().setup(status=2)


if __name__ == "__main__":
    tap.main()
