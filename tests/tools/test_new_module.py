#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scaffold: each kind of plug-in builds and passes its own tests as it is."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402
import tree  # noqa: E402

NEW_MODULE = tap.ROOT / "tools" / "new-module"
ROOMS = {"decoder": "ingest", "detector": "detect", "actuator": "actuate", "sink": "report"}


def scaffold(root, kind, name, status=0):
    return tap.run([NEW_MODULE, "--root", root, kind, name], status=status)


def files_of(root):
    return {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}


@tap.case
def every_kind_builds_and_passes_its_tests():
    tap.need("meson", "ninja")
    root = tree.copy_of_the_project()
    programs = ["tests/fuzz/fuzz_try_decoder"]
    for kind, room in ROOMS.items():
        scaffold(root, kind, f"try_{kind}")
        programs.append(f"tests/unit/{room}_test_try_{kind}")
    tap.run(["meson", "setup", root / "b", root])
    done = tap.run(["ninja", "-C", root / "b", *programs], timeout=500)
    tap.equal(re.findall(r"try_\w+\.c:\d+.*", done.out), [], "warnings")
    for kind, room in ROOMS.items():
        tap.run([root / "b" / "tests" / "unit" / f"{room}_test_try_{kind}"])
    tap.run([root / "b" / programs[0], root / "tests" / "fuzz" / "corpus" / "try_decoder"])


@tap.case
def what_it_makes_passes_the_checks():
    root = tree.copy_of_the_project()
    for kind in ROOMS:
        scaffold(root, kind, f"try_{kind}")
    for check in ("layers", "banned", "spdx", "docs"):
        done = tap.run([tap.ROOT / "tools" / f"check-{check}", "--root", root], status=None)
        tap.lacks(done.out, "try_")
    left = [p for p in root.rglob("*") if "try_" in str(p) and p.is_file()
            and b"@NAME@" in p.read_bytes()]
    tap.equal(left, [], "files in which the name was not put in")


@tap.case
def nothing_is_written_over():
    root = tree.copy_of_the_project()
    scaffold(root, "sink", "try_sink")
    before = files_of(root)
    tap.contains(scaffold(root, "sink", "try_sink", status=1).err, "exists already")
    tap.equal(files_of(root) == before, True, "the tree is as it was")


@tap.case
def a_name_that_c_would_not_take_is_refused():
    root = tree.copy_of_the_project()
    before = files_of(root)
    for name in ("Foo", "2foo", "foo-bar", "../foo"):
        tap.contains(scaffold(root, "decoder", name, status=1).err, "cannot be a name")
    tap.run([NEW_MODULE, "--root", root, "gadget", "foo"], status=2)
    tap.equal(files_of(root) == before, True, "the tree is as it was")


if __name__ == "__main__":
    tap.main()
