#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The counting of test results: real runs of `meson test` over programs that end in every way."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

SUMMARY = tap.ROOT / "tools" / "test-summary"


def summarise(programs, status):
    """Make a project of these programs {name: (protocol, shell text)}, test it, and summarise."""
    tap.need("meson")
    tree = tap.scratch()
    build = ["project('sample', meson_version: '>= 1.0')"]
    for name, (protocol, text) in programs.items():
        (tree / f"{name}.sh").write_text(text)
        build.append(f"test('{name}', find_program('sh'), args: files('{name}.sh'),"
                     f" protocol: '{protocol}', timeout: 2)")
    (tree / "meson.build").write_text("\n".join(build) + "\n")
    tap.run(["meson", "setup", tree / "build", tree])
    tap.run(["meson", "test", "-C", tree / "build", "--no-rebuild"], status=None)
    return tap.run([SUMMARY, tree / "build" / "meson-logs" / "testlog.json"], status=status)


def last_line(done):
    return done.out.splitlines()[-1]


@tap.case
def every_tap_case_counts_once():
    done = summarise({
        "three": ("tap", "printf '1..3\\nok 1 - a\\nok 2 - b\\nok 3 - c\\n'"),
        "plain": ("exitcode", "exit 0"),
    }, 0)
    tap.equal(last_line(done), "4 passed, 0 failed, 0 skipped")


@tap.case
def of_several_logs_all_count_and_none_may_be_missing():
    first = tap.scratch() / "testlog.json"
    first.write_text('{"name": "a", "result": "OK", "returncode": 0, "duration": 1, "stdout": "", "stderr": ""}\n')
    other = tap.scratch() / "testlog.json"
    other.write_text('{"name": "races", "result": "SKIP", "returncode": 77, "duration": 0, '
                     '"stdout": "no thread sanitizer here", "stderr": ""} \n')
    done = tap.run([SUMMARY, first, other], status=0)
    tap.contains(done.out, "no thread sanitizer here")
    tap.equal(last_line(done), "1 passed, 0 failed, 1 skipped")
    done = tap.run([SUMMARY, first, first.parent / "none.json"], status=1)
    tap.equal(last_line(done), "1 passed, 1 failed, 0 skipped")


@tap.case
def a_failed_case_is_named_with_its_diagnostics():
    done = summarise({"two": ("tap", "echo 1..2; echo 'not ok 1 - first'; echo '# because of x';"
                                     "echo 'ok 2 - second'; exit 1")}, 1)
    tap.contains(done.out, "FAILED two: first")
    tap.contains(done.out, "because of x")
    tap.equal(last_line(done), "1 passed, 1 failed, 0 skipped")


@tap.case
def a_crash_after_good_cases_is_a_failure():
    done = summarise({"dies": ("tap", "echo 1..2; echo 'ok 1 - a'; echo last words >&2;"
                                      "kill -SEGV $$")}, 1)
    tap.contains(done.out, "signal 11")
    tap.contains(done.out, "last words")
    tap.equal(last_line(done), "1 passed, 1 failed, 0 skipped")


@tap.case
def a_sanitizer_report_after_good_cases_is_a_failure():
    done = summarise({"leaks": ("tap", "echo 1..1; echo 'ok 1 - a';"
                                       "echo 'ERROR: LeakSanitizer: 8 bytes' >&2; exit 1")}, 1)
    tap.contains(done.out, "ERROR: LeakSanitizer: 8 bytes")
    tap.equal(last_line(done), "1 passed, 1 failed, 0 skipped")


@tap.case
def running_out_of_time_is_a_failure():
    done = summarise({"hangs": ("tap", "echo 1..1; sleep 30")}, 1)
    tap.contains(done.out, "ran out of time")
    tap.equal(last_line(done), "0 passed, 1 failed, 0 skipped")


@tap.case
def a_missing_case_is_a_failure():
    done = summarise({"short": ("tap", "echo 1..3; echo 'ok 1 - a'")}, 1)
    tap.equal(last_line(done), "1 passed, 1 failed, 0 skipped")


@tap.case
def a_tap_program_that_says_nothing_is_a_failure():
    done = summarise({"mute": ("tap", "exit 0")}, 1)
    tap.equal(last_line(done), "0 passed, 1 failed, 0 skipped")


@tap.case
def skips_are_shown_with_their_reason():
    done = summarise({
        "some": ("tap", "echo 1..2; echo 'ok 1 - a'; echo 'ok 2 - b # SKIP needs tshark'"),
        "whole": ("exitcode", "echo needs root; exit 77"),
        "none": ("tap", "echo '1..0 # SKIP no data'"),
    }, 0)
    tap.contains(done.out, "SKIPPED some: b: needs tshark")
    tap.contains(done.out, "SKIPPED whole: needs root")
    tap.contains(done.out, "SKIPPED none: no data")
    tap.equal(last_line(done), "1 passed, 0 failed, 3 skipped")


@tap.case
def a_skip_in_the_words_of_cmocka_is_a_skip():
    done = summarise({"c": ("tap", "echo 1..2; echo 'ok 1 - a'; echo 'not ok 2 # SKIP b'")}, 0)
    tap.equal(last_line(done), "1 passed, 0 failed, 1 skipped")


@tap.case
def nothing_but_skips_is_not_a_success():
    done = summarise({"whole": ("exitcode", "exit 77")}, 1)
    tap.equal(last_line(done), "0 passed, 0 failed, 1 skipped")


@tap.case
def no_log_at_all_is_not_a_success():
    done = tap.run([SUMMARY, tap.scratch() / "absent.json"], status=1)
    tap.equal(last_line(done), "0 passed, 0 failed, 0 skipped")


if __name__ == "__main__":
    tap.main()
