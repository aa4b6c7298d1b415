#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The check of banned calls: each rule stops its call, its exceptions and excuses pass."""

import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402
import tree  # noqa: E402

passes = functools.partial(tree.passes, "check-banned")
stops = functools.partial(tree.stops, "check-banned")


def stops_call(path, call, *words):
    stops({path: f"void f(void)\n{{\n\t{call};\n}}\n"}, f"{path}:3:", *words)


def passes_call(path, call):
    passes({path: f"void f(void)\n{{\n\t{call};\n}}\n"})


@tap.case
def calls_that_write_without_limit_are_stopped_everywhere():
    for call in ("strcpy(a, b)", "strcat(a, b)", "sprintf(a, b)", "vsprintf(a, b, c)", "gets(a)",
                 "strtok(a, b)", "alloca(n)"):
        stops_call("src/model/flow.c", call, "is banned here")
        stops_call("tests/unit/test_flow.c", call)


@tap.case
def numbers_are_parsed_in_one_place():
    for call in ("atoi(a)", "atol(a)", "strtol(a, 0, 10)", "strtoull(a, 0, 10)", "strtod(a, 0)"):
        stops_call("src/config/load.c", call, "base/parse.h")
    passes_call("src/base/parse.c", "x = strtod(a, &end)")


@tap.case
def clocks_are_read_in_one_place():
    for call in ("time(NULL)", "clock_gettime(CLOCK_REALTIME, &t)", "gettimeofday(&t, 0)"):
        stops_call("src/daemon/loop.c", call, "base/clock.h")
    passes_call("src/base/clock.c", "clock_gettime(CLOCK_MONOTONIC, &t)")


@tap.case
def only_the_command_speaks_to_stdout():
    stops_call("src/detect/detect.c", 'printf("x")', "stdout")
    stops_call("src/report/plain/plain.c", 'fprintf(stdout, "x")')
    stops_call("src/report/plain/plain.c", 'fputs("x", stdout)')
    passes_call("src/report/plain/plain.c", 'fprintf(out, "x")')
    passes_call("src/cli/status.c", 'printf("x")')
    passes_call("src/daemon/main.c", 'printf("x")')


@tap.case
def only_main_ends_the_program():
    stops_call("src/daemon/loop.c", "exit(1)", "error code")
    stops_call("src/base/log.c", "abort()")
    passes_call("src/daemon/main.c", "exit(1)")
    passes_call("src/cli/run.c", "exit(1)")


@tap.case
def hot_files_take_no_memory():
    for call in ("malloc(n)", "calloc(1, n)", "realloc(p, n)", "strdup(s)"):
        stops_call("src/ingest/netflow5/netflow5.c", f"p = {call}", "at open")
        stops_call("src/tally/shard.c", f"p = {call}")
        passes_call("src/incident/incident.c", f"p = {call}")
    passes_call("src/tally/shard.c", "free(p)")


@tap.case
def an_excuse_needs_a_reason_and_something_to_excuse():
    passes_call("src/tally/shard.c", "p = malloc(n); /* banned-ok: once, at open */")
    passes_call("src/tally/shard.c", "p = calloc(n,\n\t\t   m); /* banned-ok: once, at open */")
    stops_call("src/tally/shard.c", "p = malloc(n); /* banned-ok: */", "without a reason")
    stops_call("src/tally/shard.c", "p = malloc(n); /* banned-ok */", "without a reason")
    stops_call("src/tally/shard.c", "p = 0; /* banned-ok: once, at open */", "nothing is banned")


@tap.case
def names_that_only_look_alike_pass():
    passes_call("src/model/flow.c", "x = flow_time(f) + f->time(1) + ops.exit(2) + strtol_like(3)")
    passes_call("src/model/flow.c", 'x = "exit(1) strcpy(a, b)"; /* never exit(1) */')
    passes_call("src/model/flow.c", "snprintf(a, n, b)")


if __name__ == "__main__":
    tap.main()
