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


if __name__ == "__main__":
    tap.main()
