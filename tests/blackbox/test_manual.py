# SPDX-License-Identifier: Apache-2.0
"""The manual pages: well-formed, complete, and true of the program they describe."""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

MANUAL = tap.ROOT / "docs" / "manual"
DATA = tap.ROOT / "tests" / "data"
MAN = tap.ROOT / "docs" / "man"
PAGES = sorted(p for p in MAN.iterdir() if p.suffix in (".1", ".5"))


def commands():
    block = tap.run([tap.weir(), "--help"]).out.split("commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in block.splitlines()]


@tap.case
def mandoc_finds_nothing_to_complain_about():
    tap.need("mandoc")
    tap.true(PAGES, f"no pages in {MAN}")
    for page in PAGES:
        done = tap.run(["mandoc", "-T", "lint", "-W", "warning", page], status=None)
        tap.equal((done.status, done.out), (0, ""), f"mandoc on {page.name}")


@tap.case
def every_page_is_installed():
    build = (MAN / "meson.build").read_text()
    for page in PAGES:
        tap.contains(build, f"'{page.name}'", "docs/man/meson.build")


@tap.case
def every_command_has_its_page():
    overview = (MAN / "weir.1").read_text()
    for name in commands():
        tap.true((MAN / f"weir-{name}.1").exists(), f"docs/man/weir-{name}.1 is missing")
        tap.contains(overview, f".It Cm {name}\n", "weir.1")


@tap.case
def pages_and_help_name_the_same_options():
    for name in commands():
        page = (MAN / f"weir-{name}.1").read_text()
        shown = tap.run([tap.weir(), "help", name]).out
        helped = set(re.findall(r"^  (?:-\w, |    )--([\w-]+)", shown, re.M))
        paged = set(re.findall(r"^\.(?:It|Op|Fl) .*?Fl (?:\w , )?-([\w-]{2,})", page, re.M))
        paged |= set(re.findall(r"^\.Fl \w , -([\w-]{2,})", page, re.M))
        tap.equal(paged, helped, f"options of weir {name} (page, help)")


@tap.case
def the_example_configuration_is_correct():
    page = (MAN / "weir.yaml.5").read_text()
    example = re.search(r"\.Bd -literal.*?\n(.*?)\.Ed", page, re.S).group(1)
    file = tap.scratch() / "weir.yaml"
    file.write_text(example)
    tap.run([tap.weir(), "check", file])


@tap.case
def the_page_names_just_the_keys_there_are():
    page = (MAN / "weir.yaml.5").read_text()
    file = tap.scratch() / "weir.yaml"
    file.write_text("no_such_key: 1\n")
    error = tap.run([tap.weir(), "check", file], status=1).err
    known = re.search(r"the keys here are (.*)", error).group(1).split(", ")
    tap.equal(re.findall(r"^\.It Cm (\w+)$", page, re.M), known, "keys at the top (page, program)")


def fields_of(value, skip=()):
    """All names of fields in a JSON value, however deep; not those inside a field of `skip`."""
    if isinstance(value, list):
        return {name for item in value for name in fields_of(item, skip)}
    if not isinstance(value, dict):
        return set()
    inside = {name for key, item in value.items() if key not in skip for name in fields_of(item, skip)}
    return set(value) | inside


def tell(page, fields):
    """Each field is named in the page, in backquotes, alone or behind a dot."""
    text = (MANUAL / page).read_text()
    missing = sorted(f for f in fields if not re.search(rf"`(\w+\.)?{re.escape(f)}(\.\w+)?`", text))
    tap.equal(missing, [], f"fields that docs/manual/{page} does not tell")


@tap.case
def every_field_of_decode_is_told():
    captures = sorted((DATA / "captures").glob("*.pcap*"))
    tap.true(captures, "no captures in tests/data/captures")
    fields = set()
    for capture in captures:
        for line in tap.run([tap.weir(), "decode", capture]).out.splitlines():
            fields |= fields_of(json.loads(line))
    tap.true({"sampling", "src", "proto_version"} <= fields, f"odd fields: {fields}")
    tell("formats.md", fields)


@tap.case
def every_field_of_replay_is_told():
    lines = tap.run([tap.weir(), "replay", DATA / "demo" / "two-attacks.pcap"]).out.splitlines()
    events = [json.loads(line) for line in lines]
    tap.true("incident.opened" in [e["event"] for e in events], "nothing was found in the demo")
    tell("formats.md", fields_of(events, skip=("undecodable",)))


@tap.case
def every_field_of_the_status_is_told():
    folder, netflow, sflow = tap.scratch(), tap.free_port(), tap.free_port()
    settings = {"listen": {"netflow": [f"127.0.0.1:{netflow}"], "sflow": [f"127.0.0.1:{sflow}"]},
                "state": {"path": str(folder)}, "report": [],
                "control": {"socket": f"{folder}/weir.sock"}}
    (folder / "weir.yaml").write_text(json.dumps(settings))
    tap.start([tap.weir(), "run", "-c", folder / "weir.yaml"])
    ask = [tap.weir(), "status", "--socket", f"{folder}/weir.sock"]
    tap.wait_for(lambda: tap.run(ask, status=None).status == 0, "an answer of the daemon", 20)
    tap.start([sys.executable, tap.ROOT / "tools/demo/feed.py", DATA / "demo/two-attacks.pcap", "--quiet",
               "--speed", 10, "--port", f"2055={netflow}", "--port", f"6343={sflow}"])
    tap.wait_for(lambda: len(json.loads(tap.run(ask + ["--json"]).out)["exporters"]) == 2, "two exporters")
    tell("api.md", fields_of(json.loads(tap.run(ask + ["--json"]).out),
                             skip=("undecodable", "datagrams_per_s", "records_per_s",
                                   "faults", "last_minute")))
    tap.contains(tap.run(ask).out, "1:1000 (header)", "the page of weir status")
    narrow = tap.run(ask, env={"COLUMNS": "80"}).out
    table = narrow[narrow.index("EXPORTER"):].splitlines()
    tap.true(max(len(line) for line in table) <= 80, f"wider than 80: {narrow}")
    tap.contains(tap.run(ask + ["--wide"], env={"COLUMNS": "60"}).out, "CLOCK", "weir status --wide")


class Quarantine:
    """The example program of actuators-hook.md, in a folder of its own."""

    def __init__(self):
        script = re.search(r"```sh\n(.*?)```", (MANUAL / "actuators-hook.md").read_text(), re.S).group(1)
        self.folder = tap.scratch()
        self.program = self.folder / "quarantine"
        script, changed = re.subn("/var/lib/weir-quarantine", str(self.folder / "kept"), script)
        tap.equal(changed, 1, "places of the folder in the example")
        self.program.write_text(script)
        self.program.chmod(0o755)

    def told(self, event, message, status=0, **variables):
        plan = message.get("plan", {})
        named = {"WEIR_EVENT": event, "WEIR_KEY": message.get("key", ""), "WEIR_PLAN": plan.get("id", ""),
                 "WEIR_LEVEL": plan.get("level", ""), "WEIR_OWN": message.get("own", ""), **variables}
        return tap.run([self.program, event], env=named, status=status,
                       stdin=json.dumps(message, separators=(",", ":")))

    def done(self):
        return (self.folder / "kept" / "done").read_text().splitlines()


@tap.case
def the_example_of_a_hook_does_what_the_page_says():
    apply, sync = [json.loads(block) for block in re.findall(
        r"```json\n(.*?)```", (MANUAL / "actuators-hook.md").read_text(), re.S)][:2]
    tap.equal(sync["plans"], [{"id": apply["plan"]["id"], "key": apply["key"]}], "plans of the sync")
    hook = Quarantine()
    tap.contains(hook.told("apply", apply, status=77, WEIR_LEVEL="drop").err, "only quarantine")
    for _ in range(2):
        hook.told("apply", apply)
    tap.equal(hook.done(), ["hold 198.51.100.7/32"], "done after apply and its repeat")
    hook.told("sync", sync)
    tap.equal(len(hook.done()), 1, "things done, after a sync that names the plan")
    for _ in range(2):
        hook.told("withdraw", apply)
    tap.equal(hook.done()[1:], ["let go 198.51.100.7/32"], "done after withdraw and its repeat")
    hook.told("apply", apply)
    hook.told("sync", {**sync, "plans": []})
    tap.equal(hook.done()[2:], ["hold 198.51.100.7/32", "let go 198.51.100.7/32"], "done after sync")
    later = {**apply, "plan": {**apply["plan"], "expires": "2999-01-01T00:00:00.000000Z"}}
    hook.told("apply", later)
    hook.told("expire", {})
    tap.equal(len(hook.done()), 5, "things done, before it expires")
    over = {**apply["plan"], "expires": "2000-01-01T00:00:00.000000Z"}
    hook.told("apply", {**apply, "key": "another", "plan": over})
    hook.told("apply", {**later, "plan": {**later["plan"], "id": "the-next"}})
    count = len(hook.done())
    hook.told("expire", {})
    tap.equal(len(hook.done()), count, "things done, when another plan is about the same machine")
    hook.told("apply", {**later, "key": "shorter", "plan": {**over, "id": "the-next"}})
    hook.told("expire", {})
    tap.equal(hook.done()[-1], "let go 198.51.100.7/32", "done last, after it expired")
    tap.equal(list((hook.folder / "kept").glob("*.plan*")), [], "files that are left")


@tap.case
def the_example_of_a_receiver_knows_who_sent_a_message():
    page = (MANUAL / "actuators-hook.md").read_text()
    names = {}
    exec(re.search(r"```python\n(.*?)```", page, re.S).group(1), names)
    # The example of Standard Webhooks' own libraries.
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", b'{"test": 2432232314}'
    headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
               "webhook-signature": "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}

    def known(body=body, now=1614265400, **changed):
        return names["is_from_weir"]({**headers, **changed}, body, secret, now)

    tap.true(known(), "a good message")
    tap.true(not known(body=body + b" "), "another body is refused")
    tap.true(not known(now=1614265700), "an old message is refused")
    tap.true(not known(**{"webhook-id": "msg"}), "another id is refused")
    tap.true(not known(**{"webhook-timestamp": "1614265331"}), "another time is refused")


@tap.case
def the_example_of_a_hook_passes_shellcheck():
    tap.need("shellcheck")
    tap.equal(tap.run(["shellcheck", Quarantine().program], status=None).out, "", "shellcheck")


if __name__ == "__main__":
    tap.main()
