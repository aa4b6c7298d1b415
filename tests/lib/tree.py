# SPDX-License-Identifier: Apache-2.0
"""Small trees of files for the tests of the project's own checks."""

import shutil

import tap


def tree(files):
    """A scratch tree with the real tables of tools/ and these files {path: text}."""
    root = tap.scratch()
    (root / "tools").mkdir()
    shutil.copy(tap.ROOT / "tools" / "layers.txt", root / "tools")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def copy_of_the_project():
    """A scratch copy of what the repository holds, without git and without build folders."""
    root = tap.scratch() / "copy"
    shutil.copytree(tap.ROOT, root, symlinks=True, ignore=shutil.ignore_patterns(
        ".git", "build", "node_modules", "__pycache__"))
    return root


def passes(check, files):
    """The check of tools/ finds nothing in such a tree."""
    tap.run([tap.ROOT / "tools" / check, "--root", tree(files)], status=0)


def stops(check, files, *words):
    """The check of tools/ finds something in such a tree, and says these words."""
    done = tap.run([tap.ROOT / "tools" / check, "--root", tree(files)], status=1)
    for word in words:
        tap.contains(done.out, word)
