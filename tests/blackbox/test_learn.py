#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir replay --learn`: what is usual in a recording, for a daemon to start with."""

import json
import pathlib
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402
import wire  # noqa: E402


def capture(path, end):
    """Ten minutes of packets that end at that time."""
    frames = [wire.frame(wire.ipv4(f"203.0.113.{i % 50 + 1}", "198.51.100.7", 17,
                                   wire.udp(5000 + i % 50, 443, b"x" * 100))) for i in range(50)]
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(6000):
            frame = frames[i % 50]
            at = end - 600 + i / 10
            file.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame)
    return path


class Site:
    def __init__(self):
        self.folder = tap.scratch()
        self.state = self.folder / "state"
        self.config = self.folder / "weir.yaml"
        self.config.write_text(json.dumps({
            "networks": [{"prefix": "198.51.100.0/24"}],
            "listen": {"netflow": [f"127.0.0.1:{tap.free_port()}"], "ipfix": [], "sflow": []},
            "state": {"path": str(self.state)}, "control": {"socket": str(self.folder / "sock")}}))

    def learn(self, end, status=0):
        pcap = capture(self.folder / "quiet.pcap", end)
        return tap.run([tap.weir(), "replay", "-c", self.config, "--learn", self.state, pcap],
                       status=status)

    def first_words(self):
        """What a daemon says when it has started."""
        log = open(self.folder / "log", "w+", encoding="utf-8")
        weir = tap.start([tap.weir(), "run", "-c", self.config], stderr=log)
        tap.wait_for(lambda: tap.run([tap.weir(), "status", "--socket", self.folder / "sock"],
                                     status=None).status == 0, "an answer", 20)
        tap.stop(weir)
        return (self.folder / "log").read_text()


@tap.case
def a_daemon_goes_on_with_what_a_replay_learned():
    site = Site()
    site.learn(time.time())
    tap.contains(site.first_words(), "goes on with the envelopes in")


@tap.case
def what_is_too_old_is_not_taken_up():
    site = Site()
    site.learn(time.time() - 40 * 86400)
    words = site.first_words()
    tap.contains(words, "envelopes are learned anew")
    tap.lacks(words, "goes on with")


@tap.case
def what_is_there_is_not_written_over():
    site = Site()
    site.learn(time.time())
    before = (site.state / "learned.state").read_bytes()
    done = site.learn(time.time(), status=1)
    tap.contains(done.err, "learned.state is there already")
    tap.equal((site.state / "learned.state").read_bytes() == before, True, "the file is as it was")


@tap.case
def a_folder_that_cannot_be_made_is_told():
    site = Site()
    site.state = site.folder / "none" / "state"
    tap.contains(site.learn(time.time(), status=1).err, "cannot be written")
    tap.equal(json.loads(site.learn(time.time(), status=1).out.splitlines()[-1])["packets"], 6000, "packets")


if __name__ == "__main__":
    tap.main()
