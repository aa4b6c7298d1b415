# SPDX-License-Identifier: Apache-2.0
"""The actuator `hook` in a running daemon: what its program is told at start and after a crash."""

import json
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402


class Site:
    """A configuration with a hook whose program writes down what it gets."""

    def __init__(self):
        self.folder = tap.scratch()
        self.log = self.folder / "log"
        self.program = self.folder / "program"
        self.program.write_text(f"#!/bin/sh\ncat >>'{self.log}' && echo >>'{self.log}'\n")
        self.program.chmod(0o755)
        settings = {"listen": {"netflow": [f"127.0.0.1:{tap.free_port()}"], "sflow": []}, "report": [],
                    "state": {"path": str(self.folder)}, "control": {"socket": f"{self.folder}/sock"},
                    "actuators": [{"name": "cloud", "kind": "hook", "program": str(self.program)}]}
        self.config = self.folder / "weir.yaml"
        self.config.write_text(json.dumps(settings))

    def start(self):
        return tap.start([tap.weir(), "run", "-c", self.config])

    def told(self):
        text = self.log.read_text() if self.log.exists() else ""
        return [json.loads(line) for line in text.splitlines()] if text.endswith("}\n") else []


@tap.case
def a_new_process_says_what_is_wanted_and_after_a_crash_again():
    site = Site()
    daemon = site.start()
    tap.wait_for(lambda: len(site.told()) == 1, "a message to the program", 30)
    tap.stop(daemon, signal.SIGKILL)
    daemon = site.start()
    tap.wait_for(lambda: len(site.told()) == 2, "a message of the second process", 30)
    tap.stop(daemon)
    first, second = site.told()
    tap.equal((first["event"], first["actuator"], first["plans"]), ("sync", "cloud", []), "the message")
    tap.equal(second["key"], first["key"], "key of the second process")


@tap.case
def a_program_that_is_not_there_is_told_at_start():
    site = Site()
    site.program.unlink()
    done = tap.run([tap.weir(), "run", "-c", site.config], status=None)
    tap.equal(done.status, 1, "exit status")
    tap.contains(done.err, f"actuator cloud: {site.program}: No such file or directory; put the program there")


if __name__ == "__main__":
    tap.main()
