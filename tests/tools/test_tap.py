#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test helper itself: a failing case fails, a skipped one says why, nothing stays behind."""

import os
import pathlib
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402


def run_cases(body, status):
    """Write a test program with these cases, run it, and give back what it printed."""
    program = tap.scratch() / "test_sample.py"
    lib = str(tap.ROOT / "tests" / "lib")
    head = f"import sys\nsys.path.insert(0, {lib!r})\nimport tap\n"
    program.write_text(head + textwrap.dedent(body) + "\ntap.main()\n")
    return tap.run([sys.executable, program], status=status).out


@tap.case
def a_case_that_holds_is_ok():
    out = run_cases("""
        @tap.case
        def one_and_one():
            tap.equal(1 + 1, 2)
    """, 0)
    tap.equal(out, "1..1\nok 1 - one and one\n")


@tap.case
def a_failed_check_is_not_ok_and_says_both_values():
    out = run_cases("""
        @tap.case
        def one_and_one():
            tap.equal(1 + 1, 3, "sum")
        @tap.case
        def after_it():
            pass
    """, 1)
    tap.contains(out, "not ok 1 - one and one\n")
    tap.contains(out, "sum differs")
    tap.contains(out, "wanted: 3")
    tap.contains(out, "\nok 2 - after it\n")


@tap.case
def an_unexpected_exception_is_a_failure():
    out = run_cases("""
        @tap.case
        def broken():
            {}["absent"]
    """, 1)
    tap.contains(out, "not ok 1 - broken")
    tap.contains(out, "KeyError")


@tap.case
def a_skip_carries_its_reason():
    out = run_cases("""
        @tap.case
        def elsewhere():
            tap.skip("needs a moon")
    """, 0)
    tap.contains(out, "ok 1 - elsewhere # SKIP needs a moon\n")


@tap.case
def a_wrong_exit_status_shows_the_command_and_its_output():
    out = run_cases("""
        @tap.case
        def says_no():
            tap.run(["sh", "-c", "echo because >&2; exit 3"])
    """, 1)
    tap.contains(out, "exit status: 3")
    tap.contains(out, "because")


@tap.case
def a_command_that_hangs_is_a_failure():
    out = run_cases("""
        @tap.case
        def hangs():
            tap.run(["sleep", "30"], timeout=0.2)
    """, 1)
    tap.contains(out, "still running after 0.2 s")


@tap.case
def what_a_case_started_does_not_outlive_it():
    note = tap.scratch() / "pid"
    run_cases(f"""
        @tap.case
        def leaves_a_child():
            child = tap.start(["sleep", "30"])
            open({str(note)!r}, "w").write(str(child.pid))
    """, 0)
    pid = int(note.read_text())
    tap.true(not os.path.exists(f"/proc/{pid}"), f"process {pid} is still there")


@tap.case
def a_name_that_no_case_has_is_an_error():
    tap.run([sys.executable, __file__, "no such case at all"], status=1)


if __name__ == "__main__":
    tap.main()
