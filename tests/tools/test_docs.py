#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks of licence lines and of docs: each finds what it is for, and nothing else."""

import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402
import tree  # noqa: E402

CHANGES = {"CHANGELOG.md": "# Changes\n\n## Unreleased\n"}
passes_spdx = functools.partial(tree.passes, "check-spdx")
stops_spdx = functools.partial(tree.stops, "check-spdx")


def passes(files):
    tree.passes("check-docs", CHANGES | files)


def stops(files, *words):
    tree.stops("check-docs", CHANGES | files, *words)


def plugin(**files):
    """A tree with one decoder `foo` that lacks nothing, but for the files given as None."""
    return {name: text for name, text in {
        "src/ingest/meson.build": "decoders = [\n  'foo',  # the only one\n]\n",
        "src/ingest/foo/foo.md": "# foo\n",
        "tests/fuzz/fuzz_foo.c": "int x;\n",
        "tests/fuzz/corpus/foo/empty": "",
    }.items() if name not in files.get("without", ())}


@tap.case
def sources_and_scripts_need_a_licence_line():
    stops_spdx({"src/base/a.c": "int x;\n"}, "src/base/a.c:1: no SPDX line")
    stops_spdx({"src/meson.build": "x = 1\n"}, "src/meson.build")
    stops_spdx({"bin/go": "#!/bin/sh\necho\n"}, "bin/go")
    passes_spdx({
        "src/base/a.c": "/* SPDX-License-Identifier: Apache-2.0 */\nint x;\n",
        "bin/go": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n",
        "docs/page.md": "# no line\n", "tests/data/x.json": "{}\n",
    })


@tap.case
def another_licence_is_for_the_kernel_side_only():
    gpl = "/* SPDX-License-Identifier: GPL-2.0-only */\n"
    stops_spdx({"src/base/a.c": gpl}, "licence GPL-2.0-only")
    passes_spdx({"src/bpf/a.bpf.c": gpl, "tests/bench/a.bpf.c": gpl})


@tap.case
def a_prototype_without_comment_is_stopped():
    stops({"src/base/a.h": "#pragma once\n\nint a_get(const struct a *a,\n\t  int b);\n"},
          "src/base/a.h:3: a_get()")
    stops({"src/base/a.h": "/** Fine. */\nint a_get(void);\nint b_get(void) WEIR_CHECK;\n"},
          "src/base/a.h:3: b_get()")
    stops({"src/base/a.h": "static inline int a_get(int x)\n{\n\treturn x;\n}\n"}, "a_get()")


@tap.case
def a_comment_apart_is_not_adjacent():
    stops({"src/base/a.h": "/** Of something else. */\n\nint a_get(void);\n"}, "a_get()")


@tap.case
def what_is_no_prototype_needs_no_comment():
    passes({"src/base/a.h": """#pragma once
#define A_MAX(a, b) \\
\t((a) > (b) ? (a) : (b))

struct a {
\tint (*run)(void *self);
};

/** a_get() - the a. */
static inline int a_get(int x)
{
\tif (x)
\t\treturn a_of(x);
\treturn 0;
}
"""})


@tap.case
def a_whole_plug_in_passes():
    passes(plugin())


@tap.case
def what_a_plug_in_lacks_is_named():
    stops(plugin(without=["src/ingest/foo/foo.md"]), "src/ingest/foo/foo.md")
    stops(plugin(without=["tests/fuzz/fuzz_foo.c"]), "no fuzz target")
    stops(plugin(without=["tests/fuzz/corpus/foo/empty"]), "no fuzz corpus")


@tap.case
def a_change_log_is_needed():
    stops({"CHANGELOG.md": "# Changes\n"}, "## Unreleased")


@tap.case
def a_link_must_lead_somewhere():
    stops({"docs/a.md": "one\nsee [b](b.md#part)\n"}, "docs/a.md:2: the link to b.md leads nowhere")
    passes({"docs/a.md": "see [b](b.md#part), [web](https://example.org/x), [here](#there)\n",
            "docs/b.md": "b\n"})


if __name__ == "__main__":
    tap.main()
