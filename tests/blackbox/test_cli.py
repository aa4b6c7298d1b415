# SPDX-License-Identifier: Apache-2.0
"""The command line as people meet it: help, exit statuses, messages, completion."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

COMMANDS = ["run", "replay", "decode", "check", "status", "top", "incidents",
            "completion"]


def weir(*words, status=0, **more):
    return tap.run([tap.weir(), *words], status=status, **more)


def listed():
    """The commands that `weir --help` lists."""
    block = weir("--help").out.split("commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in block.splitlines()]


@tap.case
def help_lists_all_commands():
    names = listed()
    for name in COMMANDS:
        tap.true(name in names, f"`weir --help` does not list {name}: {names}")
    tap.equal(weir("help").out, weir("--help").out, "help")


@tap.case
def every_command_explains_itself_with_examples():
    for name in listed():
        page = weir("help", name).out
        tap.equal(weir(name, "--help").out, page, f"weir {name} --help")
        tap.contains(page, f"usage: weir {name}")
        tap.contains(page, "examples:\n  weir ")
        tap.contains(page, "-h, --help")


@tap.case
def help_about_help_and_about_too_much():
    tap.equal(weir("help", "help").out, weir("--help").out, "weir help help")
    done = weir("help", "decode", "extra", status=2)
    tap.contains(done.err, "extra")
    tap.equal(done.out, "", "standard output")


@tap.case
def a_capture_can_come_from_standard_input():
    capture = tap.ROOT / "tests" / "data" / "demo" / "two-attacks.pcap"
    for command in ("decode", "replay"):
        tap.contains(weir("help", command).out, 'FILE "-" is standard input')
        with open(capture, "rb") as file:
            done = subprocess.run([tap.weir(), command, "-"], stdin=file, capture_output=True, text=True,
                                  timeout=60, check=True)
        tap.equal(done.stdout, weir(command, capture).out, f"weir {command} -")


RECORDINGS = {"capture": "demo/two-attacks.pcap", "flow log": "flowlogs/aws-default.log"}


def pipe():
    path = tap.scratch() / "pipe"
    os.mkfifo(path)
    return path


@tap.case
def a_pipe_is_read_until_it_ends():
    for command in ("decode", "replay"):
        for what in RECORDINGS.values():
            path = pipe()
            with open(tap.ROOT / "tests" / "data" / what, "rb") as file:
                writer = subprocess.Popen(["sh", "-c", 'sleep 0.3; exec cat > "$1"', "sh", path], stdin=file)
            done = subprocess.run([tap.weir(), command, path], capture_output=True, text=True, timeout=60,
                                  check=True)
            tap.equal(writer.wait(), 0, "writer")
            tap.equal(done.stdout, weir(command, tap.ROOT / "tests" / "data" / what).out, f"weir {command} {what}")


@tap.case
def a_pipe_that_nothing_is_written_to_is_told():
    path = pipe()
    writer = subprocess.Popen(["sh", "-c", ': > "$1"', "sh", path])
    done = subprocess.run([tap.weir(), "replay", path], capture_output=True, text=True, timeout=60, check=False)
    writer.wait()
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, f"{path}: ended before anything was written to it")


@tap.case
def a_silent_pipe_is_waited_for_until_somebody_ends_it():
    path = pipe()
    with subprocess.Popen([tap.weir(), "replay", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as weir_replay:
        tap.contains(weir_replay.stderr.readline(), f"{path}: nobody has written to it yet; waiting")
        weir_replay.send_signal(signal.SIGINT)
        out, err = weir_replay.communicate(timeout=60)
    tap.equal(err, "", "standard error")
    tap.equal(json.loads(out)["packets"], 0, "packets")
    tap.equal(weir_replay.returncode, -signal.SIGINT, "exit status")


@tap.case
def what_came_before_an_interrupt_is_told():
    path = pipe()
    capture = (tap.ROOT / "tests" / "data" / "demo" / "two-attacks.pcap").read_bytes()
    with subprocess.Popen([tap.weir(), "replay", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as weir_replay, open(path, "wb") as writer:
        writer.write(capture[:400000])
        writer.flush()
        time.sleep(1)
        weir_replay.send_signal(signal.SIGINT)
        out, err = weir_replay.communicate(timeout=60)
    tap.equal(err, "", "standard error")
    summary = json.loads(out.splitlines()[-1])
    tap.true(summary["packets"] > 100, f"packets before the interrupt: {summary}")
    tap.equal(weir_replay.returncode, -signal.SIGINT, "exit status")


@tap.case
def a_socket_path_too_long_is_told():
    done = weir("status", "-s", "/tmp/" + "x" * 200, status=1)
    tap.contains(done.err, "longer than 107")


@tap.case
def the_socket_wins_over_the_configuration():
    done = weir("status", "-s", "/nowhere/weir.sock", "-c", "/nowhere/weir.yaml", status=1)
    tap.contains(done.err, "socket /nowhere/weir.sock")
    tap.contains(weir("help", "status").out, "--socket wins over it")


@tap.case
def the_version_is_told():
    out = weir("--version").out
    tap.true(re.fullmatch(r"weir \d+\.\d+\.\d+\S*\n", out), f"odd version: {out!r}")


@tap.case
def wrong_usage_is_status_2_and_says_what_is_right():
    tap.contains(weir(status=2).err, "usage: weir COMMAND")
    tap.contains(weir("stauts", status=2).err, "did you mean `weir status`?")
    tap.contains(weir("xyzzy", status=2).err, "`weir --help` lists them")
    tap.contains(weir("--frob", status=2).err, "--frob")
    for name in listed():
        done = weir(name, "--no-such-option", status=2)
        tap.contains(done.err, f"weir {name}: there is no option --no-such-option")
        tap.equal(done.out, "", "standard output")
    tap.contains(weir("status", "--jsno", status=2).err, "did you mean --json?")
    tap.contains(weir("incidents", "--state", "ajar", status=2).err, "open|closed|all")
    tap.contains(weir("incidents", "--limit", "0", status=2).err, "from 1 to 1000")
    tap.contains(weir("incidents", "one", "two", status=2).err, "two")
    weir("check", status=2)
    weir("completion", "tcsh", status=2)


@tap.case
def a_good_configuration_is_correct():
    file = tap.scratch() / "weir.yaml"
    file.write_text("networks:\n  - {prefix: 198.51.100.0/24, tenant: acme}\n")
    done = weir("check", file)
    tap.contains(done.out, "correct: 1 network, 0 exporters")
    tap.equal(weir("check", "-c", file).out, done.out, "weir check -c")
    tap.equal(json.loads(weir("check", "--json", file).out),
              {"file": str(file), "correct": True, "errors": []}, "--json")


@tap.case
def what_it_reads_from_is_counted_by_its_kind():
    file = tap.scratch() / "weir.yaml"
    network = "networks: [{prefix: 198.51.100.0/24}]\n"
    for listen, wanted in (("{flowlog: [/a, /b]}", "0 exporters, 2 flow logs, "),
                           ("{flowlog: [/a], interface: [eth0]}",
                            "0 exporters, 1 interface, 1 flow log, "),
                           ("{netflow: '0.0.0.0:2055', flowlog: [/a]}",
                            "0 exporters, 1 listening socket, 1 flow log, ")):
        file.write_text(f"{network}listen: {listen}\n")
        tap.contains(weir("check", file).out, wanted)


@tap.case
def a_bad_configuration_shows_all_its_errors_at_once():
    file = tap.scratch() / "weir.yaml"
    file.write_text("networks:\n  - {prefix: 198.51.100.0/33}\nno_such_key: 1\n"
                    "detect: {window: 5kpps}\n")
    done = weir("check", file, status=1)
    tap.equal(done.out, "", "standard output")
    for line in (2, 3, 4):
        tap.contains(done.err, f"{file}:{line}:")
    report = json.loads(weir("check", "--json", file, status=1).out)
    tap.equal(report["correct"], False, "correct")
    tap.equal(sorted(e["line"] for e in report["errors"]), [2, 3, 4], "lines of the errors")
    for error in report["errors"]:
        tap.true(error["column"] >= 1 and error["message"], f"incomplete: {error}")


@tap.case
def a_sink_that_this_program_does_not_have_is_an_error():
    file = tap.scratch() / "weir.yaml"
    file.write_text("report: [{kind: carrier-pigeon}]\n")
    tap.contains(weir("check", file, status=1).err, "carrier-pigeon")
    file.write_text("report: [{kind: jsonl}]\n")
    weir("check", file)


@tap.case
def a_missing_configuration_is_told():
    done = weir("check", tap.scratch() / "absent.yaml", status=1)
    tap.contains(done.err, "absent.yaml")
    tap.contains(done.err, "no such file")


@tap.case
def without_a_daemon_status_says_what_to_do():
    path = tap.scratch() / "weir.sock"
    for words in (["status"], ["incidents"], ["incidents", "some-id"], ["status", "--json"]):
        done = weir(*words, "--socket", path, status=1)
        tap.equal(done.out, "", "standard output")
        tap.contains(done.err, "no weir is running here")
        tap.contains(done.err, str(path))
        tap.contains(done.err, "weir run")


@tap.case
def a_socket_nobody_serves_is_told():
    path = tap.scratch() / "weir.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    tap.contains(weir("status", "-s", path, status=1).err, "Connection refused")


@tap.case
def a_daemon_that_does_not_answer_is_told_in_time():
    path = tap.scratch() / "weir.sock"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen(1)
        done = weir("status", "-s", path, status=1, timeout=30)
    tap.contains(done.err, "did not answer within")


@tap.case
def an_answer_that_is_not_from_weir_is_told():
    path = tap.scratch() / "weir.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(1)
        asking = tap.start([tap.weir(), "status", "-s", path], stderr=subprocess.PIPE)
        connection, _ = other.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            _, err = asking.communicate(timeout=10)
    tap.equal(asking.returncode, 1, "exit status")
    tap.contains(err, "not what this version understands")


@tap.case
def no_permission_is_told():
    if os.geteuid() != 0:
        tap.skip("needs root, to become somebody else")
    tap.need("setpriv")
    folder = tap.scratch()
    path = folder / "weir.sock"
    with socket.socket(socket.AF_UNIX) as mine:
        mine.bind(str(path))
        mine.listen(1)
        os.chmod(folder, 0o755)
        os.chmod(path, 0o600)
        program = shutil.copy(tap.weir(), folder / "weir")  # the build may lie where others cannot look
        done = tap.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program,
                        "status", "-s", path], status=1)
    tap.contains(done.err, "no permission")


@tap.case
def the_socket_can_come_from_the_configuration():
    folder = tap.scratch()
    file = folder / "weir.yaml"
    file.write_text(f"control: {{socket: {folder}/other.sock}}\n")
    tap.contains(weir("status", "-c", file, status=1).err, f"{folder}/other.sock")
    file.write_text("control: {socket: none}\n")
    tap.contains(weir("status", "-c", file, status=1).err, "names no control socket")
    file.write_text("control: 7\n")
    tap.contains(weir("status", "-c", file, status=1).err, f"{file}:1:")


@tap.case
def a_full_disk_is_no_success():
    if not os.path.exists("/dev/full"):
        tap.skip("no /dev/full here")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([tap.weir(), "--help"], stdout=full, stderr=subprocess.PIPE, text=True,
                              timeout=60, check=False)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "No space left")


@tap.case
def bash_completes_commands_options_and_values():
    tap.need("bash")
    folder = tap.scratch()
    (folder / "weir.bash").write_text(weir("completion", "bash").out)
    script = f"""source {folder}/weir.bash
        try() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir; echo "${{COMPREPLY[@]}}"; }}
        try weir stat
        try weir incidents --sta
        try weir incidents --state ''
        try weir completion z
        try weir help inci"""
    done = tap.run(["bash", "-c", script])
    tap.equal(done.out.splitlines(),
              ["status", "--state", "open closed all", "zsh", "incidents"], "completions")


@tap.case
def zsh_reads_its_completion():
    tap.need("zsh")
    folder = tap.scratch()
    (folder / "_weir").write_text(weir("completion", "zsh").out)
    tap.run(["zsh", "-n", folder / "_weir"])


@tap.case
def fish_completes_commands_and_values():
    tap.need("fish")
    folder = tap.scratch()
    (folder / "weir.fish").write_text(weir("completion", "fish").out)
    home = {"HOME": str(folder)}
    done = tap.run(["fish", "-c", f"source {folder}/weir.fish; complete -C 'weir inci'"], env=home)
    tap.true(done.out.startswith("incidents\t"), f"completes to {done.out!r}")
    done = tap.run(["fish", "-c", f"source {folder}/weir.fish; complete -C 'weir completion '"],
                   env=home)
    tap.equal(done.out.split(), ["bash", "fish", "zsh"], "completions")


if __name__ == "__main__":
    tap.main()
