#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layer check: it must let the allowed includes pass, and stop each kind of forbidden one."""

import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402
import tree  # noqa: E402

CHECK = tap.ROOT / "tools" / "check-layers"
passes = functools.partial(tree.passes, "check-layers")
stops = functools.partial(tree.stops, "check-layers")


@tap.case
def allowed_includes_pass():
    passes({
        "src/base/hash.c": '#include <stdint.h>\n#include "base/hash.h"\n',
        "src/base/hash.h": "int hash_get(void);\n",
        "src/model/flow.c": '#include "base/hash.h"\n',
        "src/ingest/udp.c": '#include "model/flow.h"\n#include "config/config.h"\n',
        "src/ingest/netflow5/netflow5.c": '#include "ingest/decoder.h"\n',
        "src/actuate/xdp/xdp.c": '#include "bpf/abi.h"\n',
        "src/daemon/pipeline.c": '#include "tally/shard.h"\n#include "detect/detector.h"\n',
        "src/cli/status.c": '#include "control/client.h"\n',
        "tests/unit/test_hash.c": '#include "base/hash.h"\n#include "tally/shard.h"\n'
                                  "extern const struct decoder decoder_netflow5;\n",
    })


@tap.case
def a_stage_that_includes_another_stage_is_stopped_with_file_and_line():
    stops({"src/tally/shard.c": '#include <stdint.h>\n\n#include "ingest/decoder.h"\n'},
          "src/tally/shard.c:3:", 'tally must not include "ingest/decoder.h"', "function pointer")


@tap.case
def base_that_includes_a_noun_is_stopped():
    stops({"src/base/hash.c": '#include "model/flow.h"\n'}, "base must not include")


@tap.case
def a_plug_in_that_includes_its_sibling_is_stopped():
    stops({"src/ingest/ipfix/ipfix.c": '#include "ingest/netflow9/netflow9.h"\n'},
          "plug-in ingest/ipfix must not include its sibling")


@tap.case
def a_room_that_includes_its_plug_in_is_stopped():
    stops({"src/detect/detect.c": '#include "detect/threshold/threshold.h"\n'},
          "room detect must not include its plug-in")


@tap.case
def control_that_looks_into_a_stage_is_stopped():
    stops({"src/control/api.c": '#include "incident/journal.h"\n'}, "control must not include")


@tap.case
def the_kernel_side_is_seen_by_one_header_only():
    stops({"src/actuate/xdp/xdp.c": '#include "bpf/maps.h"\n'},
          'actuate must not include "bpf/maps.h"')


@tap.case
def an_unknown_room_is_stopped():
    stops({"src/util/misc.c": "int x;\n"}, "room `util` is not in")
    stops({"src/main.c": "int x;\n"}, "outside the rooms")
    stops({"src/model/flow.c": '#include "util/misc.h"\n'}, "no room `util`")


@tap.case
def a_header_away_from_its_source_is_stopped():
    stops({"src/model/include/flow.h": "int x;\n", "src/model/flow.c": "int y;\n"},
          "a folder without sources")


@tap.case
def detours_are_stopped():
    stops({"src/tally/shard.c": '#include "../ingest/decoder.h"\n'}, "climbs out of its folder")
    stops({"src/tally/shard.c": "int x;\nextern int ingest_count;\n"}, "src/tally/shard.c:2:",
          "`extern` in a .c file")
    stops({"src/tally/shard.c": "#include <ingest/udp.h>\n", "src/ingest/udp.h": "int x;\n",
           "src/ingest/udp.c": "int y;\n"}, "header of our own")


@tap.case
def comments_do_not_count():
    passes({"src/tally/shard.c": '/*\n#include "ingest/decoder.h"\nextern int x;\n*/\n// extern\n'})


@tap.case
def the_real_tree_passes_and_fails_with_one_forbidden_include_more():
    root = tree.copy_of_the_project()
    tap.run([CHECK, "--root", root], status=0)
    sources = sorted((root / "src" / "model").glob("*.c"))
    tap.true(sources, "src/model has sources")
    with sources[0].open("a") as file:
        file.write('#include "daemon/pipeline.h"\n')
    done = tap.run([CHECK, "--root", root], status=1)
    tap.contains(done.out, f"src/model/{sources[0].name}:")
    tap.contains(done.out, 'model must not include "daemon/pipeline.h"')


if __name__ == "__main__":
    tap.main()
