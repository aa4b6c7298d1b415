#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The git hooks: good messages and sources pass, each fault is stopped and named."""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

HOOKS = tap.ROOT / "tools" / "hooks"
BODY = "\n\nWhat came before its template was lost.\n"
GOOD = "ingest: hold data until their template comes"


def commit_msg(text, status):
    path = tap.scratch() / "message"
    path.write_text(text)
    return tap.run([HOOKS / "commit-msg", path], status=status).err


def repository():
    """A new repository with our tools, and the hooks in force."""
    tap.need("git")
    root = tap.scratch()
    shutil.copytree(tap.ROOT / "tools", root / "tools",
                    ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tap.ROOT / ".clang-format", root)
    (root / "src" / "model").mkdir(parents=True)
    git(root, "init", "-q")
    git(root, "config", "core.hooksPath", "tools/hooks")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "tools: begin" + BODY)
    return root


def git(root, *arguments, status=0):
    return tap.run(["git", "-C", root, "-c", "user.name=A", "-c", "user.email=a@example.org",
                    *arguments], status=status)


def commit(root, text, status):
    """Stage src/model/flow.c with this text and commit it; what was said."""
    head = "/* SPDX-License-Identifier: Apache-2.0 */\n"
    (root / "src" / "model" / "flow.c").write_text(head + text)
    git(root, "add", "-A")
    return git(root, "commit", "-q", "-m", "model: try" + BODY, status=status)


@tap.case
def good_messages_pass():
    commit_msg(GOOD + BODY, 0)
    commit_msg("# a comment of git\n" + GOOD + BODY + "\nSpec: RFC 7011, section 8\n", 0)
    commit_msg("tests/fuzz: add inputs" + BODY, 0)
    commit_msg("fixup! " + GOOD + "\n", 0)


@tap.case
def a_subject_of_another_form_is_stopped():
    tap.contains(commit_msg("hold data" + BODY, 1), "room: imperative effect")
    tap.contains(commit_msg("misc: hold data" + BODY, 1), "no room `misc`")
    tap.contains(commit_msg("ingest: Hold data" + BODY, 1), "lower case")
    tap.contains(commit_msg("ingest: holds data." + BODY, 1), "full stop")
    tap.contains(commit_msg("ingest: added a table" + BODY, 1), "not `added`")
    tap.contains(commit_msg("", 1), "room: imperative effect")


@tap.case
def the_subject_has_at_most_72_characters():
    commit_msg("ingest: " + "x" * 64 + BODY, 0)
    tap.contains(commit_msg("ingest: " + "x" * 65 + BODY, 1), "73 characters")


@tap.case
def the_body_is_required():
    tap.contains(commit_msg(GOOD + "\n", 1), "body is missing")
    tap.contains(commit_msg(GOOD + "\n\n# only a comment\n", 1), "body is missing")
    tap.contains(commit_msg(GOOD + "\n\nFixes: 0123abc\n", 1), "body is missing")
    tap.contains(commit_msg(GOOD + "\nat once\n", 1), "second line must be blank")


@tap.case
def a_good_source_is_committed():
    commit(repository(), "int flow_count;\n", 0)


@tap.case
def a_bad_source_is_not_committed():
    root = repository()
    tap.contains(commit(root, '#include "tally/shard.h"\n', 1).err, "must not include")
    tap.contains(commit(root, "void f(void)\n{\n\texit(1);\n}\n", 1).err, "exit() is banned")
    tap.equal(git(root, "rev-list", "--count", "HEAD").out, "1\n", "number of commits")


@tap.case
def an_unformatted_source_is_not_committed():
    tap.need("clang-format-14")
    tap.contains(commit(repository(), "int   flow_count;\n", 1).err, "make fmt")


@tap.case
def what_is_staged_counts_not_what_lies_around():
    root = repository()
    commit(root, "int flow_count;\n", 0)
    (root / "src" / "model" / "flow.c").write_text("no licence, and strcpy(a, b)\n")
    (root / "notes.md").write_text("x\n")
    git(root, "add", "notes.md")
    git(root, "commit", "-q", "-m", "docs: add notes" + BODY)


if __name__ == "__main__":
    tap.main()
