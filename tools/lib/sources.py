# SPDX-License-Identifier: Apache-2.0
"""What the checks share: finding the sources, reading C without its comments, reporting."""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGIN_ROOMS = {"ingest": "decoders", "detect": "detectors", "actuate": "actuators",
                "report": "sinks"}

# A comment, or a string or character constant: whichever starts first wins.
_COMMENT_OR_TEXT = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""",
                              re.DOTALL)


def _blank(match, keep_text):
    text = match.group(0)
    if keep_text and text[0] in "\"'":
        return text
    if text[0] in "\"'":
        return text[0] + " " * (len(text) - 2) + text[-1]
    return re.sub(r"[^\n]", " ", text)


def without_comments(text, keep_text=False):
    """The C text with comments (and string constants, unless kept) blanked, lines unmoved."""
    return _COMMENT_OR_TEXT.sub(lambda m: _blank(m, keep_text), text)


def read(path):
    """A file's text; bytes that are no UTF-8 are replaced."""
    return path.read_text(encoding="utf-8", errors="replace")


def c_files(root, *folders):
    """All .c and .h files below these folders of the tree, sorted."""
    found = []
    for folder in folders:
        found += [p for p in (root / folder).rglob("*.[ch]") if p.is_file()]
    return sorted(found)


def tracked(root):
    """All files that git keeps (or would, if added); without git, all but the build folder."""
    if (root / ".git").exists():
        listing = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others",
                                  "--exclude-standard"], capture_output=True, check=True)
        names = sorted(set(listing.stdout.decode().split("\0")) - {""})
        return [root / n for n in names if (root / n).is_file()]
    return sorted(p for p in root.rglob("*")
                  if p.is_file() and p.relative_to(root).parts[0] not in ("build", ".git"))


def plugins(root):
    """{room: [names]} as the lists in src/<room>/meson.build say."""
    found = {}
    for room, variable in PLUGIN_ROOMS.items():
        build = root / "src" / room / "meson.build"
        text = re.sub(r"#[^\n]*", "", read(build)) if build.exists() else ""
        listed = re.search(rf"^\s*{variable}\s*=\s*\[(.*?)\]", text, re.DOTALL | re.MULTILINE)
        found[room] = re.findall(r"'([^']+)'", listed.group(1)) if listed else []
    return found


class Report:
    """Collects findings and prints them as `file:line: what` with `what to do` below."""

    def __init__(self, name, root):
        self.name, self.root, self.count = name, root, 0

    def add(self, path, line, what, advice=""):
        place = path.relative_to(self.root) if path.is_absolute() else path
        print(f"{place}:{line}: {what}" if line else f"{place}: {what}")
        if advice:
            print(f"    {advice}")
        self.count += 1

    def finish(self):
        """Exit: 0 when nothing was found."""
        if self.count:
            print(f"{self.name}: {self.count} finding{'s' if self.count > 1 else ''}",
                  file=sys.stderr)
        sys.exit(1 if self.count else 0)


def options(description):
    """The command line of every check: an optional other tree to look at."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help="the tree to check")
    args = parser.parse_args()
    args.root = args.root.resolve()
    return args
